package linkage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
)

// Sink is where events go.
type Sink interface {
	// Send delivers one event, and returns when the receiver has it. What it has not
	// acknowledged is sent again.
	Send(ctx context.Context, e CloudEvent) error
}

// Cursor remembers how far events were delivered.
type Cursor interface {
	Load(ctx context.Context) (exportRowID int64, err error) // of the last row delivered; 0 for none
	Save(ctx context.Context, exportRowID int64) error
}

// savedEvery is after how many events the cursor is saved on the way.
const savedEvery = 100

// Deliver sends an event for every row behind the cursor, in the order of the log, up to
// its end, and returns how many it sent. The source names the log, such as
// https://evidence.example.com/release.
//
// Delivery is a function of the log: a row is sent after it is there for good, at least
// once, and nothing that exports ever waits for a sink. When the sink fails, Deliver
// saves how far it came and returns the error; call it again, from a schedule or after
// each export, and it goes on from there. After a crash up to a hundred events are sent
// twice, with the same ids. It stops before a row that a damaged log cannot show.
func (l *Linker) Deliver(ctx context.Context, source string, sink Sink, cursor Cursor) (sent int, err error) {
	ctx, op := l.watch.Start(ctx, "deliver events")
	defer func() { op.Set(attribute.Int("holdfast.event.count", sent)); op.End(&err) }()
	if source == "" || strings.ContainsAny(source, " \t\r\n") {
		return 0, fmt.Errorf("linkage: deliver: the source %.80q must be a URI that names the log", source)
	}
	last, err := cursor.Load(ctx)
	if err != nil {
		return 0, fmt.Errorf("linkage: deliver: load the cursor: %w", err)
	}
	saved := last
	for row, rowErr := range l.log.Rows(ctx, last+1) {
		if err = rowErr; err == nil && row.ExportRowID != last+1 {
			err = fmt.Errorf("row %d is missing", last+1)
		}
		if err == nil {
			err = sink.Send(ctx, NewCloudEvent(source, row))
		}
		if err != nil {
			err = fmt.Errorf("linkage: deliver row %d: %w", last+1, err)
			break
		}
		last, sent = row.ExportRowID, sent+1
		if last-saved >= savedEvery {
			if err = cursor.Save(ctx, last); err != nil {
				return sent, fmt.Errorf("linkage: deliver: save the cursor: %w", err)
			}
			saved = last
		}
	}
	if last == saved {
		return sent, err
	}
	if saveErr := cursor.Save(context.WithoutCancel(ctx), last); saveErr != nil {
		err = errors.Join(err, fmt.Errorf("linkage: deliver: save the cursor: %w", saveErr))
	}
	return sent, err
}

// FileCursor is a cursor in a file of its own: a number and a line end. A file that is
// not there is a cursor before the first row.
type FileCursor string

// Load implements [Cursor].
func (c FileCursor) Load(context.Context) (int64, error) {
	b, err := os.ReadFile(string(c))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	row, err := strconv.ParseInt(strings.TrimSuffix(string(b), "\n"), 10, 64)
	if err != nil || row < 0 {
		return 0, fmt.Errorf("%s does not hold an export_row_id; put the last one that was delivered there, or 0 to deliver all again", string(c))
	}
	return row, nil
}

// Save implements [Cursor]. The file is replaced at once: it holds the old number or the
// new one, whatever happens.
func (c FileCursor) Save(_ context.Context, exportRowID int64) error {
	f, err := os.CreateTemp(filepath.Dir(string(c)), "."+filepath.Base(string(c))+"-*")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, exportRowID)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), string(c))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
