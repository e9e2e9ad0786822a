package archive_test

import (
	"bytes"
	"crypto/rand"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

var updateGolden = flag.Bool("update-golden", false, "write "+golden+", which must not be there: what a release wrote is never written again")

// TestWriteGolden writes the golden bucket: a small archive with a row of every kind.
// It was written in 2015, as far as its clock knows, so that all its locks have lapsed
// and no test of it depends on the day. A release that changes the format adds a
// bucket, golden-v2, and keeps this one.
//
//	go test ./archive -run TestWriteGolden -update-golden
func TestWriteGolden(t *testing.T) {
	if !*updateGolden {
		t.Skip("the golden bucket is written once, with -update-golden")
	}
	if _, err := os.Stat(golden); !os.IsNotExist(err) {
		t.Fatalf("%s is there (%v): it is what a release wrote, and must stay readable as it is", golden, err)
	}
	bucket := filepath.Join(golden, "bucket")
	if err := os.MkdirAll(bucket, 0o755); err != nil {
		t.Fatal(err)
	}
	a := openGoldenWriter(t, bucket)
	fillGolden(t, a)
	var csv bytes.Buffer
	if err := a.Log().WriteCSV(t.Context(), &csv); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, golden+"/current.csv", csv.Bytes())
	write(t, golden+"/derived.txt", []byte(derivedSums(t, bucket)))
	for _, derived := range []string{"by", "blocks", "tile", "head"} { // today's code makes the same of the rows, or fails
		if err := os.RemoveAll(filepath.Join(bucket, "log", derived)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(bucket, ".staging")); err != nil {
		t.Fatal(err)
	}
}

// openGoldenWriter opens the bucket with new keys, of which only the public halves are
// kept, and under the address that it would have had in production.
func openGoldenWriter(t *testing.T, bucket string) *archive.Archive {
	t.Helper()
	signer := newSigner(t)
	public, err := signer.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	write(t, golden+"/manifest.pub", public)
	private, logPublic, err := note.GenerateKey(rand.Reader, "golden.example/releases")
	if err != nil {
		t.Fatal(err)
	}
	write(t, golden+"/log.pub", []byte(logPublic+"\n"))
	key, err := exportlog.NewCheckpointKey(private, logPublic)
	if err != nil {
		t.Fatal(err)
	}
	d, err := fileworm.New(bucket)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2015, 3, 2, 9, 0, 0, 0, time.UTC)
	cfg := archive.Config{Policy: goldenPolicy(t), Signer: signer, Operator: "release-ops/golden", Checkpoints: key,
		Clock: func() time.Time { return now }}
	return over(t, inProduction{d}, cfg)
}

// inProduction is a directory under the address of another.
type inProduction struct{ worm.Driver }

const productionFolder = "/var/lib/evidence/"

func (inProduction) URI(ref worm.Ref) string {
	return (&url.URL{Scheme: "file", Path: productionFolder + ref.Key}).String()
}

func (inProduction) ParseURI(uri string) (worm.Ref, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return worm.Ref{}, err
	}
	return worm.Ref{Key: strings.TrimPrefix(u.Path, productionFolder)}, nil
}

func goldenPolicy(t *testing.T) *policy.Policy {
	t.Helper()
	f := policy.Default().File()
	f.RegulatedJurisdictions = []string{"KR"}
	p, err := policy.New(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fillGolden exports, binds, corrects, holds, releases, extends, rehearses and signs.
func fillGolden(t *testing.T, a *archive.Archive) {
	t.Helper()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(a.Export(t.Context(), parse(t, `{"promotion_packet_id": "pp-2015-0001", "promotion_decision": "promote", "promotion_decision_at_utc": "2015-03-02T08:30:00Z",
 "promotion_type": "live_toggle", "closure_reliability_state": "green", "lane": "economy", "of_a_field_nobody_knows": {"kept": ["as", "it", "is"]}}`).
		With(exhibit("scorecard.pdf", "a scorecard"))))
	must(a.Export(t.Context(), parse(t, `{"promotion_packet_id": "pp-2015/0002 #2", "promotion_decision": "promote", "promotion_decision_at_utc": "2015-03-02T08:40:00Z",
 "promotion_type": "production_deploy", "closure_reliability_state": "yellow", "consecutive_yellow_windows": 2, "executive_exception_id": "ex-1"}`).
		With(exhibit("scorecard.pdf", "another"), exhibit("reviewer notes.md", "we saw it"))))
	batch, err := archive.ReadCSV(strings.NewReader("promotion_packet_id,promotion_decision,promotion_decision_at_utc,jurisdictions\r\n" +
		"pp-2015-0003,promote,2015-03-02T08:45:00Z,EU;KR\r\npp-2015-0004,promote,2015-03-02T08:46:00Z,EU\r\n"))
	must(nil, err)
	must(a.ExportBatch(t.Context(), batch))
	must(linkage.New(a).Bind(t.Context(), linkage.Divergence{ExportRowID: 2, RollbackEventID: "rb-1", IncidentTicketID: "INC-1", DivergenceSummary: "purchase_success fell",
		LinkOwnerAck: linkage.Ack{Role: linkage.IncidentCommander, Name: "on-call lead"}}))
	must(a.Log().Append(t.Context(), exportlog.Row{Kind: exportlog.KindCorrection, CorrectionOfExportRowID: 5, PromotionPacketID: "pp-2015/0002 #2",
		DivergenceSummary: "purchase_success fell by 3.4 points", Reason: "the figure was missing", ExportOperatorAck: "release-ops/golden", IdempotencyKey: "correction:1"}))
	matter := archive.Matter{ID: "M-1", Reason: "litigation", By: "legal/counsel"}
	selected := archive.Selection{PromotionPacketID: "pp-2015/0002 #2"}
	must(a.Hold(t.Context(), selected, matter))
	matter.Reason, matter.By = "settled", "legal/partner"
	must(a.Release(t.Context(), selected, matter))
	must(a.Extend(t.Context(), archive.Selection{PromotionPacketID: "pp-2015-0001"}, archive.Extension{RetentionClass: retention.Extended, Reason: "a new contract"}))
	var drills []exportlog.Row // up to the first full block
	for i := range 256 - 9 {
		drills = append(drills, exportlog.Row{Kind: exportlog.KindDrill, SubjectExportRowID: 1, PromotionPacketID: "pp-2015-0001", IdempotencyKey: fmt.Sprint("drill:", i)})
	}
	must(a.Log().Append(t.Context(), drills...))
	must(a.Export(t.Context(), parse(t, `{"promotion_packet_id": "pp-2015-0005", "promotion_decision": "promote", "promotion_decision_at_utc": "2015-03-02T08:50:00Z"}`)))
	must(a.Log().Checkpoint(t.Context()))
	must(nil, a.Log().Seal(t.Context()))
}

// derivedSums is what the log derives in a bucket: a digest for each object, but for
// the index, which has one for each way to find a row.
func derivedSums(t testing.TB, bucket string) string {
	t.Helper()
	sums, index := map[string]string{}, map[string][]string{}
	for path, content := range snapshot(t, filepath.Join(bucket, "log")) {
		name := filepath.ToSlash(path)
		parts := strings.Split(name, "/")
		switch {
		case parts[0] == "commits" || parts[0] == "checkpoints" || strings.HasPrefix(parts[len(parts)-1], "."):
		case parts[0] == "by":
			kind := parts[0] + "/" + parts[1] + "/"
			index[kind] = append(index[kind], name+" "+worm.Sum([]byte(content)).String()+"\n")
		default:
			sums[name] = worm.Sum([]byte(content)).String()
		}
	}
	for kind, entries := range index {
		slices.Sort(entries)
		sums[fmt.Sprintf("%s (%d entries)", kind, len(entries))] = worm.Sum([]byte(strings.Join(entries, ""))).String()
	}
	var lines []string
	for name, sum := range sums {
		lines = append(lines, sum+"  log/"+name+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
