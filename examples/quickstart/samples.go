package main

import (
	"embed"
	"errors"
	"io/fs"
	"net/url"

	"github.com/holdfast-archive/holdfast/archive"
)

//go:embed testdata
var testdata embed.FS

// samples reads three packets from folders and three from the rows of a
// register, as release tooling finds them.
func samples() ([]archive.Packet, error) {
	var packets []archive.Packet
	for _, name := range []string{"economy", "payments", "guild"} {
		folder, err := fs.Sub(testdata, "testdata/"+name)
		if err != nil {
			return nil, err
		}
		p, err := archive.ReadFolder(folder)
		if err != nil {
			return nil, err
		}
		packets = append(packets, p)
	}
	register, err := testdata.Open("testdata/register.csv")
	if err != nil {
		return nil, err
	}
	defer register.Close()
	rows, err := archive.ReadCSV(register)
	return append(packets, rows...), err
}

func refused(err error) bool { return errors.Is(err, archive.ErrRefused) }

func fileURL(dir string) string {
	u := url.URL{Scheme: "file", Path: dir, RawQuery: "create_dir=true"}
	return u.String()
}
