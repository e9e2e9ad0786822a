package linkage

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// WriteZip writes the pack as a zip, streamed: nothing larger than a packet is held in
// memory. The same pack gives the same bytes: the files are in order, bear the time of
// the last row, and are not compressed. Exhibits are checked against their digests as
// they pass; after an error the zip has no directory, and opens nowhere.
func (p *Pack) WriteZip(ctx context.Context, w io.Writer) error {
	out := zip.NewWriter(w)
	err := p.each(ctx, func(name string, body io.Reader) error {
		f, err := out.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: p.at})
		if err != nil {
			return err
		}
		_, err = io.Copy(f, body)
		return err
	})
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		return fmt.Errorf("linkage: write pack: %w", err)
	}
	return nil
}

// WriteDir writes the pack into a new directory: fs.ErrExist if there is something of
// that name. It is written beside it first, under a name that begins with a dot, and
// appears as a whole or not at all.
func (p *Pack) WriteDir(ctx context.Context, dir string) error {
	if err := p.writeDir(ctx, filepath.Clean(dir)); err != nil {
		return fmt.Errorf("linkage: write pack: %w", err)
	}
	return nil
}

func (p *Pack) writeDir(ctx context.Context, dir string) error {
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(&fs.PathError{Op: "create", Path: dir, Err: fs.ErrExist}, err)
	}
	staging, err := os.MkdirTemp(filepath.Dir(dir), ".pack-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging) // what is left of it, which is nothing once it has its name
	err = p.each(ctx, func(name string, body io.Reader) error {
		return writeFile(filepath.Join(staging, filepath.FromSlash(name)), body, p.at)
	})
	if err != nil {
		return err
	}
	if err := os.Chmod(staging, 0o755); err != nil {
		return err
	}
	return os.Rename(staging, dir)
}

func writeFile(path string, body io.Reader, at time.Time) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Chtimes(path, at, at)
}

// each opens the files one after the other.
func (p *Pack) each(ctx context.Context, write func(name string, body io.Reader) error) error {
	for _, f := range p.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		body, err := f.open(ctx)
		if err == nil {
			err = errors.Join(write(f.name, body), body.Close())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}
