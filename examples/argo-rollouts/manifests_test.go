package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"text/template"

	"github.com/goccy/go-yaml"
)

// configMap is manifests/notifications.yaml, with the values of its keys parsed as Argo
// parses them.
type configMap struct {
	Data map[string]string
}

type webhookTemplate struct {
	Webhook map[string]struct{ Method, Path, Body string }
}

func notifications(t *testing.T) configMap {
	t.Helper()
	var c configMap
	document(t, "manifests/notifications.yaml", &c)
	return c
}

// render makes the body that Argo sends for a rollout: text/template over .rollout, with
// sprig's toJson.
func render(t *testing.T, name, fixture string, change func(rollout map[string]any)) []byte {
	t.Helper()
	var w webhookTemplate
	must(t, yaml.Unmarshal([]byte(notifications(t).Data["template."+name]), &w))
	hook := w.Webhook["holdfast"]
	if hook.Method != "POST" || hook.Path != "/rollouts" {
		t.Fatalf("%s %s", hook.Method, hook.Path)
	}
	toJSON := func(v any) (string, error) {
		b, err := json.Marshal(v)
		return string(b), err
	}
	parsed, err := template.New(name).Funcs(template.FuncMap{"toJson": toJSON}).Parse(hook.Body)
	must(t, err)
	var rollout map[string]any
	must(t, json.Unmarshal(read(t, fixture), &rollout))
	if change != nil {
		change(rollout)
	}
	var b bytes.Buffer
	must(t, parsed.Execute(&b, map[string]any{"rollout": rollout}))
	return b.Bytes()
}

// Whatever a message has in it, the body is JSON and says the very same.
func TestBodiesAreJSON(t *testing.T) {
	for _, message := range []string{`"quoted"`, "two\nlines\t", `back\slash`, `</script> & <b>`, "ギルド \u2028 \u202e", `{{ .rollout }}`, "\x00\x1b[31m", ""} {
		for _, name := range []string{"completed", "aborted"} {
			body := render(t, "holdfast-"+name, "testdata/rollout-"+name+".json", func(r map[string]any) {
				r["status"].(map[string]any)["message"] = message
			})
			var n notification
			if err := json.Unmarshal(body, &n); err != nil {
				t.Fatalf("%q: %v\n%s", message, err, body)
			}
			if want := (notification{name, "shop", "payments", "7", "pp-20260811-payments-0027", message}); n != want {
				t.Errorf("%+v, want %+v", n, want)
			}
		}
	}
	var n notification // a rollout that completed has no message at all
	must(t, json.Unmarshal(render(t, "holdfast-completed", "testdata/rollout-completed.json", nil), &n))
}

// What the manifests name is there: service, templates, triggers, the analysis.
func TestManifestsFit(t *testing.T) {
	c := notifications(t)
	var service struct{ URL string }
	must(t, yaml.Unmarshal([]byte(c.Data["service.webhook.holdfast"]), &service))
	if service.URL == "" {
		t.Error("the service has no URL")
	}
	var rollout struct {
		Metadata struct{ Annotations map[string]string }
		Spec     struct {
			Template struct {
				Metadata struct{ Annotations map[string]string }
			}
			Strategy struct {
				Canary struct {
					Steps []struct {
						Analysis struct {
							Templates []struct{ TemplateName string }
						}
					}
				}
			}
		}
	}
	document(t, "manifests/rollout.yaml", &rollout)
	subscribed := 0
	for annotation := range rollout.Metadata.Annotations {
		subscription, ok := strings.CutPrefix(annotation, "notifications.argoproj.io/subscribe.")
		if !ok {
			continue
		}
		subscribed++
		trigger, service, _ := strings.Cut(subscription, ".")
		var sends []struct{ Send []string }
		must(t, yaml.Unmarshal([]byte(c.Data["trigger."+trigger]), &sends))
		if len(sends) != 1 || len(sends[0].Send) != 1 || c.Data["template."+sends[0].Send[0]] == "" || c.Data["service.webhook."+service] == "" {
			t.Errorf("%s leads nowhere: %+v", annotation, sends)
		}
	}
	if subscribed != 2 || rollout.Spec.Template.Metadata.Annotations["release.example.com/promotion-packet-id"] == "" {
		t.Errorf("the rollout: %+v", rollout)
	}
	var analysis struct {
		Metadata struct{ Name string }
		Spec     struct {
			Metrics []struct {
				Provider struct {
					Job struct {
						Spec struct {
							BackoffLimit *int
							Template     struct{ Spec pod }
						}
					}
				}
			}
		}
	}
	document(t, "manifests/analysis.yaml", &analysis)
	job := analysis.Spec.Metrics[0].Provider.Job.Spec
	if analysis.Metadata.Name != rollout.Spec.Strategy.Canary.Steps[0].Analysis.Templates[0].TemplateName || job.BackoffLimit == nil || *job.BackoffLimit != 0 {
		t.Errorf("the analysis: %+v", analysis)
	}
	job.Template.Spec.runs(t, "holdfast-argo covered ")
	var cron struct {
		Spec struct {
			JobTemplate struct {
				Spec struct{ Template struct{ Spec pod } }
			}
		}
	}
	document(t, "manifests/undone.yaml", &cron)
	cron.Spec.JobTemplate.Spec.Template.Spec.runs(t, "holdfast-argo undone ")
}

type pod struct {
	RestartPolicy string
	Containers    []struct{ Args []string }
}

func (p pod) runs(t *testing.T, command string) {
	t.Helper()
	if p.RestartPolicy != "Never" || len(p.Containers) != 1 || !strings.Contains(p.Containers[0].Args[0], command) {
		t.Errorf("it does not run %s: %+v", command, p)
	}
}

// document reads a file of one YAML document, as Kubernetes does: by way of JSON.
func document(t *testing.T, file string, into any) {
	t.Helper()
	b, err := yaml.YAMLToJSON(read(t, file))
	must(t, err)
	must(t, json.Unmarshal(b, into))
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
