package action_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/holdfast-archive/holdfast/examples/internal/scripttest"
)

const payments = "../quickstart/testdata/payments"

// action is a composite action, as far as it is run here.
type action struct {
	Inputs map[string]struct {
		Required bool
		Default  string
	}
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID    string `yaml:"id"`
			Shell string
			Env   map[string]string
			Run   string
		}
	}
}

func load(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	must(t, yaml.Unmarshal(b, into))
}

// runner is a machine that a job runs on. A file key stands in for the identity that
// there is only on GitHub.
type runner struct{ scripttest.Machine }

func newRunner(t *testing.T) runner {
	t.Helper()
	return runner{scripttest.NewMachine(t, "bash", "jq")}
}

var expression = regexp.MustCompile(`\$\{\{ *inputs\.(\w+) *\}\}`)

// uses runs an action as a job's step does, and returns what it printed, its outputs and
// its summary.
func (r runner) uses(t *testing.T, name string, with map[string]string) (log, outputs, summary string, code int) {
	t.Helper()
	var a action
	load(t, name+"/action.yml", &a)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 1 || a.Runs.Steps[0].Shell != "bash" {
		t.Fatalf("%+v", a.Runs)
	}
	step := a.Runs.Steps[0]
	files, err := os.MkdirTemp(r.Dir, "step")
	must(t, err)
	env := []string{"RUNNER_TEMP=" + files, "GITHUB_OUTPUT=" + files + "/output", "GITHUB_STEP_SUMMARY=" + files + "/summary"}
	for variable, value := range step.Env {
		env = append(env, variable+"="+expression.ReplaceAllStringFunc(value, func(e string) string {
			input := expression.FindStringSubmatch(e)[1]
			if given, ok := with[input]; ok {
				return given
			}
			if _, known := a.Inputs[input]; !known {
				t.Errorf("%s has no input %s", name, input)
			}
			return a.Inputs[input].Default
		}))
	}
	// as GitHub runs shell: bash
	log, code = r.Run(t, env, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
	read := func(file string) string {
		b, _ := os.ReadFile(files + "/" + file) // none was written: empty
		return string(b)
	}
	return log, read("output"), read("summary"), code
}

func (r runner) export(t *testing.T, packet string) (log, outputs, summary string, code int) {
	t.Helper()
	return r.uses(t, "export", map[string]string{"packet": packet, "bucket": r.Bucket, "key": r.Key, "trust": r.Key + ".pub"})
}

func (r runner) verify(t *testing.T) (log, summary string, code int) {
	t.Helper()
	log, _, summary, code = r.uses(t, "verify", map[string]string{"row": "1", "bucket": r.Bucket, "trust": r.Key + ".pub"})
	return log, summary, code
}

func TestExportAndVerify(t *testing.T) {
	r := newRunner(t)
	for range 2 { // a job that is run again
		log, outputs, summary, code := r.export(t, payments)
		if code != 0 || !strings.Contains(log, "::notice title=Exported::row 1, kept until 20") {
			t.Fatalf("exit status %d: %s", code, log)
		}
		if !strings.HasPrefix(outputs, "export_row_id=1\narchive_uri=file:///") || strings.Count(outputs, "\n") != 2 {
			t.Errorf("outputs: %s", outputs)
		}
		for _, want := range []string{"### Export row 1\n", "| promotion_packet_id | `pp-payments-0027` |", "| content_integrity_reference | `sha256:"} {
			if !strings.Contains(summary, want) {
				t.Errorf("the summary has no %q:\n%s", want, summary)
			}
		}
	}
	log, summary, code := r.verify(t)
	if code != 0 || !strings.Contains(log, "::notice title=Confirmed::row 1") || !strings.Contains(summary, "### Row 1 is confirmed\n") {
		t.Errorf("exit status %d: %s\n%s", code, log, summary)
	}
}

// What was changed since fails the job, on one line that GitHub shows at the top.
func TestVerifyNamesWhatWasChanged(t *testing.T) {
	r := newRunner(t)
	if log, _, _, code := r.export(t, payments); code != 0 {
		t.Fatal(log)
	}
	documents, err := filepath.Glob(r.Dir + "/bucket/packets/*/*/packet.json")
	must(t, err)
	must(t, os.Chmod(documents[0], 0o644))
	must(t, os.WriteFile(documents[0], []byte("{}"), 0o644))
	log, summary, code := r.verify(t)
	if code != 1 || !strings.HasPrefix(log, "::error title=Row 1 is not confirmed::") || strings.Count(log, "\n") != 1 || summary != "" {
		t.Errorf("exit status %d: %s\n%s", code, log, summary)
	}
}

// A packet that is not decided fails the job, and says why.
func TestExportRefused(t *testing.T) {
	r := newRunner(t)
	packet := t.TempDir()
	must(t, os.WriteFile(packet+"/packet.json", []byte(`{"promotion_packet_id": "100% sure\n::error::"}`), 0o644))
	log, outputs, summary, code := r.export(t, packet)
	if code != 2 || !strings.HasPrefix(log, "::error title=Not exported::") || strings.Count(log, "\n") != 1 || outputs+summary != "" {
		t.Errorf("exit status %d: %s\n%s%s", code, log, outputs, summary)
	}
}

// Nothing that somebody else may write becomes part of a script.
func TestNoExpressionInScripts(t *testing.T) {
	for _, name := range []string{"export", "verify"} {
		var a action
		load(t, name+"/action.yml", &a)
		if strings.Contains(a.Runs.Steps[0].Run, "${{") {
			t.Errorf("%s: an expression in a script", name)
		}
		for output, o := range a.Outputs {
			if want := fmt.Sprintf("${{ steps.%s.outputs.%s }}", a.Runs.Steps[0].ID, output); o.Value != want || !strings.Contains(a.Runs.Steps[0].Run, `"`+output+`=`) {
				t.Errorf("%s: output %s is %s", name, output, o.Value)
			}
		}
	}
}

// The workflow: an identity for the job that exports and none for the one that verifies,
// evidence before the deploy, and each action given what it needs.
func TestWorkflow(t *testing.T) {
	var w struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Needs       string
			Permissions map[string]string
			Outputs     map[string]string
			Steps       []struct {
				ID   string `yaml:"id"`
				Uses string
				Run  string
				With map[string]any
			}
		}
	}
	load(t, "promote.yml", &w)
	promote, verify := w.Jobs["promote"], w.Jobs["verify"]
	if len(w.Permissions) != 0 || promote.Permissions["id-token"] != "write" || len(verify.Permissions) != 1 || verify.Permissions["contents"] != "read" {
		t.Errorf("permissions: %v, %v, %v", w.Permissions, promote.Permissions, verify.Permissions)
	}
	if verify.Needs != "promote" || promote.Outputs["row"] != "${{ steps.evidence.outputs.export_row_id }}" {
		t.Errorf("verify needs %q, promote gives %v", verify.Needs, promote.Outputs)
	}
	var order []string
	for job, j := range w.Jobs {
		for _, s := range j.Steps {
			if job == "promote" {
				order = append(order, s.ID+s.Run)
			}
			name, ours := strings.CutPrefix(s.Uses, "./.github/actions/")
			if !ours {
				continue
			}
			var a action
			load(t, name+"/action.yml", &a)
			for input, i := range a.Inputs {
				if _, given := s.With[input]; i.Required && !given {
					t.Errorf("%s is not given %s", s.Uses, input)
				}
			}
			for input := range s.With {
				if _, known := a.Inputs[input]; !known {
					t.Errorf("%s has no input %s", s.Uses, input)
				}
			}
		}
	}
	if evidence := slices.Index(order, "evidence"); evidence < 0 || evidence > slices.Index(order, "./deploy.sh") {
		t.Errorf("the steps: %q", order)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
