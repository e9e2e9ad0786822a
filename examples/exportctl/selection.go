package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
)

// selectionFlags are the flags by which commands choose exports.
type selectionFlags struct {
	packet, batch, incident, rollback, class string
	from, to                                 timeFlag
	all                                      bool
}

func (s *selectionFlags) add(f *pflag.FlagSet) {
	f.StringVar(&s.packet, "packet", "", "exports of this `promotion_packet_id`")
	f.StringVar(&s.batch, "batch", "", "exports of this `export_batch_id`")
	f.StringVar(&s.incident, "incident", "", "exports that this `incident_ticket_id` is bound to")
	f.StringVar(&s.rollback, "rollback", "", "exports that this `rollback_event_id` is bound to")
	f.StringVar(&s.class, "class", "", "exports of this `retention_class`")
	f.Var(&s.from, "from", "decided then or later: a `TIME`, as 2026-08-01 or 2026-08-01T09:30:00Z")
	f.Var(&s.to, "to", "decided before this `TIME`")
	f.BoolVar(&s.all, "all", false, "all exports")
}

// selection is what the flags choose; choosing nothing is an error.
func (s *selectionFlags) selection() (archive.Selection, error) {
	sel := archive.Selection{
		PromotionPacketID: s.packet, ExportBatchID: s.batch, IncidentTicketID: s.incident, RollbackEventID: s.rollback,
		From: s.from.Time, To: s.to.Time,
	}
	if s.class != "" {
		class, err := retention.ParseClass(s.class)
		if err != nil {
			return sel, usageError{err}
		}
		sel.RetentionClass = class
	}
	if sel == (archive.Selection{}) {
		if !s.all {
			return sel, wrongUse("which exports? Give --packet, --batch, --incident, --rollback, --class, --from, --to or --all")
		}
		sel.Everything = true
	}
	return sel, nil
}

// timeFlag is a time in a flag: a day, in UTC, or a moment by RFC 3339.
type timeFlag struct{ time.Time }

// String implements pflag.Value.
func (t *timeFlag) String() string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// Set implements pflag.Value.
func (t *timeFlag) Set(s string) error {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			t.Time = at.UTC()
			return nil
		}
	}
	return fmt.Errorf("%q is no time: write 2026-08-01, for the beginning of that day in UTC, or 2026-08-01T09:30:00Z", s)
}

// Type implements pflag.Value.
func (t *timeFlag) Type() string { return "TIME" }

// timeOrRow is a moment of the log in a flag: a time, or the row that was its last.
type timeOrRow exportlog.AsOf

// String implements pflag.Value.
func (t *timeOrRow) String() string {
	if t.Row > 0 {
		return strconv.FormatInt(t.Row, 10)
	}
	return (&timeFlag{t.Time}).String()
}

// Set implements pflag.Value.
func (t *timeOrRow) Set(s string) error {
	if row, err := strconv.ParseInt(s, 10, 64); err == nil && row > 0 {
		t.Row = row
		return nil
	}
	var at timeFlag
	err := at.Set(s)
	t.Time = at.Time
	return err
}

// Type implements pflag.Value.
func (t *timeOrRow) Type() string { return "TIME" }
