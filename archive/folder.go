package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// ReadFolder makes a packet of a folder: its packet.json, and every file in its
// folder exhibits, if there is one, as an exhibit.
//
//	p, err := archive.ReadFolder(os.DirFS("packets/pp-20260804-ECONOMY-0001"))
//
// A folder, a link, or anything else that is not a plain file among the exhibits
// is an error.
func ReadFolder(fsys fs.FS) (Packet, error) {
	p, err := readFolder(fsys)
	if err != nil {
		return Packet{}, fmt.Errorf("archive: read folder: %w", err)
	}
	return p, nil
}

func readFolder(fsys fs.FS) (Packet, error) {
	document, err := readFile(fsys, "packet.json", MaxPacketBytes+1)
	if err != nil {
		return Packet{}, fmt.Errorf("a packet's folder has a file packet.json: %w", err)
	}
	p, err := parseJSON(document, "packet.json")
	if err != nil {
		return Packet{}, err
	}
	entries, err := fs.ReadDir(fsys, "exhibits")
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return Packet{}, p.problem("exhibits", fmt.Errorf("%w: %w", ErrBadExhibit, err))
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			return Packet{}, p.problem(fmt.Sprintf("exhibit %.80q", e.Name()), fmt.Errorf("%w: it is not a plain file", ErrBadExhibit))
		}
		p.Exhibits = append(p.Exhibits, Exhibit{
			Name: e.Name(),
			Open: func() (io.ReadCloser, error) { return fsys.Open(path.Join("exhibits", e.Name())) },
		})
	}
	return p, nil
}

// readFile reads at most limit bytes of a file.
func readFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}
