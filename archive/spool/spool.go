package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Limits bound a spool, over all processes that use it.
type Limits struct {
	MaxBytes   int64 // 0 is 1 GiB
	MaxEntries int   // 0 is 10,000
}

const (
	entriesDir  = "entries"
	incomingDir = "incoming"
	lockFile    = "lock"
	drainFile   = "draining"

	// asksAgain is how often a lock that another process holds is asked for.
	asksAgain = 5 * time.Millisecond
)

// Spool is one directory. It is safe for concurrent use, also by several processes.
type Spool struct {
	dir    string
	root   *os.Root // nothing below it can lead out of it
	limits Limits
	step   func(name string) error // for tests: what happens at a point
}

// Open opens a spool's directory, and makes it if it is not there. A directory that
// everybody may write to is [ErrUnsafe].
func Open(dir string, limits Limits) (*Spool, error) {
	s, err := open(dir, limits)
	if err != nil {
		return nil, fmt.Errorf("spool: open %s: %w", dir, full(err))
	}
	return s, nil
}

func open(dir string, limits Limits) (*Spool, error) {
	if limits.MaxBytes == 0 {
		limits.MaxBytes = 1 << 30
	}
	if limits.MaxEntries == 0 {
		limits.MaxEntries = 10_000
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o002 != 0 {
		return nil, fmt.Errorf("%w: everybody may write to it (%s), and so have packets signed: chmod o-w", ErrUnsafe, info.Mode().Perm())
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s := &Spool{dir: dir, root: root, limits: limits, step: func(string) error { return nil }}
	if err := s.makeFolders(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return s, nil
}

func (s *Spool) makeFolders() error {
	for _, name := range []string{incomingDir, entriesDir} {
		if err := s.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if info, err := s.root.Lstat(name); err != nil || !info.IsDir() {
			return errors.Join(s.damaged(name, "it is not a folder"), err)
		}
	}
	for _, name := range []string{lockFile, drainFile} {
		f, err := s.root.OpenFile(name, os.O_CREATE|os.O_RDONLY, 0o600)
		if err != nil {
			return err
		}
		f.Close()
		if info, err := s.root.Lstat(name); err != nil || !info.Mode().IsRegular() {
			return errors.Join(s.damaged(name, "it is not a plain file"), err)
		}
	}
	return errors.Join(s.sync("."), syncDir(filepath.Dir(s.dir)))
}

// Dir returns the directory's absolute path.
func (s *Spool) Dir() string { return s.dir }

// Close releases the directory. What lies in it stays.
func (s *Spool) Close() error { return s.root.Close() }

// flock is the lock that a path below the directory can hold.
func (s *Spool) flock(name string) *flock.Flock {
	return flock.New(filepath.Join(s.dir, name), flock.SetFlag(os.O_RDONLY))
}

// locked runs something that is quick while nobody else does.
func (s *Spool) locked(ctx context.Context, do func() error) error {
	l := s.flock(lockFile)
	if _, err := l.TryLockContext(ctx, asksAgain); err != nil {
		return fmt.Errorf("wait for %s: %w", l.Path(), err)
	}
	defer l.Close()
	return do()
}

// sync has a folder's names on disk.
func (s *Spool) sync(folder string) error {
	f, err := s.root.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (s *Spool) damaged(path, format string, args ...any) error {
	return &DamagedError{Dir: s.dir, Problems: []Problem{{path, fmt.Sprintf(format, args...)}}}
}
