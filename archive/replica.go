package archive

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Replica is a second copy of an archive, in a bucket of its own: in another region, of
// another cloud, or a directory. It has the same objects under the same keys, locked at
// least as firmly, and the same log, and it remembers how long that was: whoever cuts rows
// off the primary does not change the copy.
//
// The copy is an archive as any other. When the primary is down, [Open] its bucket and
// Retrieve and Confirm by the same archive_uri: what pins a version of the primary is found
// there by its key, and held to the same digest.
//
// The bucket needs a name of its own, for addresses must be told apart. Nothing but
// [Replica.Replicate] may write to it, and Replicate only reads the primary: the auditor's
// permissions are enough there, and whoever may write to the primary need have none here.
// On the copy it needs the replicator's: package retention/policy/render makes both.
type Replica struct {
	from, to *Archive
}

// OpenReplica opens the bucket that a URL names, as [Open] does, as the archive's copy.
func (a *Archive) OpenReplica(ctx context.Context, url string) (*Replica, error) {
	store, err := worm.Open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("archive: open replica: %w", err)
	}
	r, err := a.Replica(store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return r, nil
}

// Replica is [Archive.OpenReplica] over a store the caller has opened. Closing the replica
// closes it. A bucket that cannot keep the locks of the policy is refused, unless
// Config.UnsafeWithoutLocks is set.
func (a *Archive) Replica(store *worm.Store) (*Replica, error) {
	address := a.store.URI(worm.Ref{Key: "log"})
	if _, err := store.ParseURI(address); err == nil {
		return nil, fmt.Errorf("archive: open replica: it has the address of the primary, %s: give it a bucket of another name", address)
	}
	cfg := a.cfg
	cfg.Signer, cfg.Verifier = nil, a.verifier
	to, err := OpenStore(store, cfg)
	if err == nil {
		err = to.keepsLocks()
	}
	if err != nil {
		return nil, fmt.Errorf("archive: open replica: %w", err)
	}
	return &Replica{from: a, to: to}, nil
}

// Archive returns the copy, to read from.
func (r *Replica) Archive() *Archive { return r.to }

// Close closes the copy; the primary stays open.
func (r *Replica) Close() error { return r.to.Close() }

// Verify is [Archive.Verify] of the primary, held to what the replica remembers of it:
// its head, and the latest head that was signed there. Rows that were cut off the end of
// the primary, or rewritten together with all that came after, are named, and so is a mark
// that was rolled back.
func (r *Replica) Verify(ctx context.Context, how ...VerifyOption) (_ Report, err error) {
	ctx, op := r.from.watch.begin(ctx, "verify archive")
	defer func() { r.from.watch.end(ctx, op, err) }()
	kept, damage, err := r.anchors(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("archive: verify against the replica: %w", err)
	}
	report, err := r.from.verify(ctx, kept, how)
	if err != nil && !errors.Is(err, ErrNotConfirmed) {
		return report, err
	}
	c := comparing{replica: r}
	if err := c.folder(ctx, marksFolder); err != nil {
		return report, fmt.Errorf("archive: verify against the replica: %w", err)
	}
	report.Findings = append(report.Findings, append(damage, c.Findings...)...)
	return report, report.verdict("verify against the replica")
}

// anchors are what the replica remembers of the log, and what is wrong with that.
func (r *Replica) anchors(ctx context.Context) (kept []exportlog.Anchor, damage []exportlog.Finding, err error) {
	head, err := r.to.log.Head(ctx)
	var damaged *exportlog.DamagedError
	switch {
	case errors.As(err, &damaged):
		damage = onReplica(damaged.Findings)
	case err != nil:
		return nil, nil, err
	case head.Size > 0:
		kept = append(kept, exportlog.Anchor{Head: head, Source: "the replica"})
	}
	if r.to.cfg.Checkpoints == nil {
		return kept, damage, nil
	}
	c, err := r.to.log.LatestCheckpoint(ctx)
	switch {
	case errors.Is(err, worm.ErrNotFound):
	case errors.Is(err, exportlog.ErrNoProof):
		damage = append(damage, exportlog.Finding{Kind: exportlog.BadCheckpoint, Object: checkpointsFolder, Problem: "on the replica: " + err.Error()})
	case err != nil:
		return nil, nil, err
	default:
		kept = append(kept, exportlog.Anchor{Head: exportlog.Head{Size: c.Size, Root: c.Root}, Source: "the checkpoint signed on the replica"})
	}
	return kept, damage, nil
}

func onReplica(findings []exportlog.Finding) []exportlog.Finding {
	named := make([]exportlog.Finding, len(findings))
	for i, f := range findings {
		f.Problem = "on the replica: " + f.Problem
		named[i] = f
	}
	return named
}
