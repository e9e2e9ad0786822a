package linkage_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// testBrowser is a Chromium whose every request goes through us. Starting one takes
// seconds, so it opens page after page, and is told so over a pipe in the DevTools
// protocol: JSON, each message ended by a zero byte.
type testBrowser struct {
	tell    *os.File
	told    *os.File
	answers *bufio.Reader
	sent    int    // commands
	tab     string // that is open, and the session with it
	session string

	complaints string // what the page that is open said on its console, and what was said of it

	mu    sync.Mutex
	page  []byte
	asked []string
}

func newBrowser(t *testing.T) *testBrowser {
	t.Helper()
	path, b := servers.Chromium(t), &testBrowser{}
	proxy := httptest.NewServer(b)
	t.Cleanup(proxy.Close)
	commands, tell, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	told, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--metrics-recording-only",
		"--user-data-dir="+t.TempDir(), "--proxy-server="+proxy.URL, "--proxy-bypass-list=<-loopback>", "--hide-scrollbars", "--remote-debugging-pipe")
	cmd.ExtraFiles = []*os.File{commands, answers} // its descriptors 3 and 4
	if err := errors.Join(cmd.Start(), commands.Close(), answers.Close()); err != nil {
		t.Fatal(err)
	}
	b.tell, b.told, b.answers = tell, told, bufio.NewReader(told)
	t.Cleanup(func() {
		b.session = ""
		b.send(t, "Browser.close", nil) // and it answers no more
		defer time.AfterFunc(time.Minute, func() { cmd.Process.Kill() }).Stop()
		if err := errors.Join(cmd.Wait(), tell.Close(), told.Close()); err != nil {
			t.Error(err)
		}
	})
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

// requests are the addresses that the page that is open asked for.
func (b *testBrowser) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

// message is an answer to a command, or an event.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// next is the next message. What the console says, and what is said of the page, is kept.
func (b *testBrowser) next(t *testing.T) (m message) {
	t.Helper()
	line, err := b.answers.ReadBytes(0)
	if err == nil {
		err = json.Unmarshal(line[:len(line)-1], &m)
	}
	if err != nil {
		t.Fatalf("the browser says nothing: %v", err)
	}
	switch m.Method {
	case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded":
		b.complaints += string(m.Params) + "\n"
	}
	return m
}

// send sends a command, to the tab that is open or else to the browser.
func (b *testBrowser) send(t *testing.T, method string, params map[string]any) {
	t.Helper()
	b.sent++
	text, err := json.Marshal(struct {
		ID      int            `json:"id"`
		Session string         `json:"sessionId,omitempty"`
		Method  string         `json:"method"`
		Params  map[string]any `json:"params,omitempty"`
	}{b.sent, b.session, method, params})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.tell.Write(append(text, 0))
	if err := errors.Join(err, b.told.SetReadDeadline(time.Now().Add(time.Minute))); err != nil {
		t.Fatal(err)
	}
}

// command sends a command and decodes its result into one, unless that is nil.
func (b *testBrowser) command(t *testing.T, method string, params map[string]any, result any) {
	t.Helper()
	b.send(t, method, params)
	m := b.next(t)
	for m.ID != b.sent {
		m = b.next(t)
	}
	if m.Error != nil {
		t.Fatalf("%s: %s", method, m.Error)
	}
	if result != nil {
		if err := json.Unmarshal(m.Result, result); err != nil {
			t.Fatal(err)
		}
	}
}

// wait waits for an event.
func (b *testBrowser) wait(t *testing.T, event string) {
	t.Helper()
	for b.next(t).Method != event {
	}
}

// open opens a page in a new tab and returns its document, two seconds of the page's time
// after it was loaded, and when what it has called finished is; what it asked for and what
// it said on its console are kept.
func (b *testBrowser) open(t *testing.T, page []byte) (dom string) {
	t.Helper()
	last := b.tab
	b.session = ""
	b.mu.Lock()
	b.page, b.asked = page, nil
	b.mu.Unlock()
	var target struct{ TargetID string }
	b.command(t, "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	if last != "" { // without a tab the browser ends
		b.command(t, "Target.closeTarget", map[string]any{"targetId": last}, nil)
	}
	var attached struct{ SessionID string }
	b.command(t, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.tab, b.session, b.complaints = target.TargetID, attached.SessionID, ""
	for _, domain := range []string{"Runtime", "Log", "Page"} {
		b.command(t, domain+".enable", nil, nil)
	}
	b.command(t, "Page.navigate", map[string]any{"url": "http://page.test/"}, nil)
	b.wait(t, "Page.loadEventFired")
	b.command(t, "Emulation.setVirtualTimePolicy", map[string]any{"policy": "pauseIfNetworkFetchesPending", "budget": 2000}, nil)
	b.wait(t, "Emulation.virtualTimeBudgetExpired")
	b.command(t, "Emulation.setVirtualTimePolicy", map[string]any{"policy": "advance"}, nil)
	const document = "Promise.resolve(globalThis.finished).then(() => document.documentElement.outerHTML)"
	var got struct{ Result struct{ Value string } }
	b.command(t, "Runtime.evaluate", map[string]any{"expression": document, "awaitPromise": true}, &got)
	return got.Result.Value
}

// keep writes the page that is open, and its pictures, where somebody can look at them.
func (b *testBrowser) keep(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("HOLDFAST_TEST_PAGES")
	if dir == "" {
		return
	}
	file := filepath.Join(dir, name)
	write := func(suffix string, content []byte) {
		t.Helper()
		if err := os.WriteFile(file+suffix, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(".html", b.page)
	var shown struct{ Data []byte }
	for _, c := range []struct {
		suffix, scheme string
		width, height  int
	}{{"-light.png", "light", 1280, 2600}, {"-dark.png", "dark", 1280, 2600}, {"-narrow.png", "light", 500, 3200}} {
		b.command(t, "Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]string{"name": "prefers-color-scheme", "value": c.scheme}}}, nil)
		b.command(t, "Emulation.setDeviceMetricsOverride", map[string]any{"width": c.width, "height": c.height, "deviceScaleFactor": 1, "mobile": false}, nil)
		b.command(t, "Page.captureScreenshot", nil, &shown)
		write(c.suffix, shown.Data)
	}
	b.command(t, "Page.printToPDF", map[string]any{"printBackground": true}, &shown)
	write(".pdf", shown.Data)
}
