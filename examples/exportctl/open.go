package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/azureworm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/gcsworm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/s3worm"
)

// need is what a command does with the archive, and so what it must be given.
type need int

const (
	readLog      need = iota // the log, and states of objects: nobody's signature
	readEvidence             // manifests too: who is trusted
	change                   // holds, links, corrections: an operator
	spooling                 // exports that may wait in a spool: an operator
	signing                  // exports: an operator and a key
)

// open opens the archive for a command. The bucket is asked for one listing, so that
// one that cannot be reached, or is another one than was meant, is known at once.
func (t *tool) open(ctx context.Context, wanted need) (*archive.Archive, error) {
	cfg, err := t.config(ctx, wanted)
	if err != nil {
		return nil, err
	}
	store, err := t.store(ctx)
	if err != nil {
		return nil, err
	}
	a, err := archive.OpenStore(store, cfg)
	if err != nil {
		store.Close()
		return nil, err
	}
	return a, nil
}

// store opens the bucket and waits for its first answer.
func (t *tool) store(ctx context.Context) (*worm.Store, error) {
	if t.shared.bucket == "" {
		return nil, wrongUse("which bucket? Give --bucket URL, or set %s", variable("bucket"))
	}
	if !strings.Contains(t.shared.bucket, "://") {
		return nil, wrongUse("--bucket %q is no URL: write s3://NAME, gs://NAME, azblob://NAME or file:///PATH", t.shared.bucket)
	}
	return openStore(ctx, t.shared.bucket)
}

func openStore(ctx context.Context, url string) (*worm.Store, error) {
	ctx, cancel := firstAnswer(ctx, "the bucket")
	defer cancel()
	store, err := worm.Open(ctx, url)
	if err != nil {
		return nil, bucketError{url, overdue(ctx, err)}
	}
	for _, err := range store.List(ctx, "log/commits/") {
		if err != nil {
			store.Close()
			return nil, bucketError{url, overdue(ctx, err)}
		}
		break
	}
	return store, nil
}

// config makes the archive's configuration of the flags.
func (t *tool) config(ctx context.Context, wanted need) (archive.Config, error) {
	cfg := archive.Config{Operator: t.shared.operator, UnsafeWithoutLocks: t.shared.unlocked, Spool: archive.Spool{Dir: t.shared.spool}}
	var err error
	if cfg.Policy, err = t.loadPolicy(); err != nil {
		return cfg, err
	}
	if cfg.Checkpoints, err = t.checkpointKey(); err != nil {
		return cfg, err
	}
	if wanted >= change && cfg.Operator == "" {
		return cfg, wrongUse("who answers for this? Give --operator ROLE/NAME, or set %s", variable("operator"))
	}
	if wanted == readLog {
		return cfg, nil
	}
	trust, err := t.loadTrust()
	if err != nil {
		return cfg, err
	}
	if cfg.Verifier, err = trust.verifier(); err != nil {
		return cfg, err
	}
	// Whoever only reads, and has said who is trusted, needs no private key.
	if wanted >= change || cfg.Verifier == nil {
		if cfg.Signer, err = t.signer(ctx, trust); err != nil {
			return cfg, err
		}
	}
	switch {
	case wanted == signing && cfg.Signer == nil:
		return cfg, wrongUse("what signs? Give --key FILE, or set %s; `exportctl keys create` makes one", variable("key"))
	case wanted == readEvidence && cfg.Verifier == nil && cfg.Signer == nil:
		return cfg, wrongUse("whose signatures count? Give --trust holdfast.key.pub, or set %s", variable("trust"))
	}
	return cfg, nil
}

// loadPolicy reads the policy in force.
func (t *tool) loadPolicy() (*policy.Policy, error) {
	if t.shared.policy == "" {
		return policy.Default(), nil
	}
	p, err := policy.Load(t.shared.policy)
	if err != nil {
		return nil, usageError{err}
	}
	return p, nil
}

// checkpointKey reads the log's own key, in the form of golang.org/x/mod/sumdb/note. A
// private key has its public half beside it, in a file of the same name and .pub.
func (t *tool) checkpointKey() (*exportlog.CheckpointKey, error) {
	if t.shared.logKey == "" {
		return nil, nil
	}
	private, public, err := readNoteKey(t.shared.logKey)
	if err != nil {
		return nil, usageError{fmt.Errorf("--log-key: %w", err)}
	}
	key, err := exportlog.NewCheckpointKey(private, public)
	if err != nil {
		return nil, usageError{fmt.Errorf("--log-key %s: %w", t.shared.logKey, err)}
	}
	return key, nil
}
