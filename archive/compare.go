package archive

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// The kinds of difference between an archive and its replica, beside those of evidence
// and of the log.
const (
	CopyDiffers   exportlog.FindingKind = "copy differs"    // the two have other bytes under one key
	CopyMissing   exportlog.FindingKind = "copy missing"    // the replica has the row, and not what it points to
	LostByPrimary exportlog.FindingKind = "lost by primary" // the replica has what the primary has no more
)

// The folders of the log that are compared. What else is derived from the rows, each log's
// own Verify holds to them.
const (
	commitsFolder     = "log/commits/"
	checkpointsFolder = "log/checkpoints/"
	marksFolder       = "log/head/"
)

// Comparison says how an archive and its replica are compared.
type Comparison struct {
	// ByRecord compares the digests that both stores recorded when the objects were
	// stored, where they keep any, and reads no bytes then. It is cheap, and believes
	// both stores.
	ByRecord bool

	// Progress is told about once a second how many objects were compared; nil tells
	// nobody. It is called by one goroutine at a time.
	Progress func(Progress)
}

// Compared is how an archive and its replica differ.
type Compared struct {
	Primary, Replica exportlog.Head // zero for a log that is damaged
	Objects          int            // that both have, compared
	Waiting          []string       // keys that the primary has and no row of the replica points to: not copied yet, or left by an export that was cut off
	Findings         []exportlog.Finding
}

// Behind is how many rows the replica has not yet.
func (c Compared) Behind() int64 { return max(c.Primary.Size-c.Replica.Size, 0) }

// Compare names every difference between an archive and its replica: rows that either has
// lost, objects that either lacks or has other bytes of, locks and holds that are weaker on
// the replica, marks that were rolled back. What was only not copied yet is in Waiting, and
// no difference. Both are listed in step, so that memory does not grow with them.
//
// Every object takes two requests for its state, and two more to read it unless ByRecord
// is set. A difference is a [NotConfirmedError]; any other error means that Compare could
// not find out. What both have lost, or both have wrong, is for Verify to find.
func (r *Replica) Compare(ctx context.Context, how Comparison) (compared Compared, err error) {
	ctx, op := r.from.watch.begin(ctx, "compare replica")
	defer func() { r.from.watch.compared(ctx, op, compared, err) }()
	c := comparing{replica: r, how: how, tell: progressTo(how.Progress)}
	if err := c.run(ctx); err != nil {
		return c.Compared, fmt.Errorf("archive: compare with replica: %w", err)
	}
	if len(c.Findings) > 0 {
		return c.Compared, fmt.Errorf("archive: compare with replica: %w", &NotConfirmedError{Findings: c.Findings})
	}
	return c.Compared, nil
}

// comparing is one run of Compare.
type comparing struct {
	Compared
	replica *Replica
	how     Comparison
	tell    *teller
	ends    commitEnds

	mu sync.Mutex
}

func (c *comparing) run(ctx context.Context) error {
	if c.replica.from.verifier == nil {
		return errors.New("Config.Verifier is not set: what rows point to cannot be told")
	}
	if err := c.heads(ctx); err != nil {
		return err
	}
	for _, folder := range []string{commitsFolder, checkpointsFolder, marksFolder, manifests, packets} {
		if err := c.folder(ctx, folder); err != nil {
			return err
		}
	}
	return nil
}

// heads reads both logs to their ends.
func (c *comparing) heads(ctx context.Context) error {
	for _, side := range []struct {
		archive *Archive
		head    *exportlog.Head
		name    func([]exportlog.Finding) []exportlog.Finding
	}{{c.replica.from, &c.Primary, slices.Clone[[]exportlog.Finding]}, {c.replica.to, &c.Replica, onReplica}} {
		head, err := side.archive.log.Head(ctx)
		var damaged *exportlog.DamagedError
		if errors.As(err, &damaged) {
			c.find(side.name(damaged.Findings)...)
			continue
		}
		if err != nil {
			return err
		}
		*side.head = head
	}
	return nil
}

// folder compares what lies in one folder of both.
func (c *comparing) folder(ctx context.Context, prefix string) error {
	from := len(c.Findings)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelChecks)
	err := inStep(gctx, c.replica.from.store, c.replica.to.store, prefix, func(key string, primary, replica bool) error {
		if prefix == commitsFolder {
			if err := c.commit(gctx, key, primary, replica); err != nil {
				return err
			}
		}
		switch {
		case primary && replica:
			g.Go(func() error { return c.object(gctx, key) })
		case primary:
			return c.onlyPrimary(gctx, prefix, key)
		case prefix != commitsFolder:
			c.onlyReplica(prefix, key)
		}
		return nil
	})
	if prefix == commitsFolder && err == nil {
		err = c.endOfCommits(gctx)
	}
	err = errors.Join(err, g.Wait())
	slices.SortStableFunc(c.Findings[from:], func(a, b exportlog.Finding) int { return cmp.Compare(a.Object, b.Object) })
	return err
}

// onlyPrimary looks at what the replica has not.
func (c *comparing) onlyPrimary(ctx context.Context, prefix, key string) error {
	switch prefix {
	case marksFolder, checkpointsFolder:
		return nil // copied or derived when it comes to that
	case commitsFolder:
		c.ends.ahead = append(c.ends.ahead, key)
		return nil
	}
	row, err := c.pointsTo(ctx, key)
	if err != nil {
		return err
	}
	if row == 0 {
		c.Waiting = append(c.Waiting, key)
		return nil
	}
	c.find(exportlog.Finding{Kind: CopyMissing, Object: key, ExportRowID: row, Problem: "the replica has the row and not this object of it: replicate once more, again from that row"})
	return nil
}

// onlyReplica looks at what the primary has not.
func (c *comparing) onlyReplica(prefix, key string) {
	f := exportlog.Finding{Kind: LostByPrimary, Object: key, Problem: "the replica has it and the primary does not: it was removed or hidden there"}
	switch prefix {
	case checkpointsFolder:
		return // the replica signs its own
	case marksFolder:
		f.Kind, f.Problem = exportlog.DerivedMissing, "the primary has no such mark and the replica does: it was rolled back, or what is derived was not written yet, which Seal does"
	}
	c.find(f)
}

// object compares what both have.
func (c *comparing) object(ctx context.Context, key string) error {
	ref := worm.Ref{Key: key}
	have, err := c.replica.from.store.State(ctx, ref)
	if err != nil {
		return c.unreadable(key, "the primary", err)
	}
	copied, err := c.replica.to.store.State(ctx, ref)
	if err != nil {
		return c.unreadable(key, "the replica", err)
	}
	c.lock(key, have, copied)
	same := have.Size == copied.Size
	if same {
		if same, err = c.sameBytes(ctx, have, copied); err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.Objects++
	c.tell.tell(Progress{Stage: StageComparing, Done: int64(c.Objects)})
	c.mu.Unlock()
	if !same {
		c.find(exportlog.Finding{Kind: CopyDiffers, Object: key, Problem: fmt.Sprintf("the primary (%d bytes) and the replica (%d bytes) have other contents: Verify of each says which is not what was exported", have.Size, copied.Size)})
	}
	return nil
}

func (c *comparing) lock(key string, have, copied worm.Object) {
	want := c.replica.to.lockable(have.Lock)
	if want.LegalHold && !copied.Lock.LegalHold {
		c.find(exportlog.Finding{Kind: NotHeld, Object: key, Problem: "under legal hold on the primary, and not on the replica"})
	}
	want.LegalHold = copied.Lock.LegalHold
	if !copied.Lock.Covers(want) {
		c.find(exportlog.Finding{Kind: WeakLock, Object: key, Problem: fmt.Sprintf("under %s on the primary, under %s on the replica", have.Lock, copied.Lock)})
	}
}

func (c *comparing) sameBytes(ctx context.Context, have, copied worm.Object) (bool, error) {
	if c.how.ByRecord && !have.SHA256.IsZero() && !copied.SHA256.IsZero() {
		return have.SHA256 == copied.SHA256, nil
	}
	a, err := digestOf(ctx, c.replica.from.store, have.Ref)
	if err != nil {
		return true, c.unreadable(have.Ref.Key, "the primary", err)
	}
	b, err := digestOf(ctx, c.replica.to.store, copied.Ref)
	if err != nil {
		return true, c.unreadable(copied.Ref.Key, "the replica", err)
	}
	return a == b, nil
}

// unreadable takes note of an object that one side cannot give, and returns other errors.
func (c *comparing) unreadable(key, side string, err error) error {
	if !errors.Is(err, worm.ErrNotFound) && !errors.Is(err, worm.ErrCorrupt) {
		return err
	}
	c.find(exportlog.Finding{Kind: harmOf(err), Object: key, Problem: fmt.Sprintf("on %s: %v", side, err)})
	return nil
}

func digestOf(ctx context.Context, store *worm.Store, ref worm.Ref) (worm.Digest, error) {
	body, err := store.Open(ctx, ref)
	if err != nil {
		return worm.Digest{}, err
	}
	defer body.Close()
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return worm.Digest{}, err
	}
	return worm.Digest(h.Sum(nil)), nil
}

func (c *comparing) find(f ...exportlog.Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Findings = append(c.Findings, f...)
}
