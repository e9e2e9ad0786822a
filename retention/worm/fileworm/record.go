package fileworm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// maxRecordBytes bounds a lock record: some five thousand changes.
const maxRecordBytes = 1 << 20

// record is one line of a lock record.
type record struct {
	SHA256    worm.Digest    `json:"sha256"`
	Mode      retention.Mode `json:"mode,omitzero"`
	Until     time.Time      `json:"until,omitzero"`
	LegalHold *bool          `json:"legal_hold,omitempty"`
	At        time.Time      `json:"at"`
}

// with returns the line with the mode and date of a lock.
func (r record) with(lock retention.Lock) record {
	if !lock.Until.IsZero() {
		r.Mode, r.Until = lock.Mode, lock.Until
	}
	return r
}

// recordKey is the name of the lock record of the object at a key.
func recordKey(key string) string {
	return path.Join(path.Dir(key), "."+path.Base(key)+".lock")
}

// readRecord returns the lines of an object's lock record, and none if there is
// no record. Lines that are not whole were never acknowledged.
func (d *driver) readRecord(key string) ([]record, error) {
	f, err := d.root.Open(recordKey(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLines(f)
}

func readLines(f *os.File) ([]record, error) {
	b, err := io.ReadAll(io.LimitReader(f, maxRecordBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxRecordBytes {
		return nil, fmt.Errorf("%w: the lock record %s is larger than %d bytes", worm.ErrCorrupt, f.Name(), maxRecordBytes)
	}
	var lines []record
	for line := range bytes.Lines(b) {
		var r record
		if json.Unmarshal(line, &r) == nil && !r.SHA256.IsZero() {
			lines = append(lines, r)
		}
	}
	return lines, nil
}

// append adds a line to a lock record and syncs it. Given check, it decides on
// the lines so far, with nobody else appending meanwhile, whether to.
func (d *driver) append(key string, line record, check func(lines []record) error) error {
	f, err := d.root.OpenFile(recordKey(key), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer f.Close() // and the lock with it
	if err := waitLock(f); err != nil {
		return err
	}
	if check != nil {
		lines, err := readLines(f)
		if err == nil {
			err = check(lines)
		}
		if err != nil {
			return err
		}
	}
	line.At = time.Now().UTC().Truncate(time.Millisecond)
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}
	d.step("recording")
	if _, err := f.Write(append(append([]byte("\n"), b...), '\n')); err != nil {
		return err
	}
	return f.Sync()
}

// fold returns the lock that the lines about one digest come to.
func fold(lines []record, digest worm.Digest) retention.Lock {
	var l retention.Lock
	for _, r := range lines {
		if r.SHA256 != digest {
			continue
		}
		l = retention.Stronger(l, retention.Lock{Mode: r.Mode, Until: r.Until, LegalHold: l.LegalHold})
		if r.LegalHold != nil {
			l.LegalHold = *r.LegalHold
		}
	}
	return l
}
