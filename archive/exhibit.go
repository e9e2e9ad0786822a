package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Exhibit is a file that goes with a packet. It is read twice, once to hash it
// and once to store it, and never held whole in memory.
type Exhibit struct {
	Name string // a file name, without folders
	Open func() (io.ReadCloser, error)
}

// FileExhibit is the exhibit in a file, under the file's own name.
func FileExhibit(path string) Exhibit {
	return Exhibit{
		Name: filepath.Base(path),
		Open: func() (io.ReadCloser, error) { return os.Open(path) },
	}
}

// measured is an exhibit whose bytes are known.
type measured struct {
	Exhibit
	segment string // its name in a key
	sha256  worm.Digest
	size    int64
}

// measure checks the exhibits' names and hashes their bytes.
func (p Packet) measure(ctx context.Context) ([]measured, error) {
	if len(p.Exhibits) > MaxExhibits {
		return nil, p.problem("exhibits", fmt.Errorf("%w: %d exhibits, the limit is %d", ErrTooLarge, len(p.Exhibits), MaxExhibits))
	}
	seen := map[string]string{}
	all := make([]measured, len(p.Exhibits))
	for i, e := range p.Exhibits {
		field := fmt.Sprintf("exhibit %.80q", e.Name)
		segment, err := exhibitSegment(e.Name)
		if err != nil {
			return nil, p.problem(field, fmt.Errorf("%w: %w", ErrBadExhibit, err))
		}
		folded := strings.ToLower(e.Name) // some file systems cannot tell these apart
		if other, taken := seen[folded]; taken {
			return nil, p.problem(field, fmt.Errorf("%w: its name clashes with exhibit %.80q; rename one", ErrBadExhibit, other))
		}
		seen[folded] = e.Name
		all[i] = measured{Exhibit: e, segment: segment}
		if err := all[i].hash(ctx); err != nil {
			return nil, p.problem(field, fmt.Errorf("%w: it cannot be read: %w", ErrBadExhibit, err))
		}
	}
	return all, nil
}

func exhibitSegment(name string) (string, error) {
	if strings.ContainsAny(name, `/\`) || name == "." || name == ".." {
		return "", errors.New("its name is a path; use the file's own name")
	}
	return worm.EscapeSegment(name)
}

func (m *measured) hash(ctx context.Context) error {
	if m.Open == nil {
		return errors.New("it has no Open function")
	}
	body, err := m.Open()
	if err != nil {
		return err
	}
	defer body.Close()
	h := sha256.New()
	m.size, err = io.Copy(h, contextReader{ctx, body})
	m.sha256 = worm.Digest(h.Sum(nil))
	return err
}

// reopen opens the exhibit to store it.
func (m *measured) reopen() (io.ReadCloser, error) {
	body, err := m.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be read: %w", ErrBadExhibit, err)
	}
	return body, nil
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
