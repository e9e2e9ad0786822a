package linkage_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/holdfast-archive/holdfast/linkage"
)

// sampleEvents reads what happened after the sample promotes.
func sampleEvents(t testing.TB) []linkage.Event {
	t.Helper()
	f, err := os.Open(samples + "execution_events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var events []linkage.Event
	for e, err := range linkage.ReadEvents(f) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

func all(events ...linkage.Event) iter.Seq2[linkage.Event, error] {
	return func(yield func(linkage.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func TestReadEvents(t *testing.T) {
	events := sampleEvents(t)
	if len(events) != 55 {
		t.Errorf("%d events, want 55", len(events))
	}
	kinds := map[string]int{}
	for _, e := range events {
		kinds[e.Type]++
	}
	if kinds[linkage.EventDeploy] != 47 || kinds[linkage.EventIncident] != 4 || kinds[linkage.EventRollback] != 4 {
		t.Errorf("kinds: %v", kinds)
	}
	const line = `{"type":"incident","at_utc":"2026-08-11T11:53:00+02:00","incident_ticket_id":"INC-1","severity":null,"deltas":[{"field":"f","recorded":1,"observed":"2"},7],"more":{"a":1}}`
	for e, err := range linkage.ReadEvents(strings.NewReader("\n  \r\n" + line)) {
		if err != nil || !e.AtUTC.Equal(time.Date(2026, 8, 11, 9, 53, 0, 0, time.UTC)) || e.AtUTC.Location() != time.UTC || e.IncidentTicketID != "INC-1" || len(e.Fields) != 2 {
			t.Errorf("event %+v, %v", e, err)
		}
		d := e.Deltas()
		if len(d) != 1 || d[0] != (linkage.Delta{Field: "f", Recorded: "1", Observed: "2", Source: "incident INC-1", ObservedAtUTC: e.AtUTC}) {
			t.Errorf("deltas %+v", d)
		}
	}
}

// A line that is no event is named, and those behind it are read.
func TestReadEventsGoesOn(t *testing.T) {
	good := `{"type":"deploy","at_utc":"2026-08-11T09:53:00Z"}` + "\n"
	for name, bad := range map[string]string{
		"not JSON":        `{"type":`,
		"not an object":   `["deploy"]`,
		"no type":         `{"at_utc":"2026-08-11T09:53:00Z"}`,
		"no time":         `{"type":"deploy"}`,
		"no such time":    `{"type":"deploy","at_utc":"yesterday"}`,
		"a number":        `{"type":"deploy","at_utc":"2026-08-11T09:53:00Z","deploy_id":7}`,
		"said twice":      `{"type":"deploy","type":"rollback","at_utc":"2026-08-11T09:53:00Z"}`,
		"not UTF-8":       "{\"type\":\"\xff\",\"at_utc\":\"2026-08-11T09:53:00Z\"}",
		"much too long":   strings.Repeat("x", 3*linkage.MaxEventBytes),
		"a byte too long": good[:len(good)-2] + strings.Repeat(" ", linkage.MaxEventBytes-len(good)+2) + "}",
	} {
		var events, errs int
		for _, err := range linkage.ReadEvents(strings.NewReader(good + bad + "\n" + good)) {
			if err == nil {
				events++
				continue
			}
			if errs++; !errors.Is(err, linkage.ErrBadEvent) || !strings.Contains(err.Error(), "line 2") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if events != 2 || errs != 1 {
			t.Errorf("%s: %d events, %d errors", name, events, errs)
		}
	}
	broken := io.MultiReader(strings.NewReader(good), iotest.ErrReader(io.ErrUnexpectedEOF))
	n := 0
	for _, err := range linkage.ReadEvents(broken) {
		if n++; n == 2 && !errors.Is(err, io.ErrUnexpectedEOF) || n > 2 {
			t.Errorf("item %d: %v", n, err)
		}
	}
	if n != 2 {
		t.Errorf("%d items, want an event and the error", n)
	}
}

// cdEvent makes a CDEvent.
func cdEvent(kind, more string) string {
	return fmt.Sprintf(`{"context":{"version":"0.5.0","id":"ctx-1","source":"/deploy/prod","type":"dev.cdevents.%s","timestamp":"2026-08-11T10:19:00Z"%s}`, kind, more)
}

func TestParseCDEvent(t *testing.T) {
	at := time.Date(2026, 8, 11, 10, 19, 0, 0, time.UTC)
	content := `,"subject":{"id":"svc","content":{"environment":{"id":"prod"},"artifactId":"pkg:oci/payments@sha256%3Ada41"}}`
	custom := `,"customData":{"promotion_packet_id":"pp-1","export_row_id":7,"rollback_event_id":"rb-1"}}`
	for name, c := range map[string]struct {
		body string
		want linkage.Event
	}{
		"deployed":       {cdEvent("service.deployed.0.3.0", `,"chainId":"chain-1"}`+content), linkage.Event{Type: "deploy", DeployID: "chain-1", Artifact: "pkg:oci/payments@sha256%3Ada41"}},
		"upgraded":       {cdEvent("service.upgraded.0.2.0", `}`+content), linkage.Event{Type: "deploy", DeployID: "ctx-1", Artifact: "pkg:oci/payments@sha256%3Ada41"}},
		"rolled back":    {cdEvent("service.rolledback.0.3.0", `,"links":[{"linkType":"PATH","from":{"contextId":"ctx-0"}}]}`+content), linkage.Event{Type: "rollback", DeployID: "ctx-0", RollbackEventID: "ctx-1", Artifact: "pkg:oci/payments@sha256%3Ada41"}},
		"with a pointer": {strings.TrimSuffix(cdEvent("service.rolledback.0.3.0", `}`+content), "}") + custom, linkage.Event{Type: "rollback", DeployID: "ctx-1", RollbackEventID: "rb-1", PromotionPacketID: "pp-1", Artifact: "pkg:oci/payments@sha256%3Ada41"}},
		"reported":       {cdEvent("incident.reported.0.3.0", `},"subject":{"id":"INC-1","content":{"description":"it broke","ticketURI":"https://t/1"}}`), linkage.Event{Type: "incident", DeployID: "ctx-1", IncidentTicketID: "INC-1", Summary: "it broke"}},
		"resolved":       {cdEvent("incident.resolved.0.2.0", `},"subject":{"id":"INC-1"}`), linkage.Event{Type: "incident_resolved", DeployID: "ctx-1", IncidentTicketID: "INC-1"}},
		"something else": {cdEvent("build.finished.0.2.0", `},"customData":"text"`), linkage.Event{Type: "dev.cdevents.build.finished.0.2.0", DeployID: "ctx-1"}},
	} {
		body := c.body
		if strings.Count(body, "{") > strings.Count(body, "}") {
			body += "}"
		}
		for _, sent := range []string{body, `{"specversion":"1.0","id":"x","source":"y","type":"z","data":` + body + `}`} {
			e, err := linkage.ParseCDEvent([]byte(sent))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if e.Fields["source"] != "/deploy/prod" || !e.AtUTC.Equal(at) {
				t.Errorf("%s: %+v", name, e)
			}
			e.Fields, e.AtUTC = nil, time.Time{}
			if fmt.Sprint(e) != fmt.Sprint(c.want) {
				t.Errorf("%s: %+v, want %+v", name, e, c.want)
			}
		}
	}
	for _, bad := range []string{``, `{}`, `[]`, `{"context":{"type":"dev.cdevents.service.deployed.0.1.0","timestamp":"x"}}`, `{"context":{"type":7}}`, strings.Repeat(" ", linkage.MaxEventBytes+1)} {
		if _, err := linkage.ParseCDEvent([]byte(bad)); !errors.Is(err, linkage.ErrBadEvent) {
			t.Errorf("%.80q: %v", bad, err)
		}
	}
	two := cdEvent("service.deployed.0.3.0", `}`) + "\n" + `{"context":{}}`
	n := 0
	for _, err := range linkage.ReadCDEvents(strings.NewReader(two)) {
		if n++; (err != nil) != (n == 2) {
			t.Errorf("line %d: %v", n, err)
		}
	}
}

// What was stated can be read back, whatever is in it.
func TestSummary(t *testing.T) {
	at := time.Date(2026, 8, 11, 9, 53, 0, 0, time.UTC)
	deltas := []linkage.Delta{
		{"purchase_success", `98.9% "fine"`, "95.5%, é", "incident INC-1", at},
		{"crash_free_sessions", "99.6%", "", "dashboard (live)", at},
		{"error rate: p99", "", "1", "x", at.Add(-time.Second + time.Millisecond)},
	}
	const want = "error rate: p99: recorded \"\", observed \"1\" at 2026-08-11T09:52:59.001Z (\"x\")\n" +
		"crash_free_sessions: recorded \"99.6%\", observed \"\" at 2026-08-11T09:53:00Z (\"dashboard (live)\")\n" +
		"purchase_success: recorded \"98.9% \\\"fine\\\"\", observed \"95.5%, é\" at 2026-08-11T09:53:00Z (\"incident INC-1\")\n" +
		"two shops\nare affected"
	got := linkage.Summary(append(deltas, deltas[0]), "two shops\nare affected")
	if got != want {
		t.Errorf("summary\n%s\nwant\n%s", got, want)
	}
	back, text := linkage.ParseSummary(got)
	if text != "two shops\nare affected" || len(back) != 3 || back[0] != deltas[2] || back[1] != deltas[1] || back[2] != deltas[0] {
		t.Errorf("parsed %+v, %q", back, text)
	}
	if back, text := linkage.ParseSummary("it broke"); len(back) != 0 || text != "it broke" {
		t.Errorf("parsed %+v, %q", back, text)
	}
	if linkage.Summary(nil, " \n") != "" {
		t.Error("nothing sums up to something")
	}
}

// No reader panics, whatever comes.
func FuzzEvents(f *testing.F) {
	f.Add(`{"type":"deploy","at_utc":"2026-08-11T09:53:00Z","deltas":[{"field":"a"}]}`)
	f.Add(cdEvent("service.deployed.0.3.0", `},"customData":{"deploy_id":"d"}}`))
	f.Add(`a: recorded "1", observed "2" at 2026-08-11T09:53:00Z ("x")`)
	f.Fuzz(func(t *testing.T, text string) {
		for e, err := range linkage.ReadEvents(strings.NewReader(text)) {
			if err == nil && e.Type == "" {
				t.Error("an event without a type")
			}
			e.Deltas()
			_ = linkage.Clue{Artifact: text}.Matches(e)
		}
		linkage.ParseCDEvent([]byte(text))
		deltas, rest := linkage.ParseSummary(text)
		again, _ := linkage.ParseSummary(linkage.Summary(deltas, rest))
		for i := range again[:min(len(again), len(deltas))] {
			if again[i].Field == "" {
				t.Error("a delta without a field")
			}
		}
	})
}
