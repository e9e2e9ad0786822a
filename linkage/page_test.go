package linkage_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/linkage"
)

func html(t testing.TB, l linkage.Lineage) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := l.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pages are the lineages that are opened in a browser, by name.
func pages(t *testing.T) map[string]linkage.Lineage {
	t.Helper()
	c, _ := paymentsWentWrong(t)
	if _, err := c.Log().Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, _ := exported(t)
	cycle, err := linkage.New(a).Lineage(t.Context(), linkage.Story{ReleaseCycleID: "rc-2026-34", Events: eventStream(t)})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]linkage.Lineage{
		"incident":      lineage(t, c, linkage.Story{IncidentTicketID: "INC-2888", Events: eventStream(t)}),
		"release-cycle": cycle,
		"figures":       counted(t),
		"hostile":       hostile(t),
	}
}

// evil is text that tries to be something else wherever it is shown.
const evil = "</style><script>document.title='owned'</script><img src=http://elsewhere.test/x onerror=alert(1)>\u202egnp.exe\u2028\"'`|:#;%%{init}\r\n- [x](javascript:alert(1))"

// hostile is a lineage in which every text is.
func hostile(t *testing.T) linkage.Lineage {
	t.Helper()
	c := newChronicle(t)
	id := strings.NewReplacer("\r", "", "\n", "", "http://elsewhere.test/x", "//elsewhere.test/x").Replace(evil)[:80]
	document := `{"promotion_packet_id": ` + quoted(t, id) + `, "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-11T06:00:00Z", "note": ` + quoted(t, evil) +
		`, ` + quoted(t, evil) + `: {"nested": [1, null, true]}, "closure_reliability_state": "red onload=x"}`
	p, err := archive.ParseJSON([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	r := c.export(t, "2026-08-11T06:10:00Z", p)
	row := linkRowOf(r, evil)
	row.IncidentTicketID, row.RollbackEventID, row.LinkOwnerAck = "INC-<b>&\u2066", "", "incident-commander: <i>me</i>"
	c.append(t, "2026-08-11T08:00:00Z", row)
	events := func(yield func(linkage.Event, error) bool) {
		for _, e := range []linkage.Event{
			{Type: "deploy", AtUTC: at("2026-08-11T07:00:00Z"), DeployID: evil, PromotionPacketID: id, Artifact: evil},
			{Type: evil, AtUTC: at("2026-08-11T07:01:00Z"), Severity: evil, Summary: evil, PromotionPacketID: id},
		} {
			if !yield(e, nil) {
				return
			}
		}
	}
	return lineage(t, c, linkage.Story{PromotionPacketID: id, Events: events})
}

// counted is a lineage with its lane's figures, whose name is hostile.
func counted(t *testing.T) linkage.Lineage {
	t.Helper()
	now := at("2026-08-01T12:00:00Z")
	a, _ := season(t, &now)
	l, err := linkage.New(a).Lineage(t.Context(), linkage.Story{IncidentTicketID: "INC-4", Figures: &linkage.Scope{FromUTC: at("2026-07-01T00:00:00Z")}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func quoted(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	l := linkage.Lineage{ID: s}
	if err := l.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(b.String(), `"id": `)
	value, _, _ := strings.Cut(rest, ",\n")
	return value
}

// No text becomes markup, and none hides.
func TestPageIsSafe(t *testing.T) {
	for name, l := range pages(t) {
		page := string(html(t, l))
		for _, never := range []string{"<script", "<img", "<iframe", "javascript:alert(1)\"", "\u202e", "\u2028", "\u2066", "src=\"", "url(", "@import"} {
			if strings.Contains(page, never) {
				t.Errorf("%s has %q", name, never)
			}
		}
		for _, href := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			if href[1] != "data:," && href[1] != "#timeline" {
				t.Errorf("%s links to %q", name, href[1])
			}
		}
		for _, always := range []string{"<main>", "<h1>", `lang="en"`, "prefers-color-scheme: dark", "@media print", `scope="col"`, "default-src &#39;none&#39;"} {
			if !strings.Contains(page, always) {
				t.Errorf("%s lacks %q", name, always)
			}
		}
	}
	if page := string(html(t, hostile(t))); !strings.Contains(page, "⟨U&#43;202E⟩") || !strings.Contains(page, "INC-&lt;b&gt;&amp;⟨U&#43;2066⟩") {
		t.Error("characters that cannot be seen are not spelled out")
	}
}

// One browser, which takes seconds to start, opens all that is opened in one. Set
// HOLDFAST_TEST_PAGES to a folder to look at the pages and at how they come out in light,
// in dark, on a telephone, and on paper.
func TestInChromium(t *testing.T) {
	b := newBrowser(t)
	t.Run("pages", func(t *testing.T) { pagesAreQuiet(t, b) })
	t.Run("mermaid", func(t *testing.T) { mermaidDraws(t, b) })
}

// In a browser the page asks the network for nothing, has nothing to complain about,
// and shows every moment.
func pagesAreQuiet(t *testing.T, b *testBrowser) {
	for name, l := range pages(t) {
		dom := b.open(t, html(t, l))
		if got := strings.Count(dom, `<li class="moment `); got != len(l.Moments) || got == 0 {
			t.Errorf("%s: %d moments in the document, want %d", name, got, len(l.Moments))
		}
		if strings.Contains(dom, "<title>owned") || strings.Contains(dom, "<script") {
			t.Errorf("%s: something was run", name)
		}
		if len(b.requests()) != 1 || b.complaints != "" {
			t.Errorf("%s: asked for %v, complained %q", name, b.requests(), b.complaints)
		}
		b.keep(t, name)
	}
	// The test sees what it looks for, and what a page's policy forbids.
	b.open(t, []byte(`<!doctype html><title>x</title><img src="http://elsewhere.test/pixel"><script>console.error("broken"); undefined.nothing</script>`))
	if !slices.Contains(b.requests(), "http://elsewhere.test/pixel") || !strings.Contains(b.complaints, "broken") || !strings.Contains(b.complaints, "TypeError") {
		t.Errorf("a page that asks and complains: %v, %q", b.requests(), b.complaints)
	}
	b.open(t, []byte(`<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><title>x</title><img src="http://elsewhere.test/pixel">`))
	if slices.Contains(b.requests(), "http://elsewhere.test/pixel") || !strings.Contains(b.complaints, "Content Security Policy") {
		t.Errorf("a page that may not ask: %v, %q", b.requests(), b.complaints)
	}
}
