package fileworm

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// List implements [worm.Driver]. Folders are read one at a time, as they are
// come to.
func (d *driver) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return func(yield func(worm.Entry, error) bool) {
		folder, _, _ := cutLast(prefix)
		l := listing{ctx: ctx, fsys: d.root.FS(), prefix: prefix, yield: yield}
		l.folder(folder)
	}
}

// ListHidden implements [worm.Driver]. A directory has no versions to hide.
func (d *driver) ListHidden(context.Context, string) iter.Seq2[worm.Entry, error] {
	return func(func(worm.Entry, error) bool) {}
}

// cutLast cuts a prefix at its last slash.
func cutLast(prefix string) (folder, rest string, found bool) {
	at := strings.LastIndexByte(prefix, '/')
	if at < 0 {
		return ".", prefix, false
	}
	return prefix[:at], prefix[at+1:], true
}

type listing struct {
	ctx    context.Context
	fsys   fs.FS
	prefix string
	yield  func(worm.Entry, error) bool
}

// folder lists one folder and those below it; false ends the listing.
func (l *listing) folder(folder string) bool {
	if err := l.ctx.Err(); err != nil {
		l.yield(worm.Entry{}, err)
		return false
	}
	if !fs.ValidPath(folder) {
		return true // no key has such a prefix
	}
	entries, err := fs.ReadDir(l.fsys, folder)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotFolder) {
		return true
	}
	if err != nil {
		l.yield(worm.Entry{}, err)
		return false
	}
	// Keys are ordered whole: "a-b" comes before "a/b", though "a" comes before "a-b".
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sortName(a), sortName(b)) })
	for _, e := range entries {
		if !l.entry(path.Join(folder, e.Name()), e) {
			return false
		}
	}
	return true
}

func (l *listing) entry(key string, e fs.DirEntry) bool {
	switch {
	case strings.HasPrefix(e.Name(), "."):
		return true
	case e.IsDir():
		below := key + "/"
		if strings.HasPrefix(below, l.prefix) || strings.HasPrefix(l.prefix, below) {
			return l.folder(key)
		}
		return true
	case !strings.HasPrefix(key, l.prefix):
		return true
	}
	info, err := e.Info()
	if err != nil {
		l.yield(worm.Entry{}, err)
		return false
	}
	return l.yield(worm.Entry{Ref: worm.Ref{Key: key}, Size: info.Size()}, nil)
}

func sortName(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}
