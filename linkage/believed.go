package linkage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// newExport is what the log says of an export, and who signed it.
func newExport(c exportlog.Current, e archive.Evidence, unverified error) Export {
	x := Export{
		ExportRowID:               c.ExportRowID,
		PromotionPacketID:         c.PromotionPacketID,
		ExportBatchID:             c.ExportBatchID,
		ArchiveURI:                c.ArchiveURI,
		ContentIntegrityReference: c.ContentIntegrityReference,
		PromotionDecision:         c.PromotionDecision,
		PromotionDecisionAtUTC:    c.PromotionDecisionAtUTC,
		RetentionClass:            string(c.RetentionClass),
		RetainUntilUTC:            c.RetainUntilUTC,
		Held:                      c.Held(),
	}
	if unverified != nil {
		x.Unverified = unverified.Error()
		return x
	}
	x.SignedBy = e.SignedBy.String()
	for _, o := range e.Packet.Exhibits {
		x.Exhibits = append(x.Exhibits, Exhibit{o.Name, o.SHA256, o.Size})
	}
	return x
}

// believe reads the packet's fields.
func (x *Export) believe(ctx context.Context, e archive.Evidence) error {
	if x.Unverified != "" {
		return nil
	}
	fields, err := e.Fields(ctx)
	if isDamage(err) {
		x.Unverified = err.Error()
		return nil
	}
	for _, f := range fields {
		x.Believed = append(x.Believed, Belief{f.Name, text(f.Value)})
	}
	x.artifact, x.in = valueOf(fields, "artifact"), laneOf(fields)
	return err
}

// isDamage reports whether evidence is not what it was, rather than out of reach.
func isDamage(err error) bool {
	for _, damage := range []error{worm.ErrNotFound, worm.ErrCorrupt, archive.ErrMalformed, archive.ErrNotConfirmed} {
		if errors.Is(err, damage) {
			return true
		}
	}
	return false
}

func valueOf(fields []archive.Field, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return text(f.Value)
		}
	}
	return ""
}

// text is a JSON value as people read it.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = text(e)
		}
		return strings.Join(parts, ", ")
	}
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(b)
}

func (x Export) believed(field string) (string, bool) {
	for _, b := range x.Believed {
		if b.Field == field {
			return b.Value, true
		}
	}
	return "", false
}

// tellObservations puts beside each export what links and events say was observed. A
// fact that a link states is not repeated for the event it was taken from.
func (t *teller) tellObservations() {
	for i := range t.told.Exports {
		x := &t.told.Exports[i]
		for _, link := range t.exports[i].Links {
			deltas, free := ParseSummary(link.DivergenceSummary)
			for _, d := range deltas {
				x.observe(d, link.ExportRowID)
			}
			if free != "" {
				x.Said = append(x.Said, Remark{link.ExportRowID, free, link.LinkOwnerAck})
			}
		}
		for _, e := range t.events {
			if e.PromotionPacketID != x.PromotionPacketID {
				continue
			}
			for _, d := range e.Deltas() {
				x.observe(d, 0)
			}
		}
		slices.SortStableFunc(x.Observed, func(a, b Observation) int { return a.ObservedAtUTC.Compare(b.ObservedAtUTC) })
	}
}

func (x *Export) observe(d Delta, row int64) {
	if slices.ContainsFunc(x.Observed, func(o Observation) bool {
		return o.Field == d.Field && o.Recorded == d.Recorded && o.Observed == d.Observed && o.ObservedAtUTC.Equal(d.ObservedAtUTC)
	}) {
		return
	}
	signed, _ := x.believed(d.Field)
	x.Observed = append(x.Observed, Observation{d.Field, d.Recorded, d.Observed, d.Source, d.ObservedAtUTC, row, signed})
}
