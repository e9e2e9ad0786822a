package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
)

//go:embed testdata
var testdata embed.FS

// sinceDecision is how long before the first run the packets were decided on.
const sinceDecision = 12 * time.Minute

// samples returns the packets, as folders that release tooling might find. The first
// run makes them, with decisions that were taken a moment ago; later runs find them.
func (s *show) samples() ([]archive.Packet, error) {
	now := time.Now()
	var packets []archive.Packet
	for _, name := range []string{"economy", "payments", "guild", "matchmaking"} {
		folder := filepath.Join(s.path("packets"), name)
		if err := makePacket(folder, name, now.Add(-sinceDecision)); err != nil {
			return nil, err
		}
		p, err := archive.ReadFolder(os.DirFS(folder))
		if err != nil {
			return nil, err
		}
		packets = append(packets, p)
	}
	return packets, nil
}

var decidedAt = regexp.MustCompile(`("promotion_decision_at_utc": )"[^"]*"`)

// makePacket makes the folder of a packet, if it is not there. packet.json comes last:
// what is there with it is whole.
func makePacket(folder, name string, decided time.Time) error {
	document := filepath.Join(folder, "packet.json")
	if _, err := os.Stat(document); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	exhibits, err := fs.Glob(testdata, "testdata/"+name+"/exhibits/*")
	if err != nil {
		return err
	}
	for _, from := range exhibits {
		b, err := testdata.ReadFile(from)
		if err != nil {
			return err
		}
		to := filepath.Join(folder, "exhibits", filepath.Base(from))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), writeFile(to, b, 0o644)); err != nil {
			return err
		}
	}
	b, err := testdata.ReadFile("testdata/" + name + "/packet.json")
	if err != nil {
		return err
	}
	b = decidedAt.ReplaceAll(b, []byte(`$1"`+decided.UTC().Format(time.RFC3339)+`"`))
	return writeFile(document, b, 0o644)
}

// events returns what production saw, as JSON lines: a deploy, an incident and a
// rollback, made up once, evenly between the export and now.
func (s *show) events(exported time.Time) ([]byte, error) {
	path := s.path("events.jsonl")
	b, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	template, err := testdata.ReadFile("testdata/events.jsonl")
	if err != nil {
		return nil, err
	}
	lines := bytes.SplitAfter(bytes.TrimSpace(template), []byte("\n"))
	apart := time.Since(exported) / time.Duration(len(lines)+1)
	for i, line := range lines {
		at, err := json.Marshal(exported.Add(apart * time.Duration(i+1)).UTC().Truncate(time.Millisecond))
		if err != nil {
			return nil, err
		}
		b = append(b, `{"at_utc": `...)
		b = append(append(append(b, at...), ", "...), bytes.TrimPrefix(line, []byte("{"))...)
	}
	return append(b, '\n'), writeFile(path, append(b, '\n'), 0o644)
}
