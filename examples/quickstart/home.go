package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// paths says what lies where.
type paths struct{ home string }

func (p paths) path(name string) string { return filepath.Join(p.home, name) }
func (p paths) bucket() string          { return p.path("bucket") }

// file returns the path of an object in the bucket.
func (p paths) file(object string) string {
	return filepath.Join(p.bucket(), filepath.FromSlash(object))
}

func (p paths) url() string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(p.bucket()), RawQuery: "create_dir=true"}
	return u.String()
}

// as opens the bucket as release tooling does, with keys that sign, and closes it.
func (s *show) as(ctx context.Context, do func(*archive.Archive) error) error {
	signer, err := manifest.LoadOrCreateKey(s.path("holdfast.key"))
	if err != nil {
		return err
	}
	f := policy.Default().File()
	f.RegulatedJurisdictions = []string{"KR"}
	rules, err := policy.New(f)
	if err != nil {
		return err
	}
	return s.open(ctx, archive.Config{Policy: rules, Signer: signer, Operator: "release-ops/quickstart", Checkpoints: s.key.signs}, do)
}

// asAuditor opens the bucket as a stranger does, who has public keys and has never
// seen it before.
func (s *show) asAuditor(ctx context.Context, do func(*archive.Archive) error) error {
	verifier, err := manifest.LoadVerifier(s.path("holdfast.key.pub"))
	if err != nil {
		return err
	}
	return s.open(ctx, archive.Config{Verifier: verifier, Checkpoints: s.key.verifies}, do)
}

func (s *show) open(ctx context.Context, cfg archive.Config, do func(*archive.Archive) error) error {
	a, err := archive.Open(ctx, s.url(), cfg)
	if err != nil {
		return err
	}
	return errors.Join(do(a), a.Close())
}

// logKey is the key that signs what the log came to.
type logKey struct{ signs, verifies *exportlog.CheckpointKey }

// loadLogKey reads the log's key, and makes one if there is none. The public half
// lies under the file's second line.
func loadLogKey(path string) (*logKey, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		private, public, generateErr := note.GenerateKey(rand.Reader, "quickstart.example/releases")
		if generateErr != nil {
			return nil, generateErr
		}
		b, err = []byte(private+"\n"+public+"\n"), writeFile(path, []byte(private+"\n"+public+"\n"), 0o600)
	}
	if err != nil {
		return nil, err
	}
	private, public, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	k := &logKey{}
	if k.signs, err = exportlog.NewCheckpointKey(private, public); err != nil {
		return nil, err
	}
	k.verifies, err = exportlog.NewCheckpointKey("", public)
	return k, err
}

// writeFile writes a file whole or not at all.
func writeFile(path string, b []byte, mode fs.FileMode) error {
	draft := path + ".draft"
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // of a run that was killed
	}
	f, err := os.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(draft, path)
}
