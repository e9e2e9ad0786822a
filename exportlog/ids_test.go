package exportlog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// Ids that begin alike are listed, whether they lie in the index or in commits, in one
// request for each prefix.
func TestIDs(t *testing.T) {
	b := memworm.New()
	l := open(t, b)
	odd := []string{"pp/1 é", "../pp-2", "pp/2"}
	for i, id := range odd {
		r := export(id, fmt.Sprint("k-", i))
		r.IncidentTicketID = "INC-" + id
		if _, err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	grow(t, b, 2000)
	m := &wormtest.Metered{Driver: b}
	fresh := open(t, m)
	if _, err := fresh.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		log      *exportlog.Log
		kind     exportlog.IDKind
		prefixes []string
		want     []string
	}{
		"listed":          {fresh, exportlog.PacketIDs, []string{"pp/"}, []string{"pp/1 é", "pp/2"}},
		"two prefixes":    {fresh, exportlog.PacketIDs, []string{"pp/1", "../"}, []string{"../pp-2", "pp/1 é"}},
		"remembered":      {l, exportlog.PacketIDs, []string{"../p"}, []string{"../pp-2"}},
		"incidents":       {fresh, exportlog.IncidentIDs, []string{"INC-."}, []string{"INC-../pp-2"}},
		"none":            {fresh, exportlog.RollbackIDs, []string{""}, nil},
		"not to be named": {fresh, exportlog.PacketIDs, []string{"\xff", strings.Repeat("x", 500)}, nil},
	} {
		before := m.Requests()
		ids, err := c.log.IDs(t.Context(), c.kind, c.prefixes...)
		slices.Sort(ids)
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%s: %q, %v; want %q", name, ids, err, c.want)
		}
		if got := m.Requests().Sub(before); got.Sum() > len(c.prefixes) {
			t.Errorf("%s: %s", name, got)
		}
	}
	before := m.Requests()
	ids, err := fresh.IDs(t.Context(), exportlog.PacketIDs, "pp-")
	if err != nil || len(ids) < 1000 || len(ids) > 2000 || m.Requests().Sub(before).Sum() != 1 {
		t.Errorf("%d ids in %s, %v", len(ids), m.Requests().Sub(before), err)
	}
}
