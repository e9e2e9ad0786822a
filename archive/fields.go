package archive

import (
	"bytes"
	"context"
	"encoding/csv"
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

func jsonFields(document []byte) ([]Field, error) {
	in := jsontext.NewDecoder(bytes.NewReader(document))
	open, err := in.ReadToken()
	if err != nil {
		return nil, err
	}
	if open.Kind() != '{' {
		return nil, errors.New("not an object")
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
	return all, nil
}

func csvFields(document []byte) ([]Field, error) {
	in := csv.NewReader(bytes.NewReader(document))
	names, err := in.Read()
	if err != nil {
		return nil, err
	}
	names[0] = string(bytes.TrimPrefix([]byte(names[0]), []byte("\ufeff")))
	values, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("no row follows the header")
	}
	if err != nil {
		return nil, err
	}
	all := make([]Field, len(names))
	for i, name := range names {
		all[i] = Field{name, values[i]}
	}
	return all, nil
}
