package archive

import (
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

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
	if id, err := worm.UnescapeSegment(segment); err == nil {
		ids = append(ids, id)
		if inner, err := worm.UnescapeSegment(id); err == nil && inner != id {
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
