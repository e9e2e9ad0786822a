package main

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// night is a bucket, a key, packets waiting to be exported, and the deploy tool's record
// of what it promoted.
type night struct {
	dir    string
	record strings.Builder
}

func newNight(t *testing.T) *night {
	t.Helper()
	n := &night{dir: t.TempDir()}
	_, err := manifest.CreateKey(n.dir + "/key")
	must(t, err)
	return n
}

func record(id, decision string, ago time.Duration) string {
	at := time.Now().Add(-ago).UTC().Truncate(time.Second)
	return fmt.Sprintf(`{"promotion_packet_id": %q, "promotion_decision": %q, "promotion_decision_at_utc": %q, "stage": "production"}`, id, decision, at.Format(time.RFC3339))
}

// packet leaves a folder to be exported, and promoted says that it really took place.
func (n *night) packet(t *testing.T, r string) *night {
	t.Helper()
	p, err := archive.ParseJSON([]byte(r))
	must(t, err)
	dir := filepath.Join(n.dir, "packets", p.Header.PromotionPacketID)
	must(t, os.MkdirAll(dir, 0o755))
	must(t, os.WriteFile(dir+"/packet.json", []byte(r), 0o644))
	return n
}

func (n *night) promoted(r string) *night {
	n.record.WriteString(r + "\n")
	return n
}

func (n *night) bucket() string {
	return (&url.URL{Scheme: "file", Path: n.dir + "/bucket", RawQuery: "create_dir=true"}).String()
}

func (n *night) run(t *testing.T, want int, args ...string) (log string) {
	t.Helper()
	must(t, os.WriteFile(n.dir+"/promotions.jsonl", []byte(n.record.String()), 0o644))
	var w bytes.Buffer
	args = append([]string{"-bucket", n.bucket(), "-key", n.dir + "/key", "-packets", n.dir + "/packets", "-source", n.dir + "/promotions.jsonl"}, args...)
	if got := run(t.Context(), args, &w); got != want {
		t.Errorf("exit status %d, want %d\n%s", got, want, w.String())
	}
	return w.String()
}

func (n *night) row(t *testing.T, id string) []exportlog.Row {
	t.Helper()
	a, err := archive.Open(t.Context(), n.bucket(), archive.Config{})
	must(t, err)
	defer a.Close()
	rows, err := a.Log().Find(t.Context(), exportlog.Query{PromotionPacketID: id})
	must(t, err)
	return rows
}

func TestQuietNight(t *testing.T) {
	a, b, hold := record("pp-1", "promote", time.Hour), record("pp-2", "promote", 3*time.Hour), record("pp-3", "hold", time.Hour)
	n := newNight(t).packet(t, a).packet(t, b).packet(t, hold).promoted(a).promoted(b).promoted(hold)
	n.run(t, 0)
	n.run(t, 0, "-backfill") // a scheduler that runs it twice does no harm
	if one, two := n.row(t, "pp-1"), n.row(t, "pp-2"); len(one) != 1 || len(two) != 1 || one[0].ExportBatchID != two[0].ExportBatchID || len(n.row(t, "pp-3")) != 0 {
		t.Errorf("rows %v, %v", one, two)
	}
}

// A promotion whose packet nobody left is named, then shown in a dry run, then filled in,
// and never passes as one made in time.
func TestGap(t *testing.T) {
	a, gap := record("pp-1", "promote", time.Hour), record("pp-2", "promote", 30*time.Hour)
	n := newNight(t).packet(t, a).promoted(a).promoted(gap)
	log := n.run(t, 1)
	if !strings.Contains(log, `"would backfill","promotion_packet_id":"pp-2"`) || len(n.row(t, "pp-2")) != 0 {
		t.Errorf("the dry run: %s", log)
	}
	n.run(t, 3, "-backfill")
	rows := n.row(t, "pp-2")
	if len(rows) != 1 || rows[0].ReconstructedBy != "release-ops/coverage-cron" || !strings.HasSuffix(rows[0].ReconstructedFrom, "promotions.jsonl, line 2") {
		t.Fatalf("%+v", rows)
	}
	n.run(t, 3) // and so it stays
	if again := n.row(t, "pp-2"); len(again) != 1 {
		t.Errorf("%d rows", len(again))
	}
}

// A packet that was left too late is late, not reconstructed.
func TestLate(t *testing.T) {
	late := record("pp-1", "promote", 30*time.Hour)
	n := newNight(t).packet(t, late).promoted(late)
	if log := n.run(t, 3); !strings.Contains(log, `"msg":"late"`) {
		t.Error(log)
	}
}

// An export that the source knows nothing of is a gap as well.
func TestOrphan(t *testing.T) {
	if log := newNight(t).packet(t, record("pp-1", "promote", time.Hour)).run(t, 1); !strings.Contains(log, `"msg":"orphan"`) {
		t.Error(log)
	}
}

func TestCouldNotFindOut(t *testing.T) {
	a := record("pp-1", "promote", time.Hour)
	n := newNight(t).packet(t, a).promoted(a)
	if log := n.run(t, 2, "-window", "720h"); !strings.Contains(log, "the source, which keeps 336h0m0s") {
		t.Error(log)
	}
	n.run(t, 2, "-source", n.dir+"/absent.jsonl")
	n.run(t, 2, "-key", n.dir+"/absent")
	n.promoted(`{"promotion_packet_id": "pp-2"`)
	n.run(t, 2)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
