package archive

import (
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// What a caller decides on. Test with errors.Is; [PacketError] and
// [NotConfirmedError] carry the evidence.
var (
	// ErrMalformed: the packet cannot be read: not UTF-8, not JSON or CSV, a
	// repeated field, or a value of the wrong form.
	ErrMalformed = errors.New("malformed")
	// ErrMissing: a field that every packet needs is missing or empty.
	ErrMissing = errors.New("missing")
	// ErrNotFinal: the decision has not been taken yet.
	ErrNotFinal = errors.New("not final")
	// ErrUnknownDecision: the policy says nothing about this promotion_decision.
	ErrUnknownDecision = errors.New("unknown decision")
	// ErrRefused: the policy does not export packets with this promotion_decision.
	ErrRefused = errors.New("refused by policy")
	// ErrBadID: the promotion_packet_id cannot name a folder.
	ErrBadID = errors.New("bad id")
	// ErrBadExhibit: an exhibit cannot be read, or its name cannot be used.
	ErrBadExhibit = errors.New("bad exhibit")
	// ErrTooLarge: a packet is beyond this package's bounds.
	ErrTooLarge = errors.New("too large")
	// ErrReadOnly: the archive was opened without a signer or an operator.
	ErrReadOnly = errors.New("opened for reading only")
	// ErrNotArchived: no export has this archive_uri.
	ErrNotArchived = errors.New("not archived here")
	// ErrNotLocked: an object is stored, and the bucket does not say that it is locked
	// as it was to be. There is no row, so it is no export.
	ErrNotLocked = errors.New("NOT locked")
	// ErrPending: the packets are in the spool and not exported. See [PendingError].
	ErrPending = errors.New("pending, NOT exported")
	// ErrNotConfirmed: something is not as it was exported.
	ErrNotConfirmed = errors.New("not confirmed")
)

// PacketError says which packet, and which of its fields, cannot be exported
// and why. It unwraps to one of the sentinels above.
type PacketError struct {
	PromotionPacketID string // empty when it could not be read
	Source            string // where the packet came from, such as a file or a row; may be empty
	Field             string // empty when the packet as a whole is meant
	Err               error
}

func (e *PacketError) Error() string {
	var b strings.Builder
	b.WriteString("packet")
	if e.PromotionPacketID != "" {
		fmt.Fprintf(&b, " %.80q", e.PromotionPacketID)
	}
	if e.Source != "" {
		fmt.Fprintf(&b, " (%s)", e.Source)
	}
	if e.Field != "" {
		fmt.Fprintf(&b, ": %s", e.Field)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return b.String()
}

// Unwrap returns what is wrong.
func (e *PacketError) Unwrap() error { return e.Err }

// NotConfirmedError lists what is not as it was exported. It matches
// [ErrNotConfirmed] and, where a manifest does not verify, the error of package
// manifest that says why, such as manifest.ErrNotOwner.
type NotConfirmedError struct {
	Findings []exportlog.Finding

	causes []error // of findings about manifests
}

func (e *NotConfirmedError) Error() string {
	texts := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		texts[i] = f.String()
	}
	return fmt.Sprintf("%v: %s", ErrNotConfirmed, strings.Join(texts, "; "))
}

// Is matches ErrNotConfirmed.
func (e *NotConfirmedError) Is(target error) bool { return target == ErrNotConfirmed }

// Unwrap returns why manifests do not verify.
func (e *NotConfirmedError) Unwrap() []error { return e.causes }
