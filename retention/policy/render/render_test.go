package render_test

import (
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/policy/render"
)

var update = flag.Bool("update", false, "write testdata/default anew")

const golden = "testdata/default"

func config() render.Config {
	return render.Config{
		S3:  &render.S3{Bucket: "release-evidence", Region: "eu-west-1"},
		GCS: &render.GCS{Bucket: "release-evidence", Location: "europe-west1", Project: "release-tooling"},
		Azure: &render.Azure{Account: "releaseevidence", Container: "evidence", ResourceGroup: "release-tooling",
			Location: "westeurope", Subscription: "00000000-0000-0000-0000-000000000000"},
		LogOrigin:  "example.com/release-evidence",
		PolicyFile: "release/export-policy.yaml",
	}
}

func with(t testing.TB, change func(f *policy.File)) *policy.Policy {
	t.Helper()
	f := policy.Default().File()
	change(&f)
	p, err := policy.New(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tiered gives every class the same tiers, as pairs of days and a tier.
func tiered(t testing.TB, tiers ...policy.Tier) *policy.Policy {
	return with(t, func(f *policy.File) {
		for class, c := range f.Classes {
			c.StorageTiers = tiers
			f.Classes[class] = c
		}
	})
}

func after(days int, tier string) policy.Tier {
	return policy.Tier{After: retention.Period{Days: days}, Tier: tier}
}

func files(t testing.TB, p *policy.Policy, c render.Config) map[string]string {
	t.Helper()
	made, err := render.Files(p, c)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range made {
		if _, twice := all[f.Name]; twice {
			t.Errorf("%s is made twice", f.Name)
		}
		all[f.Name] = string(f.Content)
	}
	return all
}

// What default.yaml comes to lies in testdata/default, to be read, and is made anew by
// go test ./retention/policy/render -update.
func TestGolden(t *testing.T) {
	made := files(t, policy.Default(), config())
	if *update {
		if err := os.RemoveAll(golden); err != nil {
			t.Fatal(err)
		}
		for name, content := range made {
			path := filepath.Join(golden, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	err := fs.WalkDir(os.DirFS(golden), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		want, err := os.ReadFile(filepath.Join(golden, path))
		if got, is := made[path]; !is || got != string(want) {
			t.Errorf("%s differs from what is made of default.yaml; see what changed with -update and git diff", path)
		}
		delete(made, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range made {
		t.Errorf("testdata/default has no %s", name)
	}
}

// A change of the policy is a change of the documents, and only of those it is about.
func TestDocumentsFollowThePolicy(t *testing.T) {
	class := func(name retention.Class, change func(c *policy.Class)) func(f *policy.File) {
		return func(f *policy.File) {
			c := f.Classes[name]
			change(&c)
			f.Classes[name] = c
		}
	}
	before := files(t, policy.Default(), config())
	for name, c := range map[string]struct {
		change func(f *policy.File)
		want   map[string]string // what is in a file now, and was not before
	}{
		"a longer period": {class(retention.Standard, func(c *policy.Class) { c.Period = retention.Years(3) }), map[string]string{
			render.ContractName: "| standard | 3 years (1095 to 1096 days) | governance |", "s3/main.tf": "days = 1096", "s3/setup.sh": "Days=1096", "azure/main.tf": "= 1096", "azure/setup.sh": "-days 1096"}},
		"a firmer lock": {class(retention.Standard, func(c *policy.Class) { c.Mode = retention.Compliance }), map[string]string{
			render.ContractName: "| standard | 2 years (730 to 731 days) | compliance |", "s3/main.tf": `mode = "COMPLIANCE"`, "s3/setup.sh": "Mode=COMPLIANCE"}},
		"no lock":         {class(retention.Standard, func(c *policy.Class) { c.Mode = retention.None }), map[string]string{render.ContractName: "| standard | 2 years (730 to 731 days) | none |", "azure/main.tf": `"Disabled"`}},
		"a hold":          {class(retention.Extended, func(c *policy.Class) { c.LegalHold = true }), map[string]string{render.ContractName: "| regulated | 7 years (2555 to 2557 days) | compliance | yes |"}},
		"another place":   {class(retention.Extended, func(c *policy.Class) { c.EnforcedBy = []string{"bucket", "ticket-archive"} }), map[string]string{render.ContractName: "bucket, ticket-archive |"}},
		"a decision":      {func(f *policy.File) { f.Decisions["hold"] = policy.Optional }, map[string]string{render.ContractName: "| hold | may be exported |"}},
		"a delay":         {func(f *policy.File) { delete(f.MaximumDelay, retention.Standard) }, map[string]string{render.ContractName: "| standard | no limit |"}},
		"skew":            {func(f *policy.File) { f.ClockSkew = policy.Span(90 * time.Second) }, map[string]string{render.ContractName: "1 minute, 30 seconds apart"}},
		"a jurisdiction":  {func(f *policy.File) { f.RegulatedJurisdictions = []string{"KR", "BR"} }, map[string]string{render.ContractName: "regulated: KR, BR."}},
		"a rule":          {func(f *policy.File) { f.Rules[1].When = "consecutive_yellow_windows >= 3" }, map[string]string{render.ContractName: "   consecutive_yellow_windows >= 3\n"}},
		"no rules":        {func(f *policy.File) { f.Rules = nil }, map[string]string{render.ContractName: "There are no rules."}},
		"who may export":  {func(f *policy.File) { f.Roles.Export = []string{"deployers"} }, map[string]string{render.ContractName: "| export a packet | deployers |", "s3/main.tf": "# For deployers, release-ops", "gcs/setup.sh": "# For deployers", "azure/setup.sh": "# For deployers"}},
		"nobody is named": {func(f *policy.File) { f.Roles = policy.Roles{} }, map[string]string{render.ContractName: "| release a legal hold | whoever the bucket lets |", "incident-template.md": "as role: name", "s3/setup.sh": "the policy names nobody"}},
		"who may answer":  {func(f *policy.File) { f.Roles.Acknowledge = []string{"null"} }, map[string]string{"incident-template.md": "as null: name", "incident-form.yml": `- "null"`}},
		"who releases":    {func(f *policy.File) { f.LegalHold = policy.LegalHold{} }, map[string]string{render.ContractName: "may also release it"}},
		"tiers":           {func(f *policy.File) { *f = tiered(t, after(90, "cold")).File() }, map[string]string{render.ContractName: "| Amazon S3 | GLACIER_IR | 90 days |", "s3/main.tf": `"GLACIER_IR"`, "gcs/main.tf": `"COLDLINE"`, "azure/main.tf": "tier_to_cold_", "gcs/setup.sh": "--lifecycle-file"}},
	} {
		p := with(t, c.change)
		now := files(t, p, config())
		for file, text := range c.want {
			if !strings.Contains(now[file], text) || strings.Contains(before[file], text) {
				t.Errorf("%s: %s does not change to say %q:\n%s", name, file, text, now[file])
			}
		}
		if !strings.Contains(now[render.ContractName], p.SHA256()) || strings.Contains(now[render.ContractName], policy.Default().SHA256()) {
			t.Errorf("%s: the contract does not name the policy's digest", name)
		}
		for _, role := range render.Roles() {
			if file := "s3/" + role + ".json"; now[file] != before[file] {
				t.Errorf("%s: %s changed", name, file)
			}
		}
	}
	if none := files(t, with(t, class(retention.Standard, func(c *policy.Class) { c.Mode = retention.None })), config()); strings.Contains(none["s3/main.tf"]+none["s3/setup.sh"], "efault_retention") || strings.Contains(none["s3/setup.sh"], "DefaultRetention") {
		t.Error("a policy without a lock has a default retention")
	}
}

// Only the clouds that are named get files, and prefixes and regions are theirs.
func TestConfig(t *testing.T) {
	made := files(t, tiered(t, after(90, "cold")), render.Config{S3: &render.S3{Bucket: "b.evidence", Prefix: "team-a/", Region: "us-gov-west-1"}})
	if len(made) != 3+9 {
		t.Errorf("%d files", len(made))
	}
	for file, want := range map[string]string{
		"s3/exporter.json":      `"arn:aws-us-gov:s3:::b.evidence/team-a/*"`,
		"s3/hold-officer.json":  `"arn:aws-us-gov:s3:::b.evidence/team-a/log/*"`,
		"s3/bucket-policy.json": `"arn:aws-us-gov:s3:::b.evidence/team-a/*"`,
		"s3/lifecycle.json":     `"Prefix": "team-a/packets/"`,
		"s3/main.tf":            `= "team-a/packets/"`,
		render.ContractName:     "`s3://b.evidence/team-a/`",
	} {
		if !strings.Contains(made[file], want) {
			t.Errorf("%s has no %s:\n%s", file, want, made[file])
		}
	}
	virginia := files(t, policy.Default(), render.Config{S3: &render.S3{Bucket: "evidence", Region: "us-east-1"}})
	if strings.Contains(virginia["s3/setup.sh"], "LocationConstraint") {
		t.Error("us-east-1 is named as a location, which S3 refuses")
	}
	bare, err := render.Contract(policy.Default(), render.Config{})
	if err != nil || !strings.Contains(string(bare.Content), "not part of this document") {
		t.Errorf("no cloud at all: %v", err)
	}
}

// A name that could mean more than itself is refused before anything is made of it.
func TestNamesAreChecked(t *testing.T) {
	for _, evil := range []string{"", "a b", "x;rm -rf /", "$(id)", "`id`", "a\nb", `a"b`, "a'b", "../b", "${var.x}", "{{.}}", "a|b", "é", strings.Repeat("a", 300)} {
		for name, set := range map[string]func(c *render.Config){
			"S3: Bucket":           func(c *render.Config) { c.S3.Bucket = evil },
			"S3: Region":           func(c *render.Config) { c.S3.Region = evil },
			"S3: Prefix":           func(c *render.Config) { c.S3.Prefix = evil + "/" },
			"GCS: Bucket":          func(c *render.Config) { c.GCS.Bucket = evil },
			"GCS: Location":        func(c *render.Config) { c.GCS.Location = evil },
			"GCS: Project":         func(c *render.Config) { c.GCS.Project = evil },
			"Azure: Account":       func(c *render.Config) { c.Azure.Account = evil },
			"Azure: Container":     func(c *render.Config) { c.Azure.Container = evil },
			"Azure: ResourceGroup": func(c *render.Config) { c.Azure.ResourceGroup = evil },
			"Azure: Location":      func(c *render.Config) { c.Azure.Location = evil },
			"Azure: Subscription":  func(c *render.Config) { c.Azure.Subscription = evil },
		} {
			if name == "S3: Prefix" && len(evil) == 300 {
				continue // a long prefix is one
			}
			c := config()
			set(&c)
			if _, err := render.Files(policy.Default(), c); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "such as") {
				t.Errorf("%s %q: %v", name, evil, err)
			}
		}
	}
	if _, err := (render.S3{Bucket: "evidence", Region: "eu-west-1"}).Role("admin"); err == nil || !strings.Contains(err.Error(), "hold-officer") {
		t.Errorf("a role that there is none: %v", err)
	}
	if _, err := (render.GCS{Bucket: "$(id)"}).Role("reader"); err == nil {
		t.Error("a role of a bucket that is none")
	}
}

// setups are policies whose set-ups differ in form.
func setups(t testing.TB) map[string]*policy.Policy {
	return map[string]*policy.Policy{
		"default": policy.Default(),
		"no lock": with(t, func(f *policy.File) {
			f.Classes[retention.Standard] = policy.Class{Period: retention.Years(1), Mode: retention.None}
		}),
		"one tier":  tiered(t, after(90, "cold")),
		"all tiers": tiered(t, after(30, "cool"), after(90, "cold"), after(365, "archive")),
		"a century": with(t, func(f *policy.File) {
			for class, c := range f.Classes {
				c.Period = retention.Years(100)
				f.Classes[class] = c
			}
		}),
	}
}

func TestEveryFileIsWellFormed(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Log("no bash: scripts are not checked")
	}
	for name, p := range setups(t) {
		for file, content := range files(t, p, config()) {
			if strings.Contains(content, "<no value>") || !strings.HasSuffix(content, "\n") || strings.Contains(content, "\n\n\n") || strings.Contains(content, " \n") {
				t.Errorf("%s: %s: odd white space, or a value is missing:\n%s", name, file, content)
			}
			switch filepath.Ext(file) {
			case ".json":
				if !json.Valid([]byte(content)) {
					t.Errorf("%s: %s is not JSON:\n%s", name, file, content)
				}
			case ".tf":
				parseTerraform(t, content)
			case ".sh":
				check := exec.CommandContext(t.Context(), bash, "-n")
				check.Stdin = strings.NewReader(content)
				if out, err := check.CombinedOutput(); bash != "" && err != nil {
					t.Errorf("%s: %s: %v: %s", name, file, err, out)
				}
			}
		}
	}
}

// Terraform, where there is one, finds them written as it would.
func TestTerraformIsFormatted(t *testing.T) {
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("no terraform")
	}
	dir := t.TempDir()
	for name, p := range setups(t) {
		for file, content := range files(t, p, config()) {
			if filepath.Ext(file) == ".tf" {
				path := filepath.Join(dir, name, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if out, err := exec.CommandContext(t.Context(), terraform, "fmt", "-check", "-diff", "-recursive", dir).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Nothing that is made ever deletes an object, whatever the policy; and files that
// the set-up reads are there.
func TestNothingExpires(t *testing.T) {
	for name, p := range setups(t) {
		made := files(t, p, config())
		for file, content := range made {
			for _, word := range []string{"Expiration", "expiration", `"Delete"`, `"delete"`, "delete_after", "Noncurrent", "noncurrent", "force_destroy", "daysSinceNoncurrent", "numNewerVersions"} {
				if strings.Contains(content, word) {
					t.Errorf("%s: %s has %s", name, file, word)
				}
			}
		}
		for _, dir := range []string{"s3/", "gcs/", "azure/"} {
			for _, text := range []string{made[dir+"main.tf"], made[dir+"setup.sh"]} {
				for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \"/@=()\n", r) }) {
					if strings.HasSuffix(word, ".json") && made[dir+word] == "" {
						t.Errorf("%s: %s reads %s, which is not made", name, dir, word)
					}
				}
			}
		}
	}
}

// Who may write may not delete, in any cloud; and every set-up denies it as well.
func TestDeleteIsDenied(t *testing.T) {
	made := files(t, policy.Default(), config())
	for _, role := range render.Roles() {
		if strings.Contains(made["gcs/"+role+".json"], "delete") {
			t.Errorf("gcs: %s may delete", role)
		}
		if !strings.Contains(made["azure/"+role+".json"], `blobs/delete"`) {
			t.Errorf("azure: %s is not kept from deleting", role)
		}
	}
	var bucketPolicy struct {
		Statement []struct {
			Effect string
			Action any
		}
	}
	if err := json.Unmarshal([]byte(made["s3/bucket-policy.json"]), &bucketPolicy); err != nil {
		t.Fatal(err)
	}
	for _, s := range bucketPolicy.Statement {
		if s.Effect != "Deny" {
			t.Errorf("the bucket's policy allows something: %+v", s)
		}
	}
	if s := bucketPolicy.Statement[0]; !slices.Equal(s.Action.([]any), []any{"s3:DeleteObject", "s3:DeleteObjectVersion"}) {
		t.Errorf("the bucket's policy denies first %v", s.Action)
	}
}
