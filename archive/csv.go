package archive

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// MaxCSVBytes bounds a CSV file.
const MaxCSVBytes = 64 << 20

// ReadCSV makes a packet of each row of a CSV file (RFC 4180; lists within a
// field are separated by semicolons). The first record names the fields. A
// packet's bytes are the header record and its own row, exactly as they stand in
// the file, line ends and quotes included, so that each is a CSV file by itself.
//
// Either every row is a packet or the error names each row that is not. A row
// whose decision has not been taken yet is a packet too: it is [Archive.Export]
// that refuses it.
func ReadCSV(r io.Reader) ([]Packet, error) {
	packets, err := readCSV(r)
	if err != nil {
		return nil, fmt.Errorf("archive: read CSV: %w", err)
	}
	return packets, nil
}

func readCSV(r io.Reader) ([]Packet, error) {
	file, err := io.ReadAll(io.LimitReader(r, MaxCSVBytes+1))
	if err != nil {
		return nil, err
	}
	if len(file) > MaxCSVBytes {
		return nil, fmt.Errorf("%w: the file is larger than %d bytes; split it", ErrTooLarge, MaxCSVBytes)
	}
	if !utf8.Valid(file) {
		return nil, fmt.Errorf("%w: the file is not UTF-8 (first at byte %d)", ErrMalformed, firstInvalid(file))
	}
	c := newCSVReader(file)
	if err := c.readNames(); err != nil {
		return nil, err
	}
	return c.readPackets()
}

type csvReader struct {
	file    []byte
	records *csv.Reader
	names   []string
	header  []byte // the raw header record, up to and with its line end
}

func newCSVReader(file []byte) *csvReader {
	return &csvReader{file: file, records: csv.NewReader(bytes.NewReader(file))}
}

// named puts the names to the values of a row.
func (c *csvReader) named(values []string) []Field {
	all := make([]Field, len(values))
	for i, value := range values {
		all[i] = Field{c.names[i], value}
	}
	return all
}

func (c *csvReader) readNames() (err error) {
	c.names, err = c.records.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: the file is empty", ErrMalformed)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	c.names[0] = string(bytes.TrimPrefix([]byte(c.names[0]), []byte("\ufeff")))
	for i, name := range c.names {
		if slices.Contains(c.names[:i], name) {
			return &PacketError{Source: "CSV header", Field: name, Err: fmt.Errorf("%w: the field is repeated", ErrMalformed)}
		}
	}
	c.header = c.file[:c.records.InputOffset()]
	return nil
}

func (c *csvReader) readPackets() ([]Packet, error) {
	var packets []Packet
	var problems []error
	for row := 1; ; row++ {
		start := c.records.InputOffset()
		values, err := c.records.Read()
		if errors.Is(err, io.EOF) {
			return packets, errors.Join(problems...)
		}
		source := fmt.Sprintf("CSV row %d", row)
		if err != nil {
			problem := &PacketError{Source: source, Err: fmt.Errorf("%w: %w", ErrMalformed, err)}
			problems = append(problems, problem)
			if errors.Is(err, csv.ErrFieldCount) {
				continue
			}
			return nil, errors.Join(problems...) // after a broken quote no row is certain
		}
		raw := bytes.TrimLeft(c.file[start:c.records.InputOffset()], "\r\n") // blank lines before it are nobody's
		p, err := c.packet(values, raw, source)
		packets, problems = append(packets, p), append(problems, err)
	}
}

func (c *csvReader) packet(values []string, raw []byte, source string) (Packet, error) {
	f := fieldsOf(c.named(values))
	p := Packet{document: slices.Concat(c.header, raw), name: "packet.csv", source: source, fields: f}
	var err error
	p.Header, err = f.header(source)
	if len(p.document) > MaxPacketBytes {
		err = errors.Join(err, p.problem("", tooLarge(len(p.document))))
	}
	return p, err
}

func firstInvalid(b []byte) int {
	at := 0
	for at < len(b) {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}
