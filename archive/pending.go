package archive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/holdfast-archive/holdfast/archive/spool"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Spool is a directory of this machine in which packets and exhibits wait, durably,
// while the bucket, the key or a timestamp authority cannot be reached. Its zero value
// is none: exports fail then. See package spool for what lies in it.
//
// What is spooled is what an outage holds up: no answer within the caller's deadline,
// a network that fails, a store that answers that it is busy, an outcome that is not
// known, a key that does not sign. What waiting does not mend is an error as ever, and
// is not spooled: a bad packet, an operator whom the policy does not allow, a bucket
// that cannot lock, a permission that is missing, a log that is damaged.
//
// Give each bucket a spool of its own, on a disk that outlives the process. Without a
// [Config.Signer] every packet goes to the spool, as on a machine that must not have
// the key, or on which a key service could not be opened; whoever has the key flushes.
type Spool struct {
	Dir        string // made if it is not there; empty for no spool
	MaxBytes   int64  // 0 is 1 GiB
	MaxEntries int    // 0 is 10,000

	// Reserve is what is left of the caller's deadline for writing to the spool; 0 is 5
	// seconds. No more than half of the time that there is, is reserved. The write is
	// not cut off before this time is over, even if the caller's context is.
	Reserve time.Duration

	// Patience is how long an export is tried, if the caller's deadline does not end it
	// sooner; 0 is a minute.
	Patience time.Duration
}

func (s Spool) withDefaults() Spool {
	if s.Reserve == 0 {
		s.Reserve = 5 * time.Second
	}
	if s.Patience == 0 {
		s.Patience = time.Minute
	}
	return s
}

// attempt is ctx for what may not be reached: it ends while there is time to spool.
func (s Spool) attempt(ctx context.Context) (context.Context, context.CancelFunc) {
	patience := s.Patience
	if end, ok := ctx.Deadline(); ok {
		left := time.Until(end)
		patience = min(patience, left-min(s.Reserve, left/2))
	}
	return context.WithTimeout(ctx, patience)
}

// Pending is a packet that waits in the spool. It is no receipt: nothing is locked,
// signed or logged.
type Pending struct {
	PromotionPacketID      string
	PromotionDecisionAtUTC time.Time // the delay that the policy allows counts from here
	ExportOperatorAck      string    // who will answer for the export
	Entry                  string    // its folder in the spool
	Bytes                  int64
	SpooledAt              time.Time
}

func pendingOf(e spool.Entry) Pending {
	return Pending{
		PromotionPacketID: e.PromotionPacketID, PromotionDecisionAtUTC: e.PromotionDecisionAtUTC, ExportOperatorAck: e.ExportOperatorAck,
		Entry: e.Name, Bytes: e.Bytes, SpooledAt: e.SpooledAt,
	}
}

// PendingError says that packets were not exported, and that each is safe in the
// spool. It matches [ErrPending], and Cause says what could not be reached. It is an
// error so that nobody who looks for errors takes it for an export, and of its own
// type so that a deploy tool can let the release go on:
//
//	receipt, err := a.Export(ctx, packet)
//	if errors.Is(err, archive.ErrPending) {
//		log.Print(err) // the evidence is safe here, and will be exported, and shown, late
//	} else if err != nil {
//		return err // there is no evidence: stop
//	}
type PendingError struct {
	Dir     string
	Pending []Pending // the packets of the call, in its order; of a batch, some may be exported by now
	Cause   error
}

func (e *PendingError) Error() string {
	waiting := fmt.Sprintf("packet %.80q", e.Pending[0].PromotionPacketID)
	if n := len(e.Pending); n > 1 {
		waiting += fmt.Sprintf(" and %d more", n-1)
	}
	return fmt.Sprintf("%v: waiting in the spool %s until Flush or the next export: %s: %v", ErrPending, e.Dir, waiting, e.Cause)
}

// Is matches ErrPending.
func (e *PendingError) Is(target error) bool { return target == ErrPending }

// Unwrap returns what could not be reached.
func (e *PendingError) Unwrap() error { return e.Cause }

var errNoSigner = errors.New("nobody here can sign: no Config.Signer")

// spooler is an archive's spool.
type spooler struct {
	Spool
	spool *spool.Spool

	mu       sync.Mutex // guards closed
	closed   bool
	draining sync.WaitGroup
	damage   error // found while draining in the background
}

func openSpool(cfg Spool) (*spooler, error) {
	if cfg.Dir == "" {
		return nil, nil
	}
	s, err := spool.Open(cfg.Dir, spool.Limits{MaxBytes: cfg.MaxBytes, MaxEntries: cfg.MaxEntries})
	if err != nil {
		return nil, err
	}
	return &spooler{Spool: cfg.withDefaults(), spool: s}, nil
}

// openStore opens a bucket; with a spool, also one that does not answer.
func openStore(ctx context.Context, url string, cfg Spool) (*worm.Store, error) {
	if cfg.Dir == "" {
		return worm.Open(ctx, url)
	}
	try, cancel := cfg.withDefaults().attempt(ctx)
	defer cancel()
	store, err := worm.Open(try, url)
	if err != nil && unreachable(err) {
		return worm.OpenLate(url), nil
	}
	return store, err
}

// exportOrSpool exports packets or, if that is wanted and the only way, spools them.
func (a *Archive) exportOrSpool(ctx context.Context, packets []Packet) (receipts []Receipt, err error) {
	ctx, op := a.watch.begin(ctx, "export packets", packetAttributes(packets)...)
	defer func() { a.watch.exportEnded(ctx, op, packets, receipts, err) }()
	items, err := a.admitted(ctx, packets)
	if err != nil {
		return nil, err
	}
	if a.spool == nil {
		return a.export(ctx, a.operator, items)
	}
	if receipts, err = a.tryExport(ctx, items); err == nil {
		a.drainSoon()
		return receipts, nil
	}
	if !unreachable(err) {
		return nil, err
	}
	return nil, a.putAside(ctx, items, err)
}

func (a *Archive) tryExport(ctx context.Context, items []*item) ([]Receipt, error) {
	if a.signer == nil {
		return nil, errNoSigner
	}
	ctx, cancel := a.spool.attempt(ctx)
	defer cancel()
	return a.export(ctx, a.operator, items)
}

// putAside spools packets because of cause, and returns a PendingError only if all of
// them are safe. The caller's time may be over: this has its own.
func (a *Archive) putAside(ctx context.Context, items []*item, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.spool.Reserve)
	defer cancel()
	pending := &PendingError{Dir: a.spool.spool.Dir(), Cause: cause}
	for i, it := range items {
		e, err := a.spool.spool.Add(ctx, a.entry(it))
		if errors.Is(err, spool.ErrChanged) {
			err = it.packet.problem("exhibits", fmt.Errorf("%w: it changed while it was being exported: %w", ErrBadExhibit, err))
		}
		if err != nil {
			return fmt.Errorf("not exported: %w; and not all spooled (%d of %d packets are): %w", cause, i, len(items), err)
		}
		pending.Pending = append(pending.Pending, pendingOf(e))
	}
	return pending
}
