package linkage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

func mermaid(t testing.TB, l linkage.Lineage) string {
	t.Helper()
	var b bytes.Buffer
	if err := l.WriteMermaid(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every line is one of ours: a title, a section, or a time and what happened.
func TestMermaidIsSafe(t *testing.T) {
	for name, l := range pages(t) {
		lines := strings.Split(strings.TrimSuffix(mermaid(t, l), "\n"), "\n")
		if lines[0] != "timeline" || !strings.HasPrefix(lines[1], "    title Lineage of ") {
			t.Errorf("%s begins %q", name, lines[:2])
		}
		moments := 0
		for _, line := range lines[2:] {
			if strings.HasPrefix(line, "        ") {
				moments++
			} else if !strings.HasPrefix(line, "    section ") {
				t.Errorf("%s: %q", name, line)
			}
			if strings.ContainsAny(line, "<>\"'`%|{}[]\r") || strings.Count(line, ":") > 1 {
				t.Errorf("%s: %q", name, line)
			}
		}
		figures := 0
		if l.Figures != nil {
			figures = len(l.Figures.Groups)
		}
		if moments != len(l.Moments)+len(l.Gaps)+figures {
			t.Errorf("%s: %d lines for %d moments, %d gaps and %d figures", name, moments, len(l.Moments), len(l.Gaps), figures)
		}
	}
}

// Mermaid itself draws what is written.
func mermaidDraws(t *testing.T, b *testBrowser) {
	modules := servers.NPM(t, "mermaid", "12.3.0")
	script, err := os.ReadFile(filepath.Join(modules, "mermaid", "dist", "mermaid.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	all := pages(t)
	sources := map[string]string{"incident": mermaid(t, all["incident"]), "hostile": mermaid(t, all["hostile"])}
	encoded, err := json.Marshal(sources)
	if err != nil {
		t.Fatal(err)
	}
	dom := b.open(t, fmt.Appendf(nil, `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body><script>%s</script><script>
		mermaid.initialize({startOnLoad: false});
		globalThis.finished = (async () => { for (const [name, text] of Object.entries(%s)) {
			const {svg} = await mermaid.render("drawn-" + name, text);
			const div = document.createElement("div"); div.innerHTML = svg; document.body.append(div);
			const p = document.createElement("pre"); p.id = "text-" + name; p.textContent = "DRAWN " + name + " " + div.textContent; document.body.append(p);
		} })().catch(e => console.error(e));
	</script>`, script, encoded))
	for name, want := range map[string][]string{"incident": {"Incident INC-2888", "10:19:00", "Bound: incident INC-2888"}, "hostile": {"⟨U+202E⟩", "document.title='owned'"}} {
		_, text, ok := strings.Cut(dom, "DRAWN "+name)
		for _, w := range want {
			if flat := strings.Join(strings.Fields(text), ""); !ok || !strings.Contains(flat, strings.Join(strings.Fields(w), "")) {
				t.Errorf("%s was drawn without %q: %.2000s", name, w, text)
			}
		}
	}
	if b.complaints != "" || len(b.requests()) != 1 {
		t.Errorf("complained %q, asked for %v", b.complaints, b.requests())
	}
}
