package fileworm

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// CreateAll implements [worm.Bulk] with two syncs of the file system: one when all
// bytes are staged, before any of them gets a name, and one when all have their names.
func (d *driver) CreateAll(ctx context.Context, in []worm.Creation) []error {
	errs := make([]error, len(in))
	b, err := d.newBulk()
	if err == nil {
		defer b.close()
		err = b.stageAll(ctx, in, errs)
	}
	if err != nil {
		return unless(errs, fmt.Errorf("nothing was stored: %w", err))
	}
	for i := range in {
		if errs[i] == nil {
			errs[i] = b.link(in[i])
		}
	}
	d.step("all linked")
	// What was there already may be another writer's, who has not come to this yet.
	if err := b.sync(); err != nil {
		return unless(errs, fmt.Errorf("%w: the name may not be on disk: %w", worm.ErrOutcomeUnknown, err))
	}
	d.step("all synced")
	return errs
}

// unless returns an error for each that has none of its own.
func unless(errs []error, err error) []error {
	for i := range errs {
		if errs[i] == nil {
			errs[i] = err
		}
	}
	return errs
}

// bulk is what is being created together.
type bulk struct {
	*driver
	disk    *os.File            // opened before anything is written, to be told of every failure to write it
	folder  string              // in staging
	staging *os.File            // the same, locked while its writer lives
	staged  map[worm.Digest]int // the number a file has there: bytes are written once, however many keys they go under
	folders folders
}

func (d *driver) newBulk() (*bulk, error) {
	if err := d.makeFolder(stagingFolder); err != nil {
		return nil, err
	}
	b := &bulk{driver: d, folder: path.Join(stagingFolder, rand.Text()), staged: map[worm.Digest]int{}, folders: newFolders(d.root)}
	if err := d.root.Mkdir(b.folder, 0o700); err != nil {
		return nil, err
	}
	var err error
	if b.disk, err = d.root.Open("."); err == nil {
		b.staging, err = d.root.Open(b.folder)
	}
	if err == nil {
		err = tryLock(b.staging)
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// close removes the staging names. If that fails, sweep gets them later.
func (b *bulk) close() {
	for n := range len(b.staged) {
		unix.Unlinkat(int(b.staging.Fd()), strconv.Itoa(n), 0)
	}
	b.root.RemoveAll(b.folder)
	b.staging.Close() // of a nil file it is an error, and no more
	b.disk.Close()
	b.folders.close()
}

func (b *bulk) sync() error { return unix.Syncfs(int(b.disk.Fd())) }

// stageAll writes what is not there yet, and syncs it.
func (b *bulk) stageAll(ctx context.Context, in []worm.Creation, errs []error) error {
	for i := range in {
		there, err := b.folders.has(in[i].Key)
		switch {
		case there:
			err = worm.ErrExists
		case err == nil:
			err = b.stage(ctx, in[i])
		}
		if errs[i] = err; err != nil && !there {
			errs[i] = fmt.Errorf("nothing was stored: %w", err)
		}
	}
	b.step("all written")
	if len(b.staged) == 0 {
		return nil
	}
	if err := b.sync(); err != nil {
		return err
	}
	b.step("all staged")
	return nil
}

func (b *bulk) stage(ctx context.Context, in worm.Creation) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, ok := b.staged[in.SHA256]; ok {
		return nil
	}
	n := len(b.staged)
	f, err := openAt(b.staging, strconv.Itoa(n), unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return err
	}
	b.staged[in.SHA256] = n
	_, err = io.Copy(f, in.Body)
	if err = errors.Join(err, unix.Fchmod(int(f), 0o444), f.Close()); err != nil {
		delete(b.staged, in.SHA256)
		return errors.Join(err, unix.Unlinkat(int(b.staging.Fd()), strconv.Itoa(n), 0))
	}
	return nil
}

// link gives staged bytes a name, which only one writer can.
func (b *bulk) link(in worm.Creation) error {
	folder, err := b.folders.make(path.Dir(in.Key))
	if err == nil {
		err = unix.Linkat(int(b.staging.Fd()), strconv.Itoa(b.staged[in.SHA256]), int(folder), path.Base(in.Key), 0)
		folder.Close()
	}
	switch {
	case errors.Is(err, unix.EEXIST):
		return worm.ErrExists
	case err != nil:
		return fmt.Errorf("nothing was stored: %w", err)
	}
	b.step("one linked")
	return nil
}
