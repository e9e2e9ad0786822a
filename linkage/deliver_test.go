package linkage_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

const source = "https://evidence.example.com/release"

// failing is a sink that fails at some events, by their number among those sent to it.
type failing struct {
	got  []linkage.CloudEvent
	at   map[int]bool
	seen int
}

var errDown = errors.New("the sink is down")

func (s *failing) Send(_ context.Context, e linkage.CloudEvent) error {
	if s.seen++; s.at[s.seen] {
		return errDown
	}
	s.got = append(s.got, e)
	return nil
}

func cursorIn(t *testing.T) linkage.FileCursor {
	return linkage.FileCursor(filepath.Join(t.TempDir(), "cursor"))
}

// Every row goes out once where nothing fails; where the sink was down, the rest goes out
// later; and rows that come meanwhile do too.
func TestDeliver(t *testing.T) {
	a, _ := exported(t)
	l, cursor, sink := linkage.New(a), cursorIn(t), &failing{at: map[int]bool{1: true, 31: true}}
	deliver := func(want int, wantErr error) {
		t.Helper()
		if sent, err := l.Deliver(t.Context(), source, sink, cursor); sent != want || !errors.Is(err, wantErr) {
			t.Fatalf("%d sent, %v; want %d, %v", sent, err, want, wantErr)
		}
	}
	deliver(0, errDown)
	deliver(29, errDown)
	link, err := l.Bind(t.Context(), divergence())
	if err != nil {
		t.Fatal(err) // and the sink was down
	}
	deliver(32, nil)
	deliver(0, nil)
	for i, row := range rowsOf(t, a.Log()) {
		e := sink.got[i]
		if e.ID != fmt.Sprintf("%s/%d", source, row.ExportRowID) || e.Source != source || e.SpecVersion != "1.0" || e.Subject != row.PromotionPacketID || string(e.Data) != string(row.Line()) {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	if len(sink.got) != 61 || !strings.HasSuffix(sink.got[0].Type, ".exported.v1") || !strings.HasSuffix(sink.got[link.ExportRowID-1].Type, ".linked.v1") {
		t.Errorf("%d events, the first of type %s", len(sink.got), sink.got[0].Type)
	}
}

func rowsOf(t *testing.T, log *exportlog.Log) []exportlog.Row {
	t.Helper()
	var rows []exportlog.Row
	for r, err := range log.Rows(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// A cursor that cannot be kept loses nothing: what it did not hold is sent again.
func TestDeliverAgainAfterACrash(t *testing.T) {
	a, _ := exported(t)
	fillers(t, a.Log(), 0, 100)
	l, sink := linkage.New(a), &failing{}
	kept := &forgetful{}
	if sent, err := l.Deliver(t.Context(), source, sink, kept); sent != 160 || !errors.Is(err, errDown) {
		t.Fatalf("%d sent, %v", sent, err)
	}
	if kept.row != 100 {
		t.Errorf("the cursor is at %d, and was to be saved on the way", kept.row)
	}
	kept.saves = -9
	if sent, err := l.Deliver(t.Context(), source, sink, kept); sent != 60 || err != nil || sink.got[160].ID != sink.got[100].ID {
		t.Errorf("%d sent again, %v", sent, err)
	}
}

// forgetful saves once and then no more.
type forgetful struct {
	row   int64
	saves int
}

func (c *forgetful) Load(context.Context) (int64, error) { return c.row, nil }
func (c *forgetful) Save(_ context.Context, row int64) error {
	if c.saves++; c.saves > 1 {
		return errDown
	}
	c.row = row
	return nil
}

// A row that cannot be read is not passed over.
func TestDeliverStopsAtDamage(t *testing.T) {
	a, b := exported(t)
	for i := range 3 {
		d := divergence()
		d.IncidentTicketID = fmt.Sprintf("INC-%d", i)
		if _, err := linkage.New(a).Bind(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Tamper("log/commits/000/000/000/003.jsonl", []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	cursor := cursorIn(t)
	if sent, err := linkage.New(a).Deliver(t.Context(), source, &failing{}, cursor); sent != 61 || !errors.Is(err, exportlog.ErrDamaged) {
		t.Errorf("%d sent, %v", sent, err)
	}
	if row, err := cursor.Load(t.Context()); row != 61 || err != nil {
		t.Errorf("the cursor is at %d, %v", row, err)
	}
}

func TestDeliverRefuses(t *testing.T) {
	a, _ := exported(t)
	l, cursor := linkage.New(a), cursorIn(t)
	if _, err := l.Deliver(t.Context(), "", &failing{}, cursor); err == nil {
		t.Error("delivered from nowhere")
	}
	for _, bad := range []string{"", "x", "-1\n", "1\n2\n"} {
		if err := os.WriteFile(string(cursor), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if sent, err := l.Deliver(t.Context(), source, &failing{}, cursor); err == nil || sent > 0 {
			t.Errorf("a cursor of %q was taken", bad)
		}
	}
}

// What a receiver gets is a CloudEvent, once it is there to take it.
func TestHTTPSink(t *testing.T) {
	a, _ := exported(t)
	tries := 0
	var got map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries++; tries == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &got) != nil || r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer x" {
			t.Errorf("%s %v: %s", r.Method, r.Header, body)
		}
		if got["contenttype"] = r.Header.Get("Content-Type"); got["id"] == source+"/2" {
			http.Error(w, "no such tenant", http.StatusForbidden)
		}
	}))
	defer server.Close()
	sink := linkage.HTTPSink{URL: server.URL, Header: http.Header{"Authorization": {"Bearer x"}}, Budget: 20 * time.Second}
	sent, err := linkage.New(a).Deliver(t.Context(), source, sink, cursorIn(t))
	if sent != 1 || tries != 3 || err == nil || !strings.Contains(err.Error(), "no such tenant") || !strings.Contains(err.Error(), "row 2") {
		t.Errorf("%d sent in %d tries, %v", sent, tries, err)
	}
	data, _ := got["data"].(map[string]any)
	for field, want := range map[string]any{
		"specversion": "1.0", "id": source + "/2", "source": source, "type": "com.github.holdfast-archive.exported.v1",
		"subject": data["promotion_packet_id"], "time": data["recorded_at_utc"], "datacontenttype": "application/json", "contenttype": linkage.CloudEventMediaType,
	} {
		if got[field] != want || want == nil {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
	if data["export_row_id"] != 2.0 {
		t.Errorf("data is %v", data)
	}
}

// A sink that is not there is given up after its budget, and the row stays to be
// delivered.
func TestHTTPSinkGivesUp(t *testing.T) {
	a, _ := exported(t)
	server := httptest.NewServer(nil)
	server.Close()
	cursor := cursorIn(t)
	sink := linkage.HTTPSink{URL: server.URL, Budget: time.Millisecond}
	if sent, err := linkage.New(a).Deliver(t.Context(), source, sink, cursor); sent != 0 || err == nil {
		t.Errorf("%d sent, %v", sent, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if sent, err := linkage.New(a).Deliver(ctx, source, linkage.HTTPSink{URL: "http://127.0.0.1:1"}, cursor); sent != 0 || err == nil {
		t.Errorf("%d sent, %v", sent, err)
	}
}
