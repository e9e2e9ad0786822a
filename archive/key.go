package archive

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// maxNameBytes bounds an id or an exhibit's name in its escaped form, which is
// a folder or file name on every backend.
const maxNameBytes = 200

// escape spells an id or a file name as one segment of a key. Letters, digits
// and combining marks of any script stand for themselves, as do - _ . + = @ , ~
// except for a dot that leads or follows a dot; all else becomes %XX, so that
// nothing climbs out of its folder and [unescape] gets back what went in.
func escape(name string) (string, error) {
	if name == "" {
		return "", errors.New("it is empty")
	}
	if !utf8.ValidString(name) {
		return "", fmt.Errorf("%.80q is not UTF-8", name)
	}
	if i := strings.IndexFunc(name, unicode.IsControl); i >= 0 {
		return "", fmt.Errorf("%.80q has a control character at byte %d", name, i)
	}
	var b strings.Builder
	for i, r := range name {
		if plain(r) && !(r == '.' && (i == 0 || name[i-1] == '.')) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() > maxNameBytes {
		return "", fmt.Errorf("%.40q… takes %d bytes as a file name, the limit is %d", name, b.Len(), maxNameBytes)
	}
	return b.String(), nil
}

func plain(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.M) || strings.ContainsRune("-_.+=@,~", r)
}

func unescape(segment string) (string, error) { return url.PathUnescape(segment) }

// packetFolder is where one version of a packet lies with its exhibits.
func packetFolder(escapedID string, sha256 worm.Digest) string {
	return packets + escapedID + "/" + sha256.String() + "/"
}

// packetIDsOf reads from the key at the end of an archive_uri, which is all that
// stays the same when a bucket is copied, the promotion_packet_ids it may be of.
// There is one for keys that stand in the address as they are, as S3 and Google
// spell them, and one for keys that are escaped there once more, as in a file URL.
func packetIDsOf(uri string) ([]string, error) {
	parts := strings.Split(uri, "/")
	if len(parts) < 4 || parts[len(parts)-4]+"/" != packets {
		return nil, errors.New("it does not end in packets/<promotion_packet_id>/<sha256>/<file>")
	}
	segment := parts[len(parts)-3]
	var ids []string
	if id, err := unescape(segment); err == nil {
		ids = append(ids, id)
		if inner, err := unescape(id); err == nil && inner != id {
			ids = append(ids, inner)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%.80q is not the escaped form of an id", segment)
	}
	return ids, nil
}

// The two folders of evidence. The log has its own.
const (
	packets   = "packets/"
	manifests = "manifests/"
)

func manifestFolder(batchID string) string { return manifests + batchID + "/" }

func manifestKey(batchID string, sha256 worm.Digest) string {
	return manifestFolder(batchID) + sha256.String() + ".sigstore.json"
}
