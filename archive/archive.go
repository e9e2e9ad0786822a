package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/exportlog/telemetry"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Config is how an archive is used. To export, Signer and Operator are
// required; to retrieve and verify, a Verifier (or a Signer) is.
type Config struct {
	Policy   *policy.Policy     // nil is policy.Default
	Signer   *manifest.Signer   // signs each batch's manifest
	Verifier *manifest.Verifier // who is trusted; nil trusts the Signer alone. What it does not trust is not exported either
	Operator string             // export_operator_ack: who, or what pipeline, answers for the exports
	Clock    func() time.Time   // nil is time.Now

	// Checkpoints is the log's own key; nil signs and verifies no checkpoints.
	Checkpoints *exportlog.CheckpointKey

	// UnsafeWithoutLocks exports to a bucket that cannot lock what the policy wants
	// locked. Whatever the bucket cannot keep is left out, and each manifest says
	// so among its reasons. Without it such a bucket is not opened for exporting, and
	// one that takes a lock and then does not say that it is in force is [ErrNotLocked].
	UnsafeWithoutLocks bool

	// Spool is where packets wait while the bucket or the key does not answer. With its
	// zero value, Export fails then.
	Spool Spool

	// Telemetry is where exports, their stages and what else is done are reported, as
	// "Watching it" above says; its zero value reports nothing.
	Telemetry telemetry.Config
}

// Archive is one bucket of evidence. It is safe for concurrent use, and any
// number of processes may use the same bucket at once.
type Archive struct {
	store    *worm.Store
	log      *exportlog.Log
	policy   *policy.Policy
	signer   *manifest.Signer
	verifier *manifest.Verifier
	operator string
	clock    func() time.Time
	lockable func(retention.Lock) retention.Lock // what of a lock the bucket can keep
	cfg      Config                              // as given
	unsafe   bool                                // as Config.UnsafeWithoutLocks
	spool    *spooler                            // nil for none
	watch    watch
}

// Open opens the bucket that a gocloud-style URL names, such as
// file:///var/lib/evidence or s3://release-evidence?region=eu-west-1. The driver
// for the URL's scheme must be linked, by blank import of its package below
// retention/worm.
//
// The bucket is asked what it can do; nothing in it is read or written yet. If exports are
// to go there, one that cannot keep the locks that the policy asks for is refused, with an
// error that matches [worm.ErrUnsupported] and says what to enable: see
// [Config.UnsafeWithoutLocks].
//
// With [Config.Spool], a bucket that does not answer is opened all the same: exports
// wait in the spool until it does.
func Open(ctx context.Context, url string, cfg Config) (*Archive, error) {
	store, err := openStore(ctx, url, cfg.Spool)
	if err != nil {
		return nil, fmt.Errorf("archive: open: %w", err)
	}
	a, err := OpenStore(store, cfg)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return a, nil
}

// OpenStore is [Open] over a store the caller has opened. Closing the archive
// closes it.
func OpenStore(store *worm.Store, cfg Config) (*Archive, error) {
	a := &Archive{
		store:    store,
		policy:   cfg.Policy,
		signer:   cfg.Signer,
		verifier: cfg.Verifier,
		operator: cfg.Operator,
		clock:    cfg.Clock,
		cfg:      cfg,
		unsafe:   cfg.UnsafeWithoutLocks,
		watch:    newWatch(cfg.Telemetry),
	}
	if a.policy == nil {
		a.policy = policy.Default()
	}
	if a.clock == nil {
		a.clock = time.Now
	}
	if a.verifier == nil && a.signer != nil {
		a.verifier = a.signer.Verifier()
	}
	if err := a.checkLocks(cfg); err != nil {
		return nil, err
	}
	var err error
	if a.spool, err = openSpool(cfg.Spool); err != nil {
		return nil, fmt.Errorf("archive: open: %w", err)
	}
	a.log = exportlog.Open(store, exportlog.Config{Clock: a.clock, Checkpoints: cfg.Checkpoints, Telemetry: cfg.Telemetry, Lock: func(at time.Time) retention.Lock {
		return a.lockable(a.policy.Matrix().Longest(at))
	}})
	return a, nil
}

// checkLocks refuses to export to a bucket that cannot keep what the matrix asks
// for, unless that is wanted.
func (a *Archive) checkLocks(cfg Config) error {
	caps := a.store.Capabilities()
	a.lockable = func(l retention.Lock) retention.Lock {
		if caps.Retention == worm.Absent {
			l.Mode, l.Until = retention.None, time.Time{}
		}
		l.LegalHold = l.LegalHold && caps.LegalHold != worm.Absent
		return l
	}
	if cfg.Signer == nil {
		return nil
	}
	return a.keepsLocks()
}

// keepsLocks refuses a bucket that cannot keep what the matrix asks for.
func (a *Archive) keepsLocks() error {
	want, caps := a.policy.Matrix().Strongest(a.clock()), a.store.Capabilities()
	if a.cfg.UnsafeWithoutLocks || a.lockable(want).Covers(want) {
		return nil
	}
	return fmt.Errorf("archive: open: %w: the policy's matrix asks for locks up to %s, and the bucket cannot keep them: %s", worm.ErrUnsupported, want, caps.Advice)
}

// Log returns the bucket's export log.
func (a *Archive) Log() *exportlog.Log { return a.log }

// Telemetry returns Config.Telemetry, for what is built on an archive to report to.
func (a *Archive) Telemetry() telemetry.Config { return a.cfg.Telemetry }

// Policy returns the policy in force.
func (a *Archive) Policy() *policy.Policy { return a.policy }

// Close waits for writes in flight, and for what is derived from the log in the
// background, and releases what the bucket's driver holds open. An error means that
// a derived object in the bucket is not what the log says: see [exportlog.Log.Close].
//
// With [Config.Spool] it also waits, for no longer than [Spool.Patience], until what
// an export found waiting is exported. That some of it is waiting still is no error.
func (a *Archive) Close() error {
	return errors.Join(a.spool.close(), a.log.Close(), a.store.Close())
}
