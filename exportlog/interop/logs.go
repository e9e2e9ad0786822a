package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// row is what is appended, about 700 bytes as a line.
func row(id string) exportlog.Row {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return exportlog.Row{
		Kind: exportlog.KindExport, PromotionPacketID: "pp-" + id, PromotionDecision: "promote", PromotionDecisionAtUTC: now,
		ExportBatchID: "eb-20260804-" + id, ArchiveURI: "s3://release-evidence/packets/pp-" + id + "/packet.json?versionId=3HL4kqtJlcpXrof3",
		PacketSHA256: worm.Sum([]byte(id)), RetentionClass: "standard", RetainUntilUTC: now.AddDate(3, 0, 0),
		ContentIntegrityReference: "sha256:" + worm.Sum([]byte(id)).String(), ExportedAtUTC: now, ExportOperatorAck: "release-ops/pipeline-42",
		IdempotencyKey: "export:" + id,
	}
}

// line is the same as a line of text, for logs that take bytes.
func line(id string) []byte { return []byte(strings.Repeat(id+" ", 700/(len(id)+1)) + "\n") }

// holdfast appends to an export log of ours.
func holdfast(store *worm.Store) (appendFunc, func() error) {
	l := exportlog.Open(store, exportlog.Config{})
	return func(ctx context.Context, id string) error {
		_, err := l.Append(ctx, row(id))
		return err
	}, l.Close
}

// tesseraPOSIX appends to a Tessera log in a directory, with its default options.
func tesseraPOSIX(ctx context.Context, dir string) (appendFunc, func() error, error) {
	private, _, err := note.GenerateKey(rand.Reader, "interop.example")
	if err != nil {
		return nil, nil, err
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, nil, err
	}
	driver, err := posix.New(ctx, posix.Config{Path: dir})
	if err != nil {
		return nil, nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().WithCheckpointSigner(signer))
	if err != nil {
		stop()
		return nil, nil, err
	}
	return func(ctx context.Context, id string) error {
			_, err := appender.Add(ctx, tessera.NewEntry(line(id)))()
			return err
		}, func() error {
			defer stop()
			return shutdown(ctx)
		}, nil
}

// rewrite keeps one JSONL object and writes it anew with each line, as tools do
// that have nothing but a bucket.
func rewrite(dir string) appendFunc {
	var mu sync.Mutex
	path := filepath.Join(dir, "log.jsonl")
	return func(ctx context.Context, id string) error {
		mu.Lock()
		defer mu.Unlock()
		body, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return replace(path, append(body, line(id)...))
	}
}

// replace writes a file beside its place, and moves it there once it is on disk.
func replace(path string, body []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "new")
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err := errors.Join(err, f.Sync(), f.Close(), os.Rename(f.Name(), path)); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", filepath.Dir(path), err)
	}
	return nil
}
