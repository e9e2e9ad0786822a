package linkage

import (
	"errors"
	"fmt"
	"iter"
)

// What a caller of [Linker.Pack] decides on, beside [ErrNotLocated] and
// archive.ErrNotConfirmed.
var (
	// ErrPeers: the export's manifest names other exports.
	ErrPeers = errors.New("the manifest names other exports")
	// ErrNoProofs: no signed checkpoint covers the rows, and none can be signed.
	ErrNoProofs = errors.New("no checkpoint to prove the rows by")
)

// PeersError says how many other packets a manifest names. It matches [ErrPeers].
type PeersError struct {
	ExportBatchID string
	Peers         int
}

func (e *PeersError) Error() string {
	return fmt.Sprintf("%v: batch %s has %d packets beside this one, and whoever gets its manifest reads their ids; choose WithholdManifest or RevealPeers", ErrPeers, e.ExportBatchID, e.Peers)
}

// Is matches ErrPeers.
func (e *PeersError) Is(target error) bool { return target == ErrPeers }

// Peers says what becomes of a manifest that names other exports of its batch. Its
// signature is over all of them, so none can be blacked out.
type Peers int

const (
	// RefusePeers makes no pack: a [PeersError].
	RefusePeers Peers = iota
	// WithholdManifest leaves the manifest out. The log's signature then stands for
	// the row, and the row, through its idempotency_key, for the packet and every exhibit.
	WithholdManifest
	// RevealPeers puts it in, and the pack says that it names others.
	RevealPeers
)

// PackOptions say what goes into a pack.
type PackOptions struct {
	Peers Peers

	// WithoutProofs makes a pack without checkpoint and proofs, which rests on the
	// manifest's signature alone and says so. The log's key is then not needed.
	WithoutProofs bool

	// Events are told in the pack's lineage: see [Story]. Those of other packets are not.
	Events iter.Seq2[Event, error]
}
