package render_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/policy/render"
)

// An object moves when every class lets it, and never sooner than any class says.
func TestTiers(t *testing.T) {
	mixed := func(standard, extended, regulated []policy.Tier) *policy.Policy {
		return with(t, func(f *policy.File) {
			for class, tiers := range map[retention.Class][]policy.Tier{retention.Standard: standard, retention.Extended: extended, retention.Regulated: regulated} {
				c := f.Classes[class]
				c.StorageTiers = tiers
				f.Classes[class] = c
			}
		})
	}
	cold := []policy.Tier{after(90, "cold")}
	for name, c := range map[string]struct {
		p              *policy.Policy
		s3, gcs, azure string
	}{
		"no tiers":                         {policy.Default(), "", "", ""},
		"one class has none":               {mixed(cold, cold, nil), "", "", ""},
		"the latest counts":                {mixed(cold, []policy.Tier{after(400, "cold")}, cold), "400 GLACIER_IR", "400 COLDLINE", "400 Cold"},
		"one goes further than the others": {mixed([]policy.Tier{after(30, "cold")}, cold, []policy.Tier{after(60, "archive")}), "90 GLACIER_IR", "90 COLDLINE", "90 Cold"},
		"colder does for less cold":        {mixed([]policy.Tier{after(30, "cool")}, cold, []policy.Tier{after(365, "archive")}), "365 STANDARD_IA", "365 NEARLINE", "365 Cool"},
		"all":                              {tiered(t, after(30, "cool"), after(90, "cold"), after(365, "archive")), "30 STANDARD_IA, 90 GLACIER_IR, 365 GLACIER", "30 NEARLINE, 90 COLDLINE, 365 ARCHIVE", "30 Cool, 90 Cold, 365 Archive"},
		"sooner than S3 takes":             {tiered(t, after(1, "cool"), after(5, "cold")), "5 GLACIER_IR", "1 NEARLINE, 5 COLDLINE", "1 Cool, 5 Cold"},
		"sooner after another than S3":     {tiered(t, after(20, "cool"), after(40, "cold")), "30 STANDARD_IA, 60 GLACIER_IR", "20 NEARLINE, 40 COLDLINE", "20 Cool, 40 Cold"},
		"at the same time":                 {tiered(t, after(90, "cool"), after(90, "archive")), "90 GLACIER", "90 ARCHIVE", "90 Archive"},
		"in another order":                 {tiered(t, after(365, "archive"), after(30, "cool")), "30 STANDARD_IA, 365 GLACIER", "30 NEARLINE, 365 ARCHIVE", "30 Cool, 365 Archive"},
	} {
		made := files(t, c.p, config())
		for file, want := range map[string]string{
			"s3/main.tf":           c.s3,
			"s3/lifecycle.json":    c.s3,
			"gcs/lifecycle.json":   c.gcs,
			"gcs/main.tf":          c.gcs,
			"azure/lifecycle.json": c.azure,
			"azure/main.tf":        strings.ToLower(c.azure),
		} {
			if got := moves(file, made[file]); got != want {
				t.Errorf("%s: %s moves %s, want %s", name, file, got, want)
			}
		}
		restored := strings.Contains(made[render.ContractName], "has to be restored")
		if want := strings.HasSuffix(c.s3, " GLACIER"); restored != want {
			t.Errorf("%s: the contract warns of an archive that takes hours: %t, want %t", name, restored, want)
		}
	}
}

// moves reads the days and classes of a lifecycle, in the order of the file.
func moves(file, text string) string {
	var found []string
	for _, m := range map[string]*regexp.Regexp{
		"s3/main.tf":           regexp.MustCompile(`days += (?P<days>\d+)\n +storage_class = "(?P<class>\w+)"`),
		"s3/lifecycle.json":    regexp.MustCompile(`"Days": (?P<days>\d+),\s+"StorageClass": "(?P<class>\w+)"`),
		"gcs/main.tf":          regexp.MustCompile(`(?s)storage_class = "(?P<class>\w+)"\n[^=]+age +?= (?P<days>\d+)`),
		"gcs/lifecycle.json":   regexp.MustCompile(`"storageClass": "(?P<class>\w+)"[^0-9]+(?P<days>\d+)`),
		"azure/main.tf":        regexp.MustCompile(`tier_to_(?P<class>\w+)_after_days_since_creation_greater_than *= (?P<days>\d+)`),
		"azure/lifecycle.json": regexp.MustCompile(`"tierTo(?P<class>\w+)": {[^0-9]+(?P<days>\d+)`),
	}[file].FindAllStringSubmatch(text, -1) {
		days, class := m[1], m[2]
		if days[0] < '0' || days[0] > '9' {
			days, class = class, days
		}
		found = append(found, fmt.Sprint(days, " ", class))
	}
	return strings.Join(found, ", ")
}
