package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Field is one field of a packet, as it stands there: a JSON value, or a CSV field's
// text.
type Field struct {
	Name  string
	Value any
}

// Fields reads the packet's bytes and returns its fields in the order they stand there.
func (e Evidence) Fields(ctx context.Context) ([]Field, error) {
	document, err := e.Document(ctx)
	if err != nil {
		return nil, err
	}
	read := jsonFields
	if e.Packet.Document.Name == "packet.csv" {
		read = csvFields
	}
	all, err := read(document)
	if err != nil {
		return nil, fmt.Errorf("archive: read packet %.80q: %w: %w", e.Packet.PromotionPacketID, ErrMalformed, err)
	}
	return all, nil
}

// jsonFields reads the fields of a JSON object, and nothing may follow it.
func jsonFields(document []byte) ([]Field, error) {
	in := jsontext.NewDecoder(bytes.NewReader(document))
	open, err := in.ReadToken()
	if err != nil {
		return nil, err
	}
	if open.Kind() != '{' {
		return nil, fmt.Errorf("it is a JSON %s, not an object", open.Kind())
	}
	var all []Field
	for in.PeekKind() != '}' {
		name, err := in.ReadToken()
		if err != nil {
			return nil, err
		}
		f := Field{Name: name.String()}
		if err := json.UnmarshalDecode(in, &f.Value); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	if _, err := in.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := in.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows the object, at byte %d", in.InputOffset())
	}
	return all, nil
}

// csvFields reads the fields of the first row of a CSV file.
func csvFields(document []byte) ([]Field, error) {
	c := newCSVReader(document)
	if err := c.readNames(); err != nil {
		return nil, err
	}
	values, err := c.records.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("no row follows the header")
	}
	if err != nil {
		return nil, err
	}
	return c.named(values), nil
}

// fieldsOf has the fields by their names.
func fieldsOf(all []Field) fields {
	f := make(fields, len(all))
	for _, field := range all {
		f[field.Name] = field.Value
	}
	return f
}
