package linkage

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/go-json-experiment/json"
)

// MaxEventBytes bounds one event, and so one line of [ReadEvents].
const MaxEventBytes = 1 << 20

// The types of event that this package looks at. Others are read and passed on.
const (
	EventDeploy   = "deploy"
	EventIncident = "incident"
	EventResolved = "incident_resolved"
	EventRollback = "rollback"
)

// ErrBadEvent: an event cannot be read.
var ErrBadEvent = errors.New("bad event")

// Event is something that happened in production, as the tool that saw it tells.
type Event struct {
	Type  string // deploy, incident, incident_resolved or rollback; others are not looked at
	AtUTC time.Time

	DeployID          string
	PromotionPacketID string // what the tool believes was promoted
	Artifact          string // such as oci://registry.example/rpg/payments@sha256:da41…
	IncidentTicketID  string
	RollbackEventID   string
	Severity          string
	Summary           string

	Fields map[string]any // whatever else it says, as JSON values
}

// ReadEvents reads events from JSON lines, in the order they stand there:
//
//	{"type": "rollback", "at_utc": "2026-08-11T10:19:00Z", "rollback_event_id": "rb-7501-27", "deploy_id": "dep-7501-27"}
//
// type and at_utc (RFC 3339) are required. Fields that [Event] does not have are kept
// in its Fields; empty lines are passed over. A line that is not an event, or takes
// more than [MaxEventBytes], is yielded as an error that matches [ErrBadEvent] and
// says which line it is; reading goes on behind it if the caller does. An error of r
// is the last thing that is yielded. No more than one line is held in memory.
func ReadEvents(r io.Reader) iter.Seq2[Event, error] { return readLines(r, parseEvent) }

// readLines yields what each line of r is.
func readLines(r io.Reader, parse func([]byte) (Event, error)) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		in := bufio.NewReaderSize(r, MaxEventBytes+1)
		for n := 1; ; n++ {
			line, err := nextLine(in)
			if errors.Is(err, io.EOF) {
				return
			}
			var e Event
			broken := err != nil && !errors.Is(err, ErrBadEvent)
			if err == nil {
				if isBlank(line) {
					continue
				}
				e, err = parse(line)
			}
			if err != nil {
				e, err = Event{}, fmt.Errorf("linkage: read events: line %d: %w", n, err)
			}
			if !yield(e, err) || broken {
				return
			}
		}
	}
}

// nextLine returns the next line, which is good until the next call. One that is too
// long is skipped and is ErrBadEvent.
func nextLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = fmt.Errorf("%w: it is longer than %d bytes", ErrBadEvent, MaxEventBytes)
		}
		return nil, err
	}
	if errors.Is(err, io.EOF) && len(line) > 0 {
		err = nil // the last line need not end
	}
	return line, err
}

func isBlank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// parseEvent reads one event in the form of [ReadEvents].
func parseEvent(line []byte) (Event, error) {
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		return Event{}, fmt.Errorf("%w: not a JSON object: %w", ErrBadEvent, err)
	}
	var e Event
	if err := takeTexts(fields, map[string]*string{
		"type": &e.Type, "deploy_id": &e.DeployID, "promotion_packet_id": &e.PromotionPacketID, "artifact": &e.Artifact,
		"incident_ticket_id": &e.IncidentTicketID, "rollback_event_id": &e.RollbackEventID, "severity": &e.Severity, "summary": &e.Summary,
	}); err != nil {
		return Event{}, err
	}
	var at string
	if err := takeTexts(fields, map[string]*string{"at_utc": &at}); err != nil {
		return Event{}, err
	}
	if e.Type == "" {
		return Event{}, fmt.Errorf("%w: type is missing", ErrBadEvent)
	}
	var err error
	if e.AtUTC, err = eventTime("at_utc", at); err != nil {
		return Event{}, err
	}
	if len(fields) > 0 {
		e.Fields = fields
	}
	return e, nil
}

// takeTexts moves strings out of a JSON object; null and absent are empty.
func takeTexts(fields map[string]any, into map[string]*string) error {
	for name, text := range into {
		switch v := fields[name].(type) {
		case nil:
		case string:
			*text = v
		default:
			return fmt.Errorf("%w: %s: %.80v is not a string", ErrBadEvent, name, v)
		}
		delete(fields, name)
	}
	return nil
}

func eventTime(field, text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %s: %.80q is not an RFC 3339 time such as 2026-08-11T10:19:00Z", ErrBadEvent, field, text)
	}
	return at.UTC(), nil
}
