package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// undo keeps a copy of each file before it is harmed. While its folder is there, harm
// may have been done; a run that is killed leaves it to the next.
type undo struct {
	bucket, folder string
	at             func(point string)
}

// save copies a file of the bucket, for mend to put back.
func (u undo) save(object string) error {
	b, mode, err := readFile(filepath.Join(u.bucket, object))
	if err != nil {
		return err
	}
	to := filepath.Join(u.folder, object)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return writeFile(to, b, mode)
}

// harm changes a file that it has saved.
func (u undo) harm(object string, how func(path string) error) error {
	if err := u.save(object); err != nil {
		return err
	}
	u.at("saved")
	err := how(filepath.Join(u.bucket, object))
	u.at("harmed")
	return err
}

// mend puts everything back that was saved, and forgets it. It says how many files
// were not as they should be.
func (u undo) mend() (put int, err error) {
	err = filepath.WalkDir(u.folder, func(saved string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(saved) == ".draft" {
			return err
		}
		object, err := filepath.Rel(u.folder, saved)
		if err != nil {
			return err
		}
		done, err := u.restore(saved, filepath.Join(u.bucket, object))
		if done {
			put++
		}
		u.at("mended")
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return put, nil
	}
	if err != nil {
		return put, fmt.Errorf("put back what was harmed, from %s: %w", u.folder, err)
	}
	return put, os.RemoveAll(u.folder)
}

// restore puts one file back, unless it is as it was. Something else in its place is
// not ours to remove.
func (u undo) restore(saved, path string) (put bool, err error) {
	want, mode, err := readFile(saved)
	if err != nil {
		return false, err
	}
	have, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return false, err
	case bytes.Equal(have, want):
		return false, os.Chmod(path, mode)
	case !oneByteApart(have, want):
		return false, fmt.Errorf("%s is neither what it was nor what this program made of it: it is left as it is", path)
	}
	draft := u.folder + ".draft"
	if err := errors.Join(writeFile(draft, want, mode), os.MkdirAll(filepath.Dir(path), 0o755)); err != nil {
		return false, err
	}
	return true, os.Rename(draft, path)
}

func readFile(path string) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	b, err := os.ReadFile(path)
	return b, info.Mode(), err
}

func oneByteApart(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	apart := 0
	for i := range a {
		if a[i] != b[i] {
			apart++
		}
	}
	return apart == 1
}
