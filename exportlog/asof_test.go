package exportlog_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// At each row of a log, what stood then is what Current said when that row was the last.
func TestCurrentAsOfIsWhatCurrentSaidThen(t *testing.T) {
	store, err := worm.New(t.Context(), memworm.New())
	if err != nil {
		t.Fatal(err)
	}
	minute := 0
	writer := exportlog.Open(store, exportlog.Config{Clock: func() time.Time { return noon.Add(time.Duration(minute) * time.Minute) }})
	defer writer.Close()
	whole := open(t, memworm.New())
	story(t, whole)
	then := map[int64][]exportlog.Current{}
	tables := map[int64]string{}
	for _, r := range allRows(t, whole) {
		minute++
		id := mustAppend(t, writer, r)
		then[id] = collect(t, writer, exportlog.AsOf{})
		tables[id] = table(t, func(w io.Writer) error { return writer.WriteCSV(t.Context(), w) })
	}
	for row, want := range then {
		for _, at := range []exportlog.AsOf{{Row: row}, {Time: noon.Add(time.Duration(row)*time.Minute + time.Second)}, {Row: row, Time: noon.AddDate(1, 0, 0)}} {
			got := collect(t, writer, at)
			if !slices.EqualFunc(got, want, sameCurrent) {
				t.Errorf("as of %+v: %+v, want %+v", at, got, want)
			}
			if got := table(t, func(w io.Writer) error { return writer.WriteCSVAsOf(t.Context(), w, at) }); got != tables[row] {
				t.Errorf("as of %+v the table is\n%swant\n%s", at, got, tables[row])
			}
			for _, c := range want {
				alone, err := writer.CurrentOfAsOf(t.Context(), c.ExportRowID, at)
				if err != nil || !sameCurrent(alone, c) {
					t.Errorf("row %d as of %+v: %+v, %v", c.ExportRowID, at, alone, err)
				}
			}
		}
	}
	if got := collect(t, writer, exportlog.AsOf{Time: noon}); len(got) != 0 {
		t.Errorf("before the first row: %+v", got)
	}
	if _, err := writer.CurrentOfAsOf(t.Context(), 2, exportlog.AsOf{Row: 1}); err == nil {
		t.Error("an export stood before it was there")
	}
}

func table(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b strings.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func collect(t *testing.T, l *exportlog.Log, at exportlog.AsOf) []exportlog.Current {
	t.Helper()
	var all []exportlog.Current
	for c, err := range l.CurrentAsOf(t.Context(), at) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func sameCurrent(a, b exportlog.Current) bool {
	return a.ExportRowID == b.ExportRowID && a.PromotionDecision == b.PromotionDecision && a.ExportOperatorAck == b.ExportOperatorAck &&
		a.RetainUntilUTC.Equal(b.RetainUntilUTC) && a.Held() == b.Held() && slices.Equal(ids(a.Changes), ids(b.Changes)) &&
		slices.EqualFunc(a.Links, b.Links, func(x, y exportlog.Row) bool { return x.IncidentTicketID == y.IncidentTicketID })
}
