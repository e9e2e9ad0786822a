package spool

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"slices"

	"github.com/go-json-experiment/json"
)

// Entries returns the entries in the order of their decisions. If anything in the
// spool is not as it was written, or does not belong there, the error is a
// [DamagedError] and the entries that are whole are returned all the same. Their
// files' bytes are checked as they are read.
func (s *Spool) Entries(ctx context.Context) ([]Entry, error) {
	entries, err := s.entries(ctx)
	if err != nil {
		return entries, fmt.Errorf("spool: list entries: %w", err)
	}
	return entries, nil
}

func (s *Spool) entries(ctx context.Context) ([]Entry, error) {
	damage := &DamagedError{Dir: s.dir, Problems: s.foreign()}
	listed, err := fs.ReadDir(s.root.FS(), entriesDir)
	if err != nil {
		return nil, err
	}
	var all []Entry
	for _, l := range listed {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, err := s.read(l.Name())
		var broken *DamagedError
		switch {
		case errors.As(err, &broken):
			damage.Problems = append(damage.Problems, broken.Problems...)
		case errors.Is(err, fs.ErrNotExist):
			// drained meanwhile
		case err != nil:
			return nil, err
		default:
			all = append(all, e)
		}
	}
	if len(damage.Problems) > 0 {
		return all, damage
	}
	return all, nil
}

// foreign finds what does not belong beside the entries.
func (s *Spool) foreign() []Problem {
	var problems []Problem
	top, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return []Problem{{".", err.Error()}}
	}
	for _, e := range top {
		if !slices.Contains([]string{entriesDir, incomingDir, lockFile, drainFile}, e.Name()) {
			problems = append(problems, Problem{e.Name(), "it does not belong here"})
		}
	}
	return problems
}

// read reads an entry's header and holds its files to it. One that is not there any
// more is fs.ErrNotExist.
func (s *Spool) read(name string) (Entry, error) {
	folder := path.Join(entriesDir, name)
	size, sum, ok := parseName(name)
	info, err := s.root.Lstat(folder)
	if err != nil {
		return Entry{}, err
	}
	if !ok || !info.IsDir() {
		return Entry{}, s.damaged(folder, "it is not an entry")
	}
	header, err := s.readHeader(folder)
	if err != nil {
		if _, gone := s.root.Lstat(folder); errors.Is(gone, fs.ErrNotExist) {
			return Entry{}, gone
		}
		return Entry{}, s.damaged(path.Join(folder, headerName), "it cannot be read: %v", err)
	}
	if hexSum(header) != sum {
		return Entry{}, s.damaged(path.Join(folder, headerName), "it has sha256 %s, the folder's name says %s", hexSum(header), sum)
	}
	e := Entry{Name: name, Bytes: size, SpooledAt: info.ModTime().UTC()}
	if err := json.Unmarshal(header, &e, json.RejectUnknownMembers(true)); err != nil {
		return Entry{}, s.damaged(path.Join(folder, headerName), "%v", err)
	}
	if err := e.check(); err != nil {
		return Entry{}, s.damaged(path.Join(folder, headerName), "%v", err)
	}
	if e.name(header) != name {
		return Entry{}, s.damaged(folder, "its name should be %s", e.name(header))
	}
	for i := range e.Files {
		e.Files[i].Open = s.opener(folder, e.Files[i])
	}
	return e, s.sameFiles(folder, e)
}

func (s *Spool) readHeader(folder string) ([]byte, error) {
	name := path.Join(folder, headerName)
	info, err := s.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxHeader {
		return nil, fmt.Errorf("it is not a plain file of at most %d bytes", maxHeader)
	}
	return s.root.ReadFile(name)
}

// sameFiles checks that an entry's folder has its files and nothing else.
func (s *Spool) sameFiles(folder string, e Entry) error {
	want := map[string]int64{}
	for _, f := range e.Files {
		want[f.Path] = f.Size
	}
	var problems []Problem
	wrong := func(below, format string, args ...any) {
		problems = append(problems, Problem{path.Join(folder, below), fmt.Sprintf(format, args...)})
	}
	fsys, err := fs.Sub(s.root.FS(), folder)
	if err != nil {
		return err
	}
	err = fs.WalkDir(fsys, ".", func(below string, d fs.DirEntry, err error) error {
		size, known := want[below]
		switch {
		case err != nil:
			return err
		case d.IsDir() || below == headerName:
			return nil
		case !known:
			wrong(below, "it does not belong to the entry")
			return nil
		}
		delete(want, below)
		info, err := d.Info()
		if err == nil && !info.Mode().IsRegular() {
			wrong(below, "it is not a plain file")
		} else if err == nil && info.Size() != size {
			wrong(below, "it has %d bytes, and had %d", info.Size(), size)
		}
		return err
	})
	if err != nil {
		return err
	}
	for below := range want {
		wrong(below, "it is missing")
	}
	if len(problems) > 0 {
		return &DamagedError{Dir: s.dir, Problems: problems}
	}
	return nil
}

// opener opens a file of an entry, checking its bytes as they are read.
func (s *Spool) opener(folder string, f File) func() (io.ReadCloser, error) {
	at := path.Join(folder, f.Path)
	return func() (io.ReadCloser, error) {
		info, err := s.root.Lstat(at)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, s.damaged(at, "it is not a plain file")
		}
		body, err := s.root.Open(at)
		if err != nil {
			return nil, err
		}
		return &checked{ReadCloser: body, hash: sha256.New(), want: f.SHA256, wrong: func(got string) error {
			return s.damaged(at, "it has sha256 %s, and had %s", got, f.SHA256)
		}}, nil
	}
}

// checked is a body whose last read fails if it is not what it was.
type checked struct {
	io.ReadCloser
	hash  hash.Hash
	want  string
	wrong func(got string) error
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.hash.Write(p[:n])
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	if got := hex.EncodeToString(c.hash.Sum(nil)); got != c.want {
		return n, c.wrong(got)
	}
	return n, io.EOF
}

// whole reads an entry, every byte of it.
func (s *Spool) whole(ctx context.Context, name string) (Entry, error) {
	e, err := s.read(name)
	if err != nil {
		return Entry{}, err
	}
	for _, f := range e.Files {
		body, err := f.Open()
		if err != nil {
			return Entry{}, err
		}
		_, err = io.Copy(io.Discard, contextReader{ctx, body})
		body.Close()
		if err != nil {
			return Entry{}, err
		}
	}
	return e, nil
}
