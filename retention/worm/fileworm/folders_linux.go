package fileworm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// folders is how folders are come to when many objects are created: one above
// another's parent is opened once, below the root and following nothing out of it, and
// the last step from there follows no link at all. Walking down from the root for each
// object costs more than making it.
type folders struct {
	root *os.Root
	open map[string]*os.File
}

// maxFolders bounds the folders that are kept open.
const maxFolders = 64

func newFolders(root *os.Root) folders { return folders{root, map[string]*os.File{}} }

func (f folders) close() {
	for _, folder := range f.open {
		folder.Close()
	}
	clear(f.open)
}

// above returns a folder opened by its whole path.
func (f folders) above(folder string) (*os.File, error) {
	if kept, ok := f.open[folder]; ok {
		return kept, nil
	}
	opened, err := f.root.Open(folder)
	if err != nil {
		return nil, err
	}
	if len(f.open) == maxFolders {
		f.close()
	}
	f.open[folder] = opened
	return opened, nil
}

// has reports whether there is anything under a key.
func (f folders) has(key string) (bool, error) {
	parent, err := f.get(path.Dir(key))
	if err == nil {
		var info unix.Stat_t
		err = unix.Fstatat(int(parent), path.Base(key), &info, unix.AT_SYMLINK_NOFOLLOW)
		parent.Close()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// get opens a folder that is there.
func (f folders) get(folder string) (handle, error) {
	above, err := f.above(path.Dir(folder))
	if err != nil {
		return 0, err
	}
	opened, err := openAt(above, path.Base(folder), unix.O_PATH|unix.O_DIRECTORY)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return 0, fmt.Errorf("%s is an object, so no key can lie below it", folder)
	}
	return opened, err
}

// make makes a folder and those above it, and opens it.
func (f folders) make(folder string) (handle, error) {
	above, err := f.above(path.Dir(folder))
	if errors.Is(err, fs.ErrNotExist) {
		if err := f.root.MkdirAll(path.Dir(folder), 0o755); err != nil {
			return 0, err
		}
		above, err = f.above(path.Dir(folder))
	}
	if err != nil {
		return 0, err
	}
	if err := unix.Mkdirat(int(above.Fd()), path.Base(folder), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return 0, err
	}
	return f.get(folder)
}

// handle is an open file, without what os.File has for those that live longer.
type handle int

// openAt opens what has a name in a folder, and follows no link.
func openAt(folder *os.File, name string, how int) (handle, error) {
	for {
		fd, err := unix.Openat(int(folder.Fd()), name, how|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		if err != unix.EINTR {
			return handle(fd), err
		}
	}
}

// Write implements [io.Writer].
func (h handle) Write(p []byte) (n int, err error) {
	for n < len(p) {
		written, err := unix.Write(int(h), p[n:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return n, err
		}
		n += written
	}
	return n, nil
}

func (h handle) Close() error { return unix.Close(int(h)) }
