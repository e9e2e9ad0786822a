package linkage_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// Who mistypes an id is told the one that was meant; in a log just written, and in one
// that is opened and knows it by its index alone.
func TestNearestAreNamed(t *testing.T) {
	a, b := exported(t)
	if _, err := linkage.New(a).Bind(t.Context(), divergence()); err != nil {
		t.Fatal(err)
	}
	fillers(t, a.Log(), 0, 3000)
	if err := a.Log().Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh := over(t, b, archive.Config{})
	for name, c := range map[string]struct {
		q    exportlog.Query
		want string // promotion_packet_id of a candidate; empty for no candidate
	}{
		"case":            {exportlog.Query{PromotionPacketID: "pp-20260811-payments-0027"}, payments},
		"a letter":        {exportlog.Query{PromotionPacketID: "pp-20260811-PAYMNTS-0027"}, payments},
		"a digit":         {exportlog.Query{PromotionPacketID: "pp-20260811-PAYMENTS-0028"}, payments},
		"the date":        {exportlog.Query{PromotionPacketID: "pp-20260812-PAYMENTS-0027"}, payments},
		"space":           {exportlog.Query{PromotionPacketID: " " + payments + "\t"}, payments},
		"decomposed":      {exportlog.Query{PromotionPacketID: norm.NFD.String("pp-20260815-ÉVÉNEMENTS-0042")}, "pp-20260815-ÉVÉNEMENTS-0042"},
		"escaped":         {exportlog.Query{PromotionPacketID: "pp%2F2026%2F08%2F09%2Fpayments%20%2322"}, "pp/2026/08/09/payments #22"},
		"an incident":     {exportlog.Query{IncidentTicketID: "inc-1"}, payments},
		"a rollback":      {exportlog.Query{RollbackEventID: "rb_1"}, payments},
		"the row after":   {exportlog.Query{ExportRowID: 99_999}, "filler-002999"},
		"another's row":   {exportlog.Query{ExportRowID: 2, PromotionPacketID: payments + "x"}, payments},
		"nothing like it": {exportlog.Query{PromotionPacketID: "zz"}, ""},
		"very long":       {exportlog.Query{PromotionPacketID: strings.Repeat("é", 250)}, ""},
	} {
		for where, l := range map[string]*linkage.Linker{"written": linkage.New(a), "opened": linkage.New(fresh)} {
			_, err := l.Locate(t.Context(), c.q)
			var missing *linkage.NotLocatedError
			if !errors.As(err, &missing) || !errors.Is(err, linkage.ErrNotLocated) {
				t.Errorf("%s, %s: %v", name, where, err)
				continue
			}
			if c.want == "" {
				if len(missing.Nearest) > 0 {
					t.Errorf("%s, %s: nearest is %v", name, where, err)
				}
				continue
			}
			if !slices.ContainsFunc(missing.Nearest, func(r exportlog.Row) bool { return r.PromotionPacketID == c.want }) || len(missing.Nearest) > 5 {
				t.Errorf("%s, %s: want %q: %v", name, where, c.want, err)
			}
		}
	}
}

// The row of a link leads to the export it is bound to.
func TestBindByTheRowOfALink(t *testing.T) {
	a, _ := exported(t)
	link, err := linkage.New(a).Bind(t.Context(), divergence())
	if err != nil {
		t.Fatal(err)
	}
	d := divergence()
	d.PromotionPacketID, d.ExportRowID, d.IncidentTicketID = "", link.ExportRowID, "INC-2"
	if second, err := linkage.New(a).Bind(t.Context(), d); err != nil || second.SubjectExportRowID != link.SubjectExportRowID {
		t.Errorf("%+v, %v", second, err)
	}
}

// Saying what is nearest costs the same in a large log.
func TestNearestIsBounded(t *testing.T) {
	a, b := exported(t)
	var sums []int
	for _, more := range []int{1000, 9000} {
		fillers(t, a.Log(), more, more)
		if err := a.Log().Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		m := &wormtest.Metered{Driver: b}
		l := linkage.New(over(t, m, archive.Config{}))
		before := m.Requests()
		if _, err := l.Locate(t.Context(), exportlog.Query{PromotionPacketID: "filler-12345"}); !errors.Is(err, linkage.ErrNotLocated) {
			t.Fatal(err)
		}
		sums = append(sums, m.Requests().Sub(before).Sum())
	}
	if sums[1] > sums[0]+20 {
		t.Errorf("%v requests", sums)
	}
}

// What somebody on call has in hand leads to the export.
func TestBindByClue(t *testing.T) {
	a, _ := exported(t)
	l := linkage.New(a).WithResolver(linkage.EventFile(samples + "execution_events.jsonl"))
	at := time.Date(2026, 8, 11, 7, 2, 0, 0, time.UTC)
	for name, clue := range map[string]linkage.Clue{
		"deploy":              {DeployID: "dep-7501-27"},
		"artifact":            {Artifact: "oci://registry.example/rpg/payments@sha256:da412fac668003f7cbd6440fc17d293cd4962c5e9654f1008d188daf38d1c4f1"},
		"another registry's":  {Artifact: "docker.example/x@sha256:da412fac668003f7cbd6440fc17d293cd4962c5e9654f1008d188daf38d1c4f1"},
		"a package URL":       {Artifact: "pkg:oci/payments@sha256%3Ada412fac668003f7cbd6440fc17d293cd4962c5e9654f1008d188daf38d1c4f1?tag=7"},
		"the digest":          {Artifact: "sha256:da412fac668003f7cbd6440fc17d293cd4962c5e9654f1008d188daf38d1c4f1"},
		"when":                {From: at, To: at},
		"about when and what": {From: at.Add(-time.Hour), To: at.Add(time.Hour), DeployID: "dep-7501-27"},
	} {
		d := divergence()
		d.PromotionPacketID, d.Clue = "", clue
		if link, err := l.Bind(t.Context(), d); err != nil || link.Export.PromotionPacketID != payments {
			t.Errorf("%s: %+v, %v", name, link.Export, err)
		}
	}
	for name, c := range map[string]struct {
		clue linkage.Clue
		want error
	}{
		"unknown deploy":    {linkage.Clue{DeployID: "dep-0"}, linkage.ErrNotLocated},
		"a day of deploys":  {linkage.Clue{From: at.Add(-24 * time.Hour), To: at}, linkage.ErrAmbiguous},
		"all deploys":       {linkage.Clue{From: at.AddDate(-1, 0, 0)}, linkage.ErrBadDivergence},
		"deploy of another": {linkage.Clue{DeployID: "dep-7501-43"}, linkage.ErrNotLocated},
	} {
		d := divergence()
		if d.Clue = c.clue; name != "deploy of another" {
			d.PromotionPacketID = ""
		}
		if _, err := l.Bind(t.Context(), d); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows, err := l.Resolve(t.Context(), linkage.Clue{From: at.Add(-24 * time.Hour), To: at}); err != nil || len(rows) < 2 {
		t.Errorf("a day of deploys: %d rows, %v", len(rows), err)
	}
	if _, err := linkage.EventFile("nowhere").Deploys(t.Context(), linkage.Clue{DeployID: "d"}); err == nil {
		t.Error("a file that is not there has deploys")
	}
}

// One incident may be bound to many exports, and one export to many incidents.
func TestManyToMany(t *testing.T) {
	a, _ := exported(t)
	l := linkage.New(a)
	packets := []string{payments, "pp-20260815-matchmaking-0043"}
	for _, packet := range packets {
		for _, incident := range []string{"INC-1", "INC-2"} {
			d := divergence()
			d.PromotionPacketID, d.RollbackEventID, d.IncidentTicketID = packet, "", incident
			if link, err := l.Bind(t.Context(), d); err != nil || link.AlreadyBound {
				t.Fatalf("%s to %s: %v", incident, packet, err)
			}
		}
	}
	proofs, err := l.Prove(t.Context(), exportlog.Query{IncidentTicketID: "INC-1"})
	if err != nil || len(proofs) != 2 {
		t.Fatalf("%d proofs, %v", len(proofs), err)
	}
	for i, p := range proofs {
		if p.Export.PromotionPacketID != packets[i] || len(p.Links) != 2 || p.Problem != nil {
			t.Errorf("proof of %q with %d links: %v", p.Export.PromotionPacketID, len(p.Links), p.Problem)
		}
	}
	var ambiguous *linkage.AmbiguousError
	if _, err := l.Locate(t.Context(), exportlog.Query{IncidentTicketID: "INC-1"}); !errors.As(err, &ambiguous) || len(ambiguous.Candidates) != 2 {
		t.Errorf("locate: %v", err)
	}
}
