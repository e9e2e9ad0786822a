package fileworm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"gocloud.dev/blob"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

func init() {
	worm.Register("file", worm.Opener{URL: openURL, Bucket: refuseFileblob})
}

// driver implements worm.Driver over one directory.
type driver struct {
	dir  string   // absolute, links resolved
	root *os.Root // nothing below it can lead out of it

	durable sync.Map // folders whose own names are known to be on disk
	step    func(name string)
}

// New opens a directory that exists. What is not there is fs.ErrNotExist; a system without
// flock and hard links is [worm.ErrUnsupported].
func New(dir string) (worm.Driver, error) {
	d, err := open(dir)
	if err != nil {
		return nil, fmt.Errorf("fileworm: open directory: %w", err)
	}
	return d, nil
}

func open(dir string) (*driver, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w; add ?create_dir=true to make it", err)
		}
		return nil, err
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, err
	}
	d := &driver{dir: abs, root: root, step: func(string) {}}
	d.sweep()
	return d, nil
}

func openURL(_ context.Context, u *url.URL) (worm.Driver, error) {
	dir, err := directory(u)
	if err != nil {
		return nil, err
	}
	create := false
	for name, values := range u.Query() {
		switch {
		case name == "create_dir" && (values[0] == "true" || values[0] == "false"):
			create = values[0] == "true"
		case name == "prefix":
			if err := worm.CheckKey(strings.TrimSuffix(values[0], "/")); err != nil {
				return nil, fmt.Errorf("prefix: %w", err)
			}
			dir = filepath.Join(dir, filepath.FromSlash(values[0]))
		default:
			return nil, fmt.Errorf("unknown parameter %s=%s; fileworm knows create_dir=true and prefix=folder/", name, values[0])
		}
	}
	if create {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	return open(dir)
}

// directory reads the directory from file:///absolute or file://./relative.
func directory(u *url.URL) (string, error) {
	switch u.Host {
	case "", "localhost":
		if u.Path == "" {
			return "", errors.New("the URL names no directory; write file:///absolute/path or file://./relative/path")
		}
		return filepath.FromSlash(u.Path), nil
	case ".":
		return "." + filepath.FromSlash(u.Path), nil
	}
	return "", fmt.Errorf("the URL names a host, %q; write file:///absolute/path or file://./relative/path", u.Host)
}

// refuseFileblob refuses gocloud's own driver for directories, which cannot
// create atomically and syncs nothing.
func refuseFileblob(_ context.Context, b *blob.Bucket) (worm.Driver, error) {
	var info os.FileInfo
	if b.As(&info) {
		return nil, fmt.Errorf("%w: fileblob does not create atomically between writers and syncs nothing to disk; open the directory by its file:// URL instead", worm.ErrUnsupported)
	}
	return nil, nil
}

// Capabilities implements [worm.Driver].
func (d *driver) Capabilities(context.Context) (worm.Capabilities, error) {
	return worm.Capabilities{Retention: worm.Recorded, LegalHold: worm.Recorded}, nil
}

// Close implements [worm.Driver].
func (d *driver) Close() error { return d.root.Close() }
