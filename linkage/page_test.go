package linkage_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
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

// In a browser the page asks the network for nothing, has nothing to complain about,
// and shows every moment. Set HOLDFAST_TEST_PAGES to a folder to look at the pages
// and at how they come out in light, in dark, on a telephone, and on paper.
func TestPageInChromium(t *testing.T) {
	b := newBrowser(t)
	for name, l := range pages(t) {
		page := html(t, l)
		dom := b.open(t, name, page)
		if got := strings.Count(dom, `<li class="moment `); got != len(l.Moments) || got == 0 {
			t.Errorf("%s: %d moments in the document, want %d", name, got, len(l.Moments))
		}
		if strings.Contains(dom, "<title>owned") || strings.Contains(dom, "<script") {
			t.Errorf("%s: something was run", name)
		}
		if len(b.asked) != 1 || b.complaints != "" {
			t.Errorf("%s: asked for %v, complained %q", name, b.asked, b.complaints)
		}
		b.keep(t, name, page)
	}
	// The test sees what it looks for.
	b.open(t, "bad", []byte(`<!doctype html><title>x</title><img src="http://elsewhere.test/pixel"><script>console.error("broken")</script>`))
	if !slices.Contains(b.asked, "http://elsewhere.test/pixel") || !strings.Contains(b.complaints, "broken") {
		t.Errorf("a page that asks and complains: %v, %q", b.asked, b.complaints)
	}
}

// testBrowser is a Chromium whose every request goes through us.
type testBrowser struct {
	path, profile string
	proxy         *httptest.Server

	mu         sync.Mutex
	page       []byte
	asked      []string
	complaints string
}

func newBrowser(t *testing.T) *testBrowser {
	t.Helper()
	b := &testBrowser{path: servers.Chromium(t), profile: t.TempDir()}
	b.proxy = httptest.NewServer(b)
	t.Cleanup(b.proxy.Close)
	return b
}

func (b *testBrowser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Method == http.MethodConnect {
		http.Error(w, "no", http.StatusForbidden) // the browser's own errands; a page's are over http here
		return
	}
	if strings.HasSuffix(r.URL.Hostname(), ".google.com") || strings.HasSuffix(r.URL.Hostname(), ".googleapis.com") {
		http.Error(w, "no", http.StatusForbidden) // as above
		return
	}
	b.asked = append(b.asked, r.URL.String())
	if r.URL.Host == "page.test" && r.URL.Path == "/" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(b.page)
		return
	}
	http.NotFound(w, r)
}

func (b *testBrowser) run(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.path, append([]string{"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--metrics-recording-only",
		"--user-data-dir=" + b.profile, "--proxy-server=" + b.proxy.URL, "--proxy-bypass-list=<-loopback>", "--enable-logging=stderr", "--hide-scrollbars"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, errs.String())
	}
	return out.String(), errs.String()
}

// open opens a page and returns its document; what it asked for and what it said on
// its console are kept.
func (b *testBrowser) open(t *testing.T, name string, page []byte) (dom string) {
	t.Helper()
	b.mu.Lock()
	b.page, b.asked, b.complaints = page, nil, ""
	b.mu.Unlock()
	dom, said := b.run(t, "--dump-dom", "--virtual-time-budget=2000", "http://page.test/")
	for line := range strings.Lines(said) {
		if strings.Contains(line, "CONSOLE") {
			b.complaints += line
		}
	}
	if dom == "" {
		t.Fatalf("%s: no document\n%s", name, said)
	}
	return dom
}

// keep writes a page and its pictures where somebody can look at them.
func (b *testBrowser) keep(t *testing.T, name string, page []byte) {
	t.Helper()
	dir := os.Getenv("HOLDFAST_TEST_PAGES")
	if dir == "" {
		return
	}
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file+".html", page, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--screenshot=" + file + "-light.png", "--window-size=1280,2600", "--blink-settings=preferredColorScheme=1"},
		{"--screenshot=" + file + "-dark.png", "--window-size=1280,2600", "--blink-settings=preferredColorScheme=0"},
		{"--screenshot=" + file + "-narrow.png", "--window-size=500,3200"},
		{"--print-to-pdf=" + file + ".pdf", "--no-pdf-header-footer"},
	} {
		b.run(t, append(args, "http://page.test/")...)
	}
}
