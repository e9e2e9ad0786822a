package exportlog_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// A legal hold on export 1, or its release.
func holding(kind exportlog.Kind, key string) exportlog.Row {
	return exportlog.Row{Kind: kind, SubjectExportRowID: 1, PromotionPacketID: "pp-1", IdempotencyKey: key}
}

// A correction of where the evidence lies.
func moving(of int64, key string) exportlog.Row {
	return correction(of, "pp-1", key, func(r *exportlog.Row) { r.ArchiveURI = "s3://moved/" + key })
}

// stands is export 1 as it stands, whichever way it is asked for.
func stands(t *testing.T, b *memworm.Bucket) exportlog.Current {
	t.Helper()
	l := open(t, b)
	c, err := l.CurrentOf(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	rows := allRows(t, l)
	ofRow, err := l.CurrentOfRow(t.Context(), rows[0])
	if err != nil {
		t.Fatal(err)
	}
	others := map[string]exportlog.Current{"CurrentOfRow": ofRow, "Fold": exportlog.Fold(rows)[0]}
	for s, err := range open(t, b).Current(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if s.ExportRowID == 1 {
			others["Current"] = s
		}
	}
	for name, o := range others {
		if o.ArchiveURI != c.ArchiveURI || o.ContentIntegrityReference != c.ContentIntegrityReference || o.Held() != c.Held() || len(o.Changes) != len(c.Changes) {
			t.Errorf("%s has %+v, CurrentOf %+v", name, o, c)
		}
	}
	return c
}

// Where evidence lies can be corrected, but not under legal hold, by whatever way.
func TestHeldEvidenceIsNotMoved(t *testing.T) {
	b := memworm.New()
	l := open(t, b)
	first := export("pp-1", "1")
	first.ArchiveURI, first.ContentIntegrityReference = "s3://old", "sha256:old"
	mustAppend(t, l, first)
	mustAppend(t, l, exportlog.Row{Kind: exportlog.KindLink, SubjectExportRowID: 1, PromotionPacketID: "pp-1", ArchiveURI: "s3://old", IdempotencyKey: "2"})
	mustAppend(t, l, correction(1, "pp-1", "3", func(r *exportlog.Row) {
		r.ArchiveURI, r.ContentIntegrityReference = "s3://new", "sha256:new"
	}))
	if c := stands(t, b); c.ArchiveURI != "s3://new" || c.ContentIntegrityReference != "sha256:new" || c.CorrectedBy() != 3 {
		t.Errorf("corrected, it stands as %+v", c)
	}
	mustAppend(t, l, holding(exportlog.KindHold, "4"))

	clear := func(field string) exportlog.Row {
		return correction(1, "pp-1", "c", func(r *exportlog.Row) { r.ClearedFields = []string{field} })
	}
	for name, r := range map[string]exportlog.Row{
		"the address":                    moving(1, "c"),
		"the manifest":                   correction(1, "pp-1", "c", func(r *exportlog.Row) { r.ContentIntegrityReference = "sha256:x" }),
		"the address, cleared":           clear("archive_uri"),
		"the manifest, cleared":          clear("content_integrity_reference"),
		"the address, by the correction": moving(3, "c"),
		"the link's address":             moving(2, "c"),
	} {
		if _, err := open(t, b).Append(t.Context(), export("other", name), r); !errors.Is(err, exportlog.ErrBadRow) || !strings.Contains(err.Error(), "row 4") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows := allRows(t, open(t, b)); len(rows) != 4 {
		t.Errorf("%d rows: a call got in by halves", len(rows))
	}
	mustAppend(t, l, correction(1, "pp-1", "5", func(r *exportlog.Row) { r.PromotionDecision = "decline" }))
	if again, err := l.Append(t.Context(), correction(1, "pp-1", "3", func(r *exportlog.Row) { r.ArchiveURI = "s3://new" })); err != nil || !again[0].Existing {
		t.Errorf("the correction before the hold, appended again: %+v, %v", again, err)
	}
	if _, err := l.Append(t.Context(), holding(exportlog.KindRelease, "r"), holding(exportlog.KindHold, "h"), moving(1, "c")); !errors.Is(err, exportlog.ErrBadRow) {
		t.Errorf("held again in the same call: %v", err)
	}
	if got, err := l.Append(t.Context(), holding(exportlog.KindRelease, "6"), moving(1, "7")); err != nil || got[1].ExportRowID != 7 {
		t.Errorf("released in the same call: %+v, %v", got, err)
	}
	if c := stands(t, b); c.ArchiveURI != "s3://moved/7" || c.Held() || c.PromotionDecision != "decline" {
		t.Errorf("released and corrected, it stands as %+v", c)
	}
	wantRows(t, b, 7)
}

// Each matter's hold stands until that matter releases it, and so does the one that the
// class of an export brought.
func TestEachHoldStandsForItself(t *testing.T) {
	b := memworm.New()
	l := open(t, b)
	first := export("pp-1", "1")
	first.LegalHold = true
	mustAppend(t, l, first)
	for i, said := range []struct {
		kind   exportlog.Kind
		matter string
	}{{exportlog.KindHold, "M-1"}, {exportlog.KindHold, "M-2"}, {exportlog.KindRelease, "M-2"}, {exportlog.KindRelease, ""}, {exportlog.KindRelease, "M-1"}} {
		if _, err := open(t, b).Append(t.Context(), moving(1, fmt.Sprint("c", i))); !errors.Is(err, exportlog.ErrBadRow) {
			t.Errorf("before %s of %q: %v", said.kind, said.matter, err)
		}
		r := holding(said.kind, fmt.Sprint("h", i))
		r.MatterID = said.matter
		mustAppend(t, l, r)
	}
	mustAppend(t, l, moving(1, "free"))
	if c := stands(t, b); c.ArchiveURI != "s3://moved/free" || c.Held() {
		t.Errorf("it stands as %+v", c)
	}
}

// A hold that another writer sets between the check and the commit counts.
func TestHoldOvertakesACorrection(t *testing.T) {
	b := memworm.New()
	mustAppend(t, open(t, b), export("pp-1", "1"))
	rival := open(t, b)
	var once sync.Once
	l := open(t, &wormtest.Faulty{Driver: b, Before: func(op wormtest.Op) {
		if op.Key == commit(2) {
			once.Do(func() { mustAppend(t, rival, holding(exportlog.KindHold, "hold")) })
		}
	}})
	if _, err := l.Append(t.Context(), moving(1, "c")); !errors.Is(err, exportlog.ErrBadRow) || !strings.Contains(err.Error(), "row 2") {
		t.Errorf("appended behind a hold: %v", err)
	}
	wantRows(t, b, 2)
}

// Holds that lie far below what a writer has in memory count, too.
func TestOldHoldCounts(t *testing.T) {
	b := memworm.New()
	l := open(t, b)
	mustAppend(t, l, export("pp-1", "1"))
	mustAppend(t, l, holding(exportlog.KindHold, "hold"))
	for n := range 12 {
		batch := make([]exportlog.Row, 100)
		for i := range batch {
			batch[i] = export("other", fmt.Sprint(n, i))
		}
		if _, err := l.Append(t.Context(), batch...); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, b).Append(t.Context(), moving(1, "c")); !errors.Is(err, exportlog.ErrBadRow) || !strings.Contains(err.Error(), "row 2") {
		t.Errorf("moved: %v", err)
	}
	cold := open(t, b)
	mustAppend(t, cold, holding(exportlog.KindRelease, "release"))
	mustAppend(t, cold, moving(1, "c"))
	if c := stands(t, b); c.ArchiveURI != "s3://moved/c" || c.Held() {
		t.Errorf("it stands as %+v", c)
	}
}

// Writers who hold, release and correct one export all at once, and share commits.
func TestHoldsAndCorrectionsAmongRivals(t *testing.T) {
	b := memworm.New()
	mustAppend(t, open(t, b), export("pp-1", "1"))
	var wg sync.WaitGroup
	var refused, moved int
	var mu sync.Mutex
	for w := range 6 {
		l := open(t, b)
		wg.Go(func() {
			for i := range 20 {
				key := fmt.Sprintf("%d-%d", w, i)
				r := []exportlog.Row{moving(1, key), holding(exportlog.KindHold, key), holding(exportlog.KindRelease, key)}[(w+i)%3]
				_, err := l.Append(t.Context(), r)
				mu.Lock()
				switch {
				case errors.Is(err, exportlog.ErrBadRow):
					refused++
				case err != nil:
					t.Error(err)
				case r.Kind == exportlog.KindCorrection:
					moved++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("%d corrections got in, %d were refused", moved, refused)
	held := false
	for _, r := range allRows(t, open(t, b)) {
		switch r.Kind {
		case exportlog.KindHold, exportlog.KindRelease:
			held = r.Kind == exportlog.KindHold
		case exportlog.KindCorrection:
			if moved--; held {
				t.Errorf("row %d moves what is held", r.ExportRowID)
			}
		}
	}
	if moved != 0 {
		t.Errorf("%d corrections that were acknowledged are not there", moved)
	}
	if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{}); err != nil {
		t.Error(err)
	}
}

// A correction that some other program wrote under a hold is void, and named; whoever
// held it, a row or the class of the export.
func TestVoidCorrectionIsNamed(t *testing.T) {
	byClass := export("pp-1", "1")
	byClass.LegalHold = true
	link := exportlog.Row{Kind: exportlog.KindLink, SubjectExportRowID: 1, PromotionPacketID: "pp-1", IdempotencyKey: "2"}
	for name, rows := range map[string][]exportlog.Row{
		"by a row":   {export("pp-1", "1"), holding(exportlog.KindHold, "2")},
		"by a class": {byClass, link},
	} {
		t.Run(name, func(t *testing.T) { voidUnderAHold(t, rows) })
	}
}

func voidUnderAHold(t *testing.T, rows []exportlog.Row) {
	b := memworm.New()
	l := open(t, b)
	for _, r := range rows {
		mustAppend(t, l, r)
	}
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := moving(1, "3")
	r.SchemaVersion, r.ExportRowID, r.PrevRowSHA256, r.PrevRootSHA256, r.RecordedAtUTC = 1, 3, head.LastRow, head.Root, noon
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	b.Overwrite(commit(3), append(line, '\n'))
	if c := stands(t, b); c.ArchiveURI != "" || !c.Held() || slices.ContainsFunc(c.Changes, func(r exportlog.Row) bool { return r.ExportRowID == 3 }) {
		t.Errorf("it stands as %+v", c)
	}
	report, err := open(t, b).Verify(t.Context(), exportlog.Scope{})
	if !errors.Is(err, exportlog.ErrDamaged) || !named(report, exportlog.Void, commit(3), 3) {
		t.Errorf("Verify saw %v", report.Findings)
	}
	mustAppend(t, open(t, b), holding(exportlog.KindRelease, "4"))
	mustAppend(t, open(t, b), moving(1, "5"))
	if c := stands(t, b); c.ArchiveURI != "s3://moved/5" {
		t.Errorf("released and corrected, it stands as %+v", c)
	}
}
