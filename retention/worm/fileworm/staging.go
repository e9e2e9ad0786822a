package fileworm

import (
	"context"
	"crypto/rand"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

const (
	stagingFolder = ".staging"

	// abandonedAfter is how old a staged file, or a folder of them, is before it may
	// be swept, if nobody holds it: far longer than it takes to lock what was just made.
	abandonedAfter = time.Hour
)

// stage writes a body to a file that has no name among the objects yet. The file
// stays locked while its writer lives.
func (d *driver) stage(ctx context.Context, body io.Reader) (*os.File, error) {
	if err := d.makeFolder(stagingFolder); err != nil {
		return nil, err
	}
	f, err := d.root.OpenFile(path.Join(stagingFolder, rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	d.step("staging")
	err = tryLock(f)
	if err == nil {
		err = copyBody(ctx, f, body)
	}
	if err == nil {
		err = f.Chmod(0o444)
	}
	if err != nil {
		d.unstage(f)
		return nil, err
	}
	d.step("written")
	return f, nil
}

// staging returns the name a staged file has below the root.
func (d *driver) staging(f *os.File) string { return path.Join(stagingFolder, path.Base(f.Name())) }

// unstage removes the staging name. If that fails, sweep gets it later.
func (d *driver) unstage(f *os.File) {
	d.root.Remove(d.staging(f))
	f.Close()
}

// sweep removes what writers that died left in staging. It is a courtesy: on a
// directory that cannot be written to there is nothing to sweep.
func (d *driver) sweep() {
	entries, err := fs.ReadDir(d.root.FS(), stagingFolder)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() && !info.IsDir() || time.Since(info.ModTime()) < abandonedAfter {
			continue
		}
		f, err := d.root.Open(path.Join(stagingFolder, e.Name()))
		if err != nil {
			continue
		}
		if tryLock(f) == nil {
			d.root.RemoveAll(path.Join(stagingFolder, e.Name()))
		}
		f.Close()
	}
}
