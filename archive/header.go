package archive

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
)

// fields are a packet's top-level fields: JSON values, or the strings of a CSV
// row.
type fields map[string]any

// header reads the fields this library knows. The error is a PacketError for
// each field that has the wrong form.
func (f fields) header(source string) (Header, error) {
	r := headerReader{fields: f, source: source}
	r.id = r.text("promotion_packet_id")
	h := Header{
		PromotionPacketID:        r.id,
		PromotionType:            r.text("promotion_type"),
		PromotionDecision:        r.text("promotion_decision"),
		PromotionDecisionAtUTC:   r.utc("promotion_decision_at_utc"),
		ScorecardSnapshotID:      r.text("scorecard_snapshot_id"),
		ClosureReliabilityState:  r.text("closure_reliability_state"),
		ConsecutiveYellowWindows: r.count("consecutive_yellow_windows"),
		PlaybookRowIDs:           r.list("playbook_row_ids"),
		CorrectivePacketIDs:      r.list("corrective_packet_ids"),
		ExecutiveExceptionID:     r.text("executive_exception_id"),
		Jurisdictions:            r.list("jurisdictions"),
		RetentionClass:           retention.Class(r.text("retention_class")),
	}
	return h, errors.Join(r.problems...)
}

type headerReader struct {
	fields   fields
	source   string
	id       string
	problems []error
}

func (r *headerReader) wrong(field, format string, args ...any) {
	r.problems = append(r.problems, &PacketError{PromotionPacketID: r.id, Source: r.source, Field: field,
		Err: fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))})
}

// text reads a string; null and absent are empty.
func (r *headerReader) text(field string) string {
	switch v := r.fields[field].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		r.wrong(field, "%.80v is not a string", v)
		return ""
	}
}

// list reads an array of strings, or one string that separates them with
// semicolons, as CSV does.
func (r *headerReader) list(field string) []string {
	switch v := r.fields[field].(type) {
	case nil:
		return nil
	case string:
		return strings.FieldsFunc(v, func(c rune) bool { return c == ';' })
	case []any:
		var list []string
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				r.wrong(field, "%.80v in the list is not a string", e)
				return nil
			}
			list = append(list, s)
		}
		return list
	default:
		r.wrong(field, "%.80v is neither a list of strings nor one string", v)
		return nil
	}
}

// count reads a whole number that is not negative; absent and empty are 0.
func (r *headerReader) count(field string) int {
	switch v := r.fields[field].(type) {
	case nil:
		return 0
	case string:
		if v == "" {
			return 0
		}
		if n, err := strconv.ParseUint(v, 10, 31); err == nil {
			return int(n)
		}
	case float64:
		if v == math.Trunc(v) && v >= 0 && v <= math.MaxInt32 {
			return int(v)
		}
	}
	r.wrong(field, "%.80v is not a count", r.fields[field])
	return 0
}

// utc reads a time; absent and empty are the zero time.
func (r *headerReader) utc(field string) time.Time {
	s := r.text(field)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		r.wrong(field, "%.80q is not an RFC 3339 time such as 2026-08-04T10:22:00Z", s)
		return time.Time{}
	}
	if _, offset := t.Zone(); offset != 0 {
		r.wrong(field, "%q is not in UTC; write it as %s", s, t.UTC().Format(time.RFC3339))
		return time.Time{}
	}
	return t.UTC()
}
