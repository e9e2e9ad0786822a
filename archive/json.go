package archive

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// ParseJSON makes a packet of a JSON document, of at most [MaxPacketBytes]. The
// document is an object in UTF-8; a name given twice is an error, for readers
// disagree on which of the two counts. The bytes are kept as they are.
func ParseJSON(document []byte) (Packet, error) {
	p, err := parseJSON(document, "")
	if err != nil {
		return Packet{}, fmt.Errorf("archive: parse packet: %w", err)
	}
	return p, nil
}

func parseJSON(document []byte, source string) (Packet, error) {
	p := Packet{document: bytes.Clone(document), name: "packet.json", source: source}
	if len(document) > MaxPacketBytes {
		return Packet{}, p.problem("", tooLarge(len(document)))
	}
	if len(bytes.TrimSpace(document)) == 0 {
		return Packet{}, p.problem("", fmt.Errorf("%w: the packet is empty", ErrMalformed))
	}
	all, err := jsonFields(document)
	if err != nil {
		return Packet{}, p.problem(fieldOf(err), fmt.Errorf("%w: %w", ErrMalformed, err))
	}
	p.fields = fieldsOf(all)
	p.Header, err = p.fields.header(source)
	return p, err
}

// fieldOf names the field a JSON error is about.
func fieldOf(err error) string {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return syntax.JSONPointer.LastToken()
	}
	return ""
}
