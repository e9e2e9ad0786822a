package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Replication says how an archive is copied. Its zero value copies what is new.
type Replication struct {
	// Again is the row from which exports are looked at once more that the copy has
	// already: what is missing of them is copied, and locks are made as strong as they
	// should be. 0 looks at new rows alone.
	Again int64

	// Releases takes legal holds off the copy's objects too, when they were released.
	// Without it what was once held on the copy stays so: whoever gets at the holds of the
	// primary does not get at those of the copy.
	Releases bool

	// Progress is told about once a second how far it has come; nil tells nobody. It is
	// called by one goroutine at a time. It costs a request more.
	Progress func(Progress)
}

// Replicated is what Replicate did.
type Replicated struct {
	exportlog.Followed
	Objects    int                  // that were copied
	Bytes      int64                // of these
	Already    int                  // objects that the copy had
	Checkpoint exportlog.Checkpoint // the head signed on the copy; zero without a private key
	Findings   []exportlog.Finding  // objects that could not be copied because they are not what was exported
}

// Replicate brings the copy up to the primary: for each row of the primary's log that the
// copy's has not, first the objects it points to, then the row. The bytes are held to the
// signed manifest's digests as they stream through. Objects are locked as they are on the
// primary, and no less than the log promises; holds and extensions are applied to objects
// copied earlier. At the end the copy's head is signed and kept there, if
// Config.Checkpoints has the private key.
//
// Nothing is ever overwritten, and the copy never has a row whose evidence it was not
// given. Whatever ends Replicate, the same call goes on where it stopped. A copy that is cut
// off says of itself what is missing, for its manifests know of the rows to come. When both
// are in step it costs two requests, and four more where there is a key for checkpoints.
//
// A primary whose log was cut off or rewritten is an [exportlog.DamagedError], and nothing
// is copied. An object that is not what was exported is left out, named in Findings, and
// the error is then a [NotConfirmedError]: the rest is copied all the same.
func (r *Replica) Replicate(ctx context.Context, how Replication) (done Replicated, err error) {
	ctx, op := r.from.watch.begin(ctx, "replicate archive")
	defer func() { r.from.watch.replicated(ctx, op, done, err) }()
	c := &copying{replica: r, done: map[string]retention.Lock{}, tell: progressTo(how.Progress)}
	err = c.run(ctx, how)
	if err == nil && len(c.report.Findings) > 0 {
		err = &NotConfirmedError{Findings: c.report.Findings}
	}
	if err != nil {
		return c.report, fmt.Errorf("archive: replicate: %w", err)
	}
	return c.report, nil
}

// copying is one run of Replicate.
type copying struct {
	replica *Replica
	longest strongest // of the extensions copied

	tell         *teller
	first, until int64 // rows that are looked at, if somebody is told

	mu       sync.Mutex
	seen     int64 // of these
	report   Replicated
	done     map[string]retention.Lock // objects of the rows in hand
	released []int64                   // exports
}

func (c *copying) run(ctx context.Context, how Replication) error {
	if c.replica.from.verifier == nil {
		return errors.New("Config.Verifier is not set: what is copied must be verified")
	}
	if how.Again > 0 {
		if err := c.again(ctx, how.Again); err != nil {
			return err
		}
	}
	var err error
	if c.report.Followed, err = c.replica.to.log.Follow(ctx, c.replica.from.log, c.rows); err != nil {
		return err
	}
	if lock := c.longest.lock; lock != (retention.Lock{}) {
		if _, err := c.replica.to.log.Strengthen(ctx, c.replica.to.lockable(lock)); err != nil {
			return err
		}
	}
	if how.Releases {
		if err := c.release(ctx); err != nil {
			return err
		}
	}
	return c.sign(ctx)
}

// sign keeps a signed head on the copy, if it does not have it yet.
func (c *copying) sign(ctx context.Context) error {
	log, key := c.replica.to.log, c.replica.to.cfg.Checkpoints
	if !key.CanSign() || c.report.Head.Size == 0 {
		return nil
	}
	latest, err := log.LatestCheckpoint(ctx)
	if err != nil && !errors.Is(err, worm.ErrNotFound) {
		return err
	}
	if latest.Size < c.report.Head.Size {
		latest, err = log.Checkpoint(ctx)
		if err != nil {
			return err
		}
	}
	c.report.Checkpoint = latest
	return nil
}

// again looks at the exports that the copy has rows of already.
func (c *copying) again(ctx context.Context, from int64) error {
	var rows []exportlog.Row
	for row, err := range c.replica.to.log.Rows(ctx, from) {
		if err != nil {
			return err
		}
		if rows = append(rows, row); len(rows) == maxJob {
			if err := c.rows(ctx, rows); err != nil {
				return err
			}
			rows = nil
		}
	}
	return c.rows(ctx, rows)
}

// rows copies what rows point to, and applies what they say of earlier ones.
func (c *copying) rows(ctx context.Context, rows []exportlog.Row) error {
	c.done = map[string]retention.Lock{}
	if err := c.expect(ctx, rows); err != nil {
		return err
	}
	manifests := c.replica.from.newManifestReader()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelPackets)
	changed := map[int64]bool{}
	for _, row := range rows {
		switch row.Kind {
		case exportlog.KindExport:
			g.Go(func() error {
				defer c.passed()
				return c.export(gctx, manifests, row, exportlog.PromiseOf(row, nil).Lock)
			})
			continue
		case exportlog.KindExtend:
			c.longest.note(retention.Lock{Mode: row.RetentionMode, Until: row.RetainUntilUTC})
			changed[row.SubjectExportRowID] = true
		case exportlog.KindHold:
			changed[row.SubjectExportRowID] = true
		case exportlog.KindRelease:
			c.released = append(c.released, row.SubjectExportRowID)
		}
		c.passed()
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for id := range changed {
		now, err := c.replica.from.log.CurrentOf(ctx, id)
		if err != nil {
			return err
		}
		if err := c.export(ctx, manifests, now.Exported, now.Promise.Lock); err != nil {
			return err
		}
	}
	return nil
}

// expect finds out how many rows there are to look at, if somebody is told.
func (c *copying) expect(ctx context.Context, rows []exportlog.Row) error {
	if c.tell == nil || c.first > 0 || len(rows) == 0 {
		return nil
	}
	head, err := c.replica.from.log.Head(ctx)
	c.first, c.until = rows[0].ExportRowID, head.Size
	return err
}

// passed says that one more row was looked at.
func (c *copying) passed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen++
	c.tell.tell(Progress{Stage: StageCopying, Done: c.seen, Of: c.until - c.first + 1})
}

// release takes holds off the copy's objects that the copy's log knows to be released.
func (c *copying) release(ctx context.Context) error {
	to := c.replica.to
	manifests := to.newManifestReader()
	var free []target
	slices.Sort(c.released)
	for _, id := range slices.Compact(c.released) {
		now, err := to.log.CurrentOf(ctx, id)
		if err != nil {
			return err
		}
		if now.Held() {
			continue
		}
		refs, err := manifests.refs(ctx, now.Exported)
		if err != nil {
			return err
		}
		free = append(free, target{Current: now, refs: refs})
	}
	if len(free) == 0 {
		return nil
	}
	for _, f := range to.letGo(ctx, free) {
		return f.Err
	}
	return nil
}
