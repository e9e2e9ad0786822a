package fileworm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Create implements [worm.Driver].
func (d *driver) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	if _, err := d.root.Lstat(in.Key); err == nil {
		return worm.Ref{}, worm.ErrExists // the common case of asking again leaves no trace
	}
	staged, err := d.stage(ctx, in.Body)
	if err != nil {
		return worm.Ref{}, fmt.Errorf("nothing was stored: %w", err)
	}
	defer d.unstage(staged)
	synced := make(chan error, 1)
	go func() { synced <- staged.Sync() }()
	err = d.prepare(in)
	if err := errors.Join(<-synced, err); err != nil {
		return worm.Ref{}, fmt.Errorf("nothing was stored: %w", err)
	}
	d.step("staged")
	return d.publish(staged, in.Key)
}

// prepare makes the folder and puts the lock on disk, before there is anything
// to lock.
func (d *driver) prepare(in worm.Creation) error {
	folder := path.Dir(in.Key)
	if err := d.makeFolder(folder); err != nil {
		return err
	}
	d.step("folder made")
	line := record{SHA256: in.SHA256}.with(in.Lock)
	if in.Lock.LegalHold {
		line.LegalHold = &in.Lock.LegalHold
	}
	if err := d.append(in.Key, line, nil); err != nil {
		return err
	}
	d.step("lock recorded")
	if in.Lock == (retention.Lock{}) {
		return nil // the record's name gets to the disk with the object's
	}
	return d.syncFolder(folder)
}

// publish gives staged bytes their name, which only one writer can.
func (d *driver) publish(staged *os.File, key string) (worm.Ref, error) {
	d.step("before link")
	err := d.root.Link(d.staging(staged), key)
	if errors.Is(err, fs.ErrExist) {
		return worm.Ref{}, worm.ErrExists
	}
	if err != nil {
		return worm.Ref{}, fmt.Errorf("nothing was stored: %w", err)
	}
	d.step("linked")
	if err := d.syncFolder(path.Dir(key)); err != nil {
		return worm.Ref{}, fmt.Errorf("%w: the name may not be on disk: %w", worm.ErrOutcomeUnknown, err)
	}
	d.step("synced")
	return worm.Ref{Key: key}, nil
}

// makeFolder makes a folder and those above it, each on disk in its parent
// before it is used.
func (d *driver) makeFolder(folder string) error {
	if _, known := d.durable.Load(folder); known || folder == "." {
		return nil
	}
	parent := path.Dir(folder)
	if err := d.makeFolder(parent); err != nil {
		return err
	}
	if err := d.root.Mkdir(folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, err := d.root.Lstat(folder); err != nil || !info.IsDir() {
		return errors.Join(fmt.Errorf("%s is an object, so no key can lie below it", folder), err)
	}
	// Whoever made it may not have got to this yet.
	if err := d.syncFolder(parent); err != nil {
		return err
	}
	d.durable.Store(folder, true)
	return nil
}

func (d *driver) syncFolder(folder string) error {
	f, err := d.root.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// copyBody copies until the end of the body or of the context.
func copyBody(ctx context.Context, to io.Writer, body io.Reader) error {
	_, err := io.Copy(to, readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return body.Read(p)
	}))
	return err
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
