package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

// readPackets reads folders, JSON files and CSV files.
func readPackets(paths, exhibits []string) ([]archive.Packet, error) {
	var packets []archive.Packet
	var bad []error
	for _, path := range paths {
		read, err := readPacket(path)
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", path, err))
		}
		packets = append(packets, read...)
	}
	if err := errors.Join(bad...); err != nil {
		return nil, err
	}
	if len(exhibits) > 0 {
		if len(packets) != 1 {
			return nil, fmt.Errorf("--exhibit goes with one packet, and there are %d", len(packets))
		}
		for _, path := range exhibits {
			if _, err := os.Stat(path); err != nil {
				return nil, err
			}
			packets[0] = packets[0].With(archive.FileExhibit(path))
		}
	}
	return packets, nil
}

func readPacket(path string) ([]archive.Packet, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		p, err := archive.ReadFolder(os.DirFS(path))
		return []archive.Packet{p}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		return archive.ReadCSV(f)
	}
	document, err := io.ReadAll(io.LimitReader(f, archive.MaxPacketBytes+1))
	if err != nil {
		return nil, err
	}
	p, err := archive.ParseJSON(document)
	return []archive.Packet{p}, err
}

// watched has exhibits tell a bar how much of them was read. Each is read twice: to hash
// it, and to store it.
func watched(exhibits []archive.Exhibit, bar *screen.Bar) []archive.Exhibit {
	all := make([]archive.Exhibit, len(exhibits))
	for i, x := range exhibits {
		all[i] = archive.Exhibit{Name: x.Name, Open: func() (io.ReadCloser, error) {
			r, err := x.Open()
			if err != nil {
				return nil, err
			}
			if f, ok := r.(fs.File); ok {
				if info, err := f.Stat(); err == nil {
					bar.Expect(info.Size())
				}
			}
			return struct {
				io.Reader
				io.Closer
			}{io.TeeReader(r, bar), r}, nil
		}}
	}
	return all
}
