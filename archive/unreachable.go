package archive

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// waiting mends nothing: these are wrong with the packet, the configuration or the
// evidence, and somebody has to know at once. They are looked for first, for an error
// may match some of both.
var waitingMendsNothing = []error{
	ErrMalformed, ErrMissing, ErrNotFinal, ErrUnknownDecision, ErrRefused, ErrBadID, ErrBadExhibit, ErrTooLarge, ErrReadOnly, ErrNotLocked,
	policy.ErrNotAllowed,
	worm.ErrUnsupported, worm.ErrCorrupt, worm.ErrExists, worm.ErrBadKey, worm.ErrLocked, worm.ErrWouldWeaken,
	exportlog.ErrDamaged, exportlog.ErrBadRow, exportlog.ErrClosed,
	manifest.ErrMalformed, manifest.ErrBadSignature, manifest.ErrUnknownKey, manifest.ErrUnsupportedKey, manifest.ErrUnknownKMS,
	manifest.ErrUnknownIdentity, manifest.ErrNotLogged,
}

// outages pass. An outcome that is not known is one of them: exporting the packet
// again settles it, whenever that is.
var outages = []error{
	context.DeadlineExceeded, context.Canceled,
	worm.ErrUnavailable, worm.ErrOutcomeUnknown, worm.ErrConflict, exportlog.ErrOutcomeUnknown,
	manifest.ErrNoSignature, manifest.ErrNoTimestamp, errNoSigner,
	io.ErrUnexpectedEOF, syscall.ESTALE, syscall.EIO, syscall.ENOTCONN, syscall.EHOSTDOWN,
}

// unreachable reports whether an export failed because the bucket, the key or a
// timestamp authority could not be reached. Everything that is not known to be an
// outage is none: an error that hides in a spool until the spool is full is worse than
// one that stops a release. A permission that is missing is such an error.
func unreachable(err error) bool {
	return !isAny(err, waitingMendsNothing) && (isAny(err, outages) || errors.As(err, new(net.Error)))
}

func isAny(err error, targets []error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
