// Package launch is how a service at Meridian says that it goes live, and that it
// came back. What is said is kept as the company's rules want it; nobody who calls
// this package needs to know where, how long, or with which key.
//
//	m, err := launch.Production(ctx)
//	receipt, err := m.Promote(ctx, launch.Launch{…})
//	err = m.RolledBack(ctx, launch.Rollback{…})
package launch

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
)

// What a caller decides on. Test with errors.Is.
var (
	// ErrQueued: what was promoted is safe on this machine, and not kept yet. Go on: the
	// next launch sends it.
	ErrQueued = errors.New("queued: kept later, go on")
	// ErrNotReady: the launch may not go live as it is. The error says what it lacks.
	ErrNotReady = errors.New("not ready to launch")
	// ErrUnknown: nothing of that name was ever promoted.
	ErrUnknown = errors.New("no such launch")
)

// Signal is what the scorecard came to.
type Signal string

// The signals.
const (
	Green  Signal = "green"
	Yellow Signal = "yellow"
	Red    Signal = "red"
)

// Launch is a service that was given the go.
type Launch struct {
	ID         string    // such as L-2026-0811-payments
	Service    string    // as in the catalogue
	Image      string    // with its digest
	GivenBy    string    // the board, or a team that may give itself the go
	GivenAt    time.Time // when
	Signal     Signal
	Weeks      int      // how many in a row the signal has been yellow
	Countries  []string // ISO 3166
	Exception  string   // of the executive who overruled the signal, if one did
	Scorecards []string // files that the board looked at
}

// Receipt is what to keep with the deployment.
type Receipt struct {
	Number    int64 // of the launch, in the company's record
	Address   string
	KeptUntil time.Time
}

// Rollback is a launch that was taken back.
type Rollback struct {
	ID       string // of the rollback, such as rb-7501
	LaunchID string
	Ticket   string // the incident's, if there is one
	Why      string
	By       string // who answers for it
}

// Launched is a launch as it was promoted, proven to be what it was then.
type Launched struct {
	Number   int64
	Document []byte // what was recorded when the go was given
	Proven   bool
	Problem  string // why it is not, if it is not
}

// packet makes the document that is kept. The same launch gives the same bytes.
func (l Launch) packet() (archive.Packet, error) {
	document, err := json.MarshalIndent(map[string]any{
		"promotion_packet_id":        l.ID,
		"promotion_type":             "production_deploy",
		"promotion_decision":         "promote",
		"promotion_decision_at_utc":  l.GivenAt.UTC().Format(time.RFC3339Nano),
		"closure_reliability_state":  l.Signal,
		"consecutive_yellow_windows": l.Weeks,
		"jurisdictions":              append([]string{}, l.Countries...),
		"executive_exception_id":     l.Exception,
		"decision_owner":             l.GivenBy,
		"service":                    l.Service,
		"artifact":                   l.Image,
	}, "", "  ")
	if err != nil {
		return archive.Packet{}, err
	}
	p, err := archive.ParseJSON(document)
	if err != nil {
		return archive.Packet{}, err
	}
	for _, file := range l.Scorecards {
		p = p.With(archive.FileExhibit(file))
	}
	return p, nil
}
