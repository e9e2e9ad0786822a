package archive

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/archive/spool"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// maxFlushBytes bounds the packets, without their exhibits, that are held at once.
const maxFlushBytes = 64 << 20

var errNoSpool = errors.New("no spool: set Config.Spool.Dir")

// Pending returns what waits in the spool, in the order of the decisions. If something
// there is damaged, the error says what, and the others are returned all the same.
func (a *Archive) Pending(ctx context.Context) ([]Pending, error) {
	if a.spool == nil {
		return nil, fmt.Errorf("archive: pending: %w", errNoSpool)
	}
	entries, err := a.spool.spool.Entries(ctx)
	pending := make([]Pending, len(entries))
	for i, e := range entries {
		pending[i] = pendingOf(e)
	}
	if err != nil {
		return pending, fmt.Errorf("archive: pending: %w", err)
	}
	return pending, nil
}

// Flush exports what waits in the spool, in the order of the decisions, and returns
// the receipts. As many packets as one manifest holds are signed together; those of
// different operators are signed apart, for each manifest names who answers for it.
// The rows have the time of the decision, as promotion_decision_at_utc, and when they
// were really exported.
//
// A packet leaves the spool when its row is in the log. A process killed in between
// finds it there and in the log, and takes it out. One process flushes at a time; others
// wait for it, as long as ctx lasts.
//
// What cannot be exported stays, and the error says why: packets that are refused or
// damaged keep nobody else's from being exported. If the bucket or the key still
// cannot be reached, the error matches [ErrPending].
func (a *Archive) Flush(ctx context.Context) ([]Receipt, error) {
	if a.spool == nil {
		return nil, fmt.Errorf("archive: flush: %w", errNoSpool)
	}
	if a.signer == nil {
		return nil, fmt.Errorf("archive: flush: %w: set Config.Signer", ErrReadOnly)
	}
	claim, err := a.spool.spool.Claim(ctx)
	if err != nil {
		return nil, fmt.Errorf("archive: flush: %w", err)
	}
	receipts, err := a.flush(ctx, claim)
	if err = errors.Join(err, claim.Release()); err != nil {
		return receipts, fmt.Errorf("archive: flush: %w", err)
	}
	return receipts, nil
}

func (a *Archive) flush(ctx context.Context, claim *spool.Claim) (receipts []Receipt, err error) {
	ctx, op := a.watch.begin(ctx, "flush spool")
	defer func() { a.watch.flushed(ctx, op, receipts, err) }()
	entries, err := a.spool.spool.Entries(ctx)
	f := flusher{archive: a, claim: claim}
	if err != nil {
		f.problems = append(f.problems, err)
	}
	for _, group := range byOperator(entries) {
		for len(group) > 0 {
			if err := ctx.Err(); err != nil {
				return f.receipts, errors.Join(append(f.problems, fmt.Errorf("%w: %w", ErrPending, err))...)
			}
			n := f.take(ctx, group)
			if err := f.export(ctx); err != nil {
				return f.receipts, errors.Join(append(f.problems, err)...)
			}
			group = group[n:]
		}
	}
	return f.receipts, errors.Join(f.problems...)
}

// byOperator groups entries by who answers for them, keeping their order.
func byOperator(entries []spool.Entry) [][]spool.Entry {
	var groups [][]spool.Entry
	at := map[string]int{}
	for _, e := range entries {
		i, known := at[e.ExportOperatorAck]
		if !known {
			i = len(groups)
			at[e.ExportOperatorAck], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], e)
	}
	return groups
}

// flusher exports entries, as many as one manifest holds at a time.
type flusher struct {
	archive  *Archive
	claim    *spool.Claim
	operator string
	entries  []spool.Entry // those taken up
	items    []*item       // their packets
	receipts []Receipt
	problems []error
}

// take reads the first entries of one operator, as far as they go into one manifest,
// and returns how many it looked at. Those that cannot be exported are problems.
func (f *flusher) take(ctx context.Context, group []spool.Entry) int {
	f.operator, f.entries, f.items = group[0].ExportOperatorAck, nil, nil
	subjects, bytes := 0, int64(0)
	for n, e := range group {
		subjects, bytes = subjects+len(e.Files), bytes+e.Files[0].Size
		if n > 0 && (subjects > manifest.MaxSubjects || bytes > maxFlushBytes) {
			return n
		}
		it, err := f.archive.unspool(ctx, e)
		if err != nil && ctx.Err() != nil {
			return n // it may be nothing but the context's end
		}
		if err != nil {
			f.problems = append(f.problems, fmt.Errorf("spool entry %s stays: %w", e.Name, err))
			continue
		}
		f.entries, f.items = append(f.entries, e), append(f.items, it)
	}
	return len(group)
}

// unspool makes a spooled packet ready to be exported: what was admitted then is held
// to the policy of now.
func (a *Archive) unspool(ctx context.Context, e spool.Entry) (*item, error) {
	if err := a.policy.Allows(policy.Export, e.ExportOperatorAck); err != nil {
		return nil, err
	}
	p, err := a.packetOf(e)
	if err != nil {
		return nil, err
	}
	return a.prepareOne(ctx, p)
}

// export exports what was taken. Only an outage is an error: it ends the flush.
func (f *flusher) export(ctx context.Context) error {
	if len(f.items) == 0 {
		return nil
	}
	err := f.exportAll(ctx, f.entries, f.items)
	if err == nil || unreachable(err) || len(f.items) == 1 {
		return f.settle(err)
	}
	for i := range f.items { // one of them is the trouble: the others need not wait for it
		if err := f.settle(f.exportAll(ctx, f.entries[i:i+1], f.items[i:i+1])); err != nil {
			return err
		}
	}
	return nil
}

// settle passes on an outage and notes what is else wrong.
func (f *flusher) settle(err error) error {
	if err == nil {
		return nil
	}
	if unreachable(err) {
		return fmt.Errorf("%w: %w", ErrPending, err)
	}
	f.problems = append(f.problems, err)
	return nil
}

// exportAll exports packets, and takes them out of the spool when their rows are there.
func (f *flusher) exportAll(ctx context.Context, entries []spool.Entry, items []*item) error {
	receipts, err := f.archive.export(ctx, f.operator, items)
	if err != nil {
		return err
	}
	f.receipts = append(f.receipts, receipts...)
	for _, e := range entries {
		if err := f.claim.Remove(e); err != nil {
			f.problems = append(f.problems, fmt.Errorf("packet %.80q is exported, and its entry stays: %w", e.PromotionPacketID, err))
		}
	}
	return nil
}

// drainSoon flushes what waits, in the background, after an export that showed that
// all can be reached. If somebody is at it already, it does nothing.
func (a *Archive) drainSoon() {
	s := a.spool
	if n, err := s.spool.Waiting(); n == 0 && err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	claim, err := s.spool.TryClaim()
	if err != nil || claim == nil {
		return
	}
	s.draining.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.Patience)
		defer cancel()
		_, err := a.flush(ctx, claim)
		err = errors.Join(err, claim.Release())
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.damage = nil; !errors.Is(err, ErrPending) {
			s.damage = err
		}
	})
}

// close waits for what is being flushed, and says what is wrong beyond an outage.
func (s *spooler) close() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.draining.Wait()
	if s.damage != nil {
		return errors.Join(fmt.Errorf("archive: flush in the background: %w", s.damage), s.spool.Close())
	}
	return s.spool.Close()
}
