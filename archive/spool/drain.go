package spool

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// Claim is the right to remove entries, which one process has at a time. Release it.
type Claim struct {
	spool *Spool
	lock  *flock.Flock
}

// Claim waits for the right to drain.
func (s *Spool) Claim(ctx context.Context) (*Claim, error) {
	l := s.flock(drainFile)
	if _, err := l.TryLockContext(ctx, asksAgain); err != nil {
		return nil, fmt.Errorf("spool: wait for whoever drains %s: %w", s.dir, err)
	}
	return &Claim{s, l}, nil
}

// TryClaim is Claim for those who do not wait; nil if somebody else drains.
func (s *Spool) TryClaim() (*Claim, error) {
	l := s.flock(drainFile)
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("spool: claim %s: %w", s.dir, err)
	}
	if !ok {
		return nil, nil
	}
	return &Claim{s, l}, nil
}

// Release lets others drain.
func (c *Claim) Release() error { return c.lock.Close() }

// Remove takes an entry out, once what it is about is safe elsewhere. An entry that
// is out already is success.
func (c *Claim) Remove(e Entry) error {
	if err := c.spool.remove(e); err != nil {
		return fmt.Errorf("spool: remove entry %s: %w", e.Name, err)
	}
	return nil
}

func (s *Spool) remove(e Entry) error {
	if _, _, ok := parseName(e.Name); !ok {
		return fmt.Errorf("%w: it was not read from a spool", ErrBadEntry)
	}
	if err := s.step("before removal"); err != nil {
		return err
	}
	out := path.Join(incomingDir, "0-"+rand.Text())
	if err := s.root.Rename(path.Join(entriesDir, e.Name), out); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.step("renamed out"); err != nil {
		return err
	}
	if err := s.sync(entriesDir); err != nil {
		return err
	}
	return errors.Join(s.root.RemoveAll(out), s.step("removed"))
}

// Waiting returns how many entries there are, without looking into them.
func (s *Spool) Waiting() (int, error) {
	listed, err := fs.ReadDir(s.root.FS(), entriesDir)
	if err != nil {
		return 0, fmt.Errorf("spool: count entries: %w", err)
	}
	return len(listed), nil
}

// usage adds up what entries take, also those that are being written.
func (s *Spool) usage() (entries int, bytes int64, err error) {
	for _, folder := range []string{entriesDir, incomingDir} {
		listed, err := fs.ReadDir(s.root.FS(), folder)
		if err != nil {
			return 0, 0, err
		}
		for _, l := range listed {
			taken, ok := reserved(l.Name())
			if folder == entriesDir {
				taken, _, ok = parseName(l.Name())
			}
			if ok {
				entries, bytes = entries+1, bytes+taken
			}
		}
	}
	return entries, bytes, nil
}

// reserved reads how much a folder in incoming is to take.
func reserved(name string) (int64, bool) {
	bytes, _, ok := strings.Cut(name, "-")
	n, err := strconv.ParseInt(bytes, 10, 64)
	return n, ok && err == nil && n > 0 // 0 is on its way out
}

// sweep removes what the dead left in incoming. The caller holds the lock, so that
// no folder is there whose writer has not locked it yet.
func (s *Spool) sweep() {
	listed, err := fs.ReadDir(s.root.FS(), incomingDir)
	if err != nil {
		return
	}
	for _, l := range listed {
		at := path.Join(incomingDir, l.Name())
		if bytes, _, _ := strings.Cut(l.Name(), "-"); !l.IsDir() || strings.Trim(bytes, "0123456789") != "" {
			continue // not ours to remove
		}
		lock := s.flock(at)
		if ok, err := lock.TryLock(); err == nil && ok {
			s.root.RemoveAll(at)
			lock.Close()
		}
	}
}
