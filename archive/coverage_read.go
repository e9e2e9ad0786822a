package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/retention"
)

// MaxRecordBytes bounds a line of JSONL and a record of CSV that is read for
// [Archive.Coverage]. The files may be of any size.
const MaxRecordBytes = 1 << 20

// ReadDecisionsCSV reads decisions from a CSV file (RFC 4180). The first record names
// the fields: promotion_packet_id, promotion_decision and promotion_decision_at_utc must
// be among them, retention_class may be, and all others are passed over, so that the
// register which [ReadCSV] reads can be read as it is.
//
// A record that is not a decision ends the reading with an error that names its line and
// field, as a [PacketError]. What is read can be iterated over once.
func ReadDecisionsCSV(r io.Reader) iter.Seq2[Decision, error] {
	return readAs("decisions", csvRecords(r, "promotion_packet_id", "promotion_decision", "promotion_decision_at_utc"), fileRecord.decision)
}

// ReadDecisionsJSONL reads decisions from a file of JSON objects, one a line, with the
// fields that [ReadDecisionsCSV] reads, under the same conditions. Empty lines are
// passed over.
func ReadDecisionsJSONL(r io.Reader) iter.Seq2[Decision, error] {
	return readAs("decisions", jsonRecords(r), fileRecord.decision)
}

// ReadIncidentsJSONL reads incidents and rollbacks from a file of JSON objects, one a
// line: those of the type incident, which have an incident_ticket_id, those of the type
// rollback, which have a rollback_event_id, and any other that has one of the two.
// promotion_packet_id and at_utc may be there; other lines, such as those of deploys,
// and other fields are passed over. Errors are as those of [ReadDecisionsCSV].
func ReadIncidentsJSONL(r io.Reader) iter.Seq2[Incident, error] {
	return readAs("incidents", jsonRecords(r), fileRecord.incident)
}

// readAs makes something of each record, up to the first error. Records that come to
// nothing are passed over.
func readAs[T comparable](what string, records iter.Seq2[fileRecord, error], of func(fileRecord) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var nothing T
		for record, err := range records {
			v := nothing
			if err == nil {
				v, err = of(record)
			}
			if err != nil {
				yield(nothing, fmt.Errorf("archive: read %s: %w", what, err))
				return
			}
			if v != nothing && !yield(v, nil) {
				return
			}
		}
	}
}

// fileRecord is one record of a file.
type fileRecord struct {
	fields fields
	source string // "line 12"
}

func (f fileRecord) decision() (Decision, error) {
	r := headerReader{fields: f.fields, source: f.source}
	r.id = r.text("promotion_packet_id")
	d := Decision{
		PromotionPacketID:      r.id,
		PromotionDecision:      r.text("promotion_decision"),
		PromotionDecisionAtUTC: r.utc("promotion_decision_at_utc"),
		RetentionClass:         retention.Class(r.text("retention_class")),
	}
	if len(r.problems) > 0 {
		return Decision{}, errors.Join(r.problems...)
	}
	return d, d.check(f.source)
}

// incident is zero for a line that is none.
func (f fileRecord) incident() (Incident, error) {
	r := headerReader{fields: f.fields, source: f.source}
	r.id = r.text("promotion_packet_id")
	i := Incident{IncidentTicketID: r.text("incident_ticket_id"), RollbackEventID: r.text("rollback_event_id")}
	for kind, field := range map[string]string{"incident": "incident_ticket_id", "rollback": "rollback_event_id"} {
		if f.fields["type"] == kind && r.text(field) == "" {
			r.problems = append(r.problems, &PacketError{PromotionPacketID: r.id, Source: f.source, Field: field, Err: ErrMissing})
		}
	}
	if i != (Incident{}) {
		i.PromotionPacketID, i.AtUTC = r.id, r.utc("at_utc")
	}
	if len(r.problems) > 0 || i == (Incident{}) {
		return Incident{}, errors.Join(r.problems...)
	}
	return i, i.check(f.source)
}

// jsonRecords yields the objects of a JSONL file of any size.
func jsonRecords(r io.Reader) iter.Seq2[fileRecord, error] {
	return func(yield func(fileRecord, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, MaxRecordBytes)
		n := 0
		for lines.Scan() {
			n++
			line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
			if len(line) == 0 {
				continue
			}
			at := fileRecord{source: fmt.Sprintf("line %d", n)}
			err := json.Unmarshal(line, &at.fields)
			if err == nil && at.fields == nil {
				err = errors.New("it is null, not an object")
			}
			if err != nil {
				err = &PacketError{Source: at.source, Field: fieldOf(err), Err: fmt.Errorf("%w: %w", ErrMalformed, err)}
			}
			if !yield(at, err) || err != nil {
				return
			}
		}
		err := lines.Err()
		if errors.Is(err, bufio.ErrTooLong) {
			err = &PacketError{Source: fmt.Sprintf("line %d", n+1), Err: fmt.Errorf("%w: the limit is %d bytes a line", ErrTooLarge, MaxRecordBytes)}
		}
		if err != nil {
			yield(fileRecord{}, err)
		}
	}
}
