package archive

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// csvRecords yields the records of a CSV file of any size, whose first names the fields.
func csvRecords(r io.Reader, required ...string) iter.Seq2[fileRecord, error] {
	return func(yield func(fileRecord, error) bool) {
		bounded := &boundedReader{from: r, left: MaxRecordBytes}
		records := csv.NewReader(bounded)
		records.ReuseRecord = true
		names, err := csvNames(records, required)
		line := 0
		for err == nil {
			bounded.left = MaxRecordBytes
			var values []string
			if values, err = records.Read(); err != nil {
				break
			}
			line, _ = records.FieldPos(0)
			at := fileRecord{fields: fields{}, source: fmt.Sprintf("line %d", line)}
			for i, name := range names {
				at.fields[name] = values[i]
			}
			if !yield(at, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) || names == nil {
			yield(fileRecord{}, csvProblem(err, line))
		}
	}
}

// csvNames reads the record that names the fields.
func csvNames(records *csv.Reader, required []string) ([]string, error) {
	record, err := records.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: the file is empty; its first line names the fields", ErrMalformed)
	}
	if err != nil {
		return nil, err
	}
	names := slices.Clone(record)
	names[0] = strings.TrimPrefix(names[0], "\ufeff")
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, &PacketError{Source: "line 1", Field: name, Err: fmt.Errorf("%w: the field is repeated", ErrMalformed)}
		}
	}
	for _, name := range required {
		if !slices.Contains(names, name) {
			return nil, &PacketError{Source: "line 1", Field: name, Err: fmt.Errorf("%w: no column has this name", ErrMissing)}
		}
	}
	return names, nil
}

// csvProblem gives an error its place.
func csvProblem(err error, after int) error {
	var at *csv.ParseError
	if errors.As(err, &at) {
		return &PacketError{Source: fmt.Sprintf("line %d", at.Line), Err: fmt.Errorf("%w: column %d: %w", ErrMalformed, at.Column, at.Err)}
	}
	if errors.Is(err, ErrTooLarge) {
		return &PacketError{Source: fmt.Sprintf("after line %d", after), Err: err}
	}
	return err
}

// boundedReader stops a record that does not end, as after a quote that is not closed.
type boundedReader struct {
	from io.Reader
	left int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("%w: a record takes more than %d bytes; is a quote not closed?", ErrTooLarge, MaxRecordBytes)
	}
	n, err := b.from.Read(p)
	b.left -= n
	return n, err
}
