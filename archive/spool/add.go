package spool

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/gofrs/flock"
)

// Add writes an entry and returns it when it is on disk, whatever happens to the
// process or the machine then. The same entry again is success, and nothing is
// written, once what is there was found to be whole.
//
// One that does not fit is [ErrFull], a body that is not what its file says
// [ErrChanged]. After any error nothing of the entry is kept, unless it was there
// before.
func (s *Spool) Add(ctx context.Context, e Entry) (Entry, error) {
	added, err := s.add(ctx, e)
	if err != nil {
		return Entry{}, fmt.Errorf("spool: add packet %.80q to %s: %w", e.PromotionPacketID, s.dir, full(err))
	}
	return added, nil
}

func (s *Spool) add(ctx context.Context, e Entry) (Entry, error) {
	if err := e.check(); err != nil {
		return Entry{}, err
	}
	header, err := e.header()
	if err != nil {
		return Entry{}, err
	}
	if len(header) > maxHeader {
		return Entry{}, fmt.Errorf("%w: its %s takes %d bytes, the limit is %d", ErrBadEntry, headerName, len(header), maxHeader)
	}
	name := e.name(header)
	staged, err := s.reserve(ctx, name, e.size(header))
	if err != nil {
		return Entry{}, err
	}
	if staged.lock == nil {
		return s.whole(ctx, name)
	}
	defer staged.lock.Close()
	if err := s.fill(ctx, staged.path, e, header); err != nil {
		return Entry{}, errors.Join(err, s.root.RemoveAll(staged.path))
	}
	if err := s.locked(ctx, func() error { return s.publish(staged.path, name) }); err != nil {
		return Entry{}, err
	}
	return s.read(name)
}

// staged is where an entry is being written; without a lock, it is there already.
type staged struct {
	path string
	lock *flock.Flock // held while its writer lives
}

// reserve makes room for an entry: the folder it is written in says how much.
func (s *Spool) reserve(ctx context.Context, name string, bytes int64) (in staged, err error) {
	err = s.locked(ctx, func() error {
		if _, err := s.root.Lstat(path.Join(entriesDir, name)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		s.sweep()
		entries, used, err := s.usage()
		if err != nil {
			return err
		}
		if entries+1 > s.limits.MaxEntries || used+bytes > s.limits.MaxBytes {
			return fmt.Errorf("%w: it has %d entries of %d and %d bytes of %d, and %d bytes more do not fit: flush it, or raise its limits",
				ErrFull, entries, s.limits.MaxEntries, used, s.limits.MaxBytes, bytes)
		}
		in.path = path.Join(incomingDir, fmt.Sprintf("%d-%s", bytes, rand.Text()))
		if err := s.root.Mkdir(in.path, 0o700); err != nil {
			return err
		}
		lock := s.flock(in.path)
		if ok, err := lock.TryLock(); err != nil || !ok {
			return errors.Join(fmt.Errorf("lock %s: taken: %t", in.path, !ok), err)
		}
		in.lock = lock
		return nil
	})
	return in, err
}

// fill writes an entry's files, and has them on disk.
func (s *Spool) fill(ctx context.Context, folder string, e Entry, header []byte) error {
	folders := []string{folder}
	for _, f := range e.Files {
		if dir := path.Dir(f.Path); dir != "." && len(folders) == 1 {
			folders = append(folders, path.Join(folder, dir))
		}
	}
	for _, f := range e.Files {
		if err := s.root.MkdirAll(path.Join(folder, path.Dir(f.Path)), 0o700); err != nil {
			return err
		}
		if err := s.write(ctx, path.Join(folder, f.Path), f); err != nil {
			return err
		}
	}
	own := File{Size: int64(len(header)), SHA256: hexSum(header), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(header)), nil }}
	if err := s.write(ctx, path.Join(folder, headerName), own); err != nil {
		return err
	}
	for _, dir := range folders {
		if err := s.sync(dir); err != nil {
			return err
		}
	}
	return s.step("written")
}

func (s *Spool) write(ctx context.Context, to string, f File) error {
	body, err := f.Open()
	if err != nil {
		return err
	}
	defer body.Close()
	file, err := s.root.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(file, h), io.LimitReader(contextReader{ctx, body}, f.Size+1))
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); n != f.Size || got != f.SHA256 {
		return fmt.Errorf("%w: %s has %d bytes or more with sha256 %s; %d with %s were announced", ErrChanged, f.Path, n, got, f.Size, f.SHA256)
	}
	if err := s.step("writing"); err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// publish gives an entry its name. If another process was first with the same, that
// one stands. The caller holds the lock, so that nobody who adds up the room taken
// looks for the entry where it is not yet, and then where it is no longer.
func (s *Spool) publish(from, name string) error {
	if err := s.step("before rename"); err != nil {
		return err
	}
	to := path.Join(entriesDir, name)
	if err := s.root.Rename(from, to); err != nil {
		if _, there := s.root.Lstat(to); there != nil {
			return errors.Join(err, s.root.RemoveAll(from))
		}
		if err := s.root.RemoveAll(from); err != nil {
			return err
		}
	}
	if err := s.step("renamed"); err != nil {
		return err
	}
	return errors.Join(s.sync(entriesDir), s.sync(incomingDir))
}

// contextReader stops reading when its context ends.
type contextReader struct {
	ctx  context.Context
	body io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.body.Read(p)
}
