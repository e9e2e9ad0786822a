// Package worm is the write-once store that enforces what package retention
// decides: create-only writes that are locked as they are stored, reads by
// pinned version with the digest checked, locks that only grow, and no delete.
//
// # The contract
//
// A bucket holds objects under slash-separated keys. Each object is created
// once; its bytes never change; what may change afterwards is its lock, and
// that only towards longer and stricter, plus a legal hold that can be set and
// released. A [Ref] names one version of one object: on a versioned bucket a
// bare key is not evidence, for a newer version or a delete marker may hide
// what was written.
//
//	Put           create-only, from a reader; stores and locks together
//	PutAll        many small objects that need no lock, in fewer steps where there are
//	Get           one version, its SHA-256 checked before the last byte is handed over
//	Read          a small object whole, bounded
//	State         size, digest, lock and visibility, as the store reports them
//	Extend        a longer or stricter lock
//	SetLegalHold  set or release, independent of retention
//	List          the keys under a prefix
//	ListHidden    the versions that no key shows any more
//
// # Opening
//
// [Open] takes a URL as gocloud.dev does, [OpenBucket] a *blob.Bucket the
// caller has already opened. The drivers are linked by blank import:
//
//	import _ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
//
//	store, err := worm.Open(ctx, "file:///var/lib/evidence?create_dir=true")
//	stored, err := store.Put(ctx, "packets/p-1/packet.json", body, worm.Spec{
//		Size: size, SHA256: digest,
//		Lock: retention.Lock{Mode: retention.Governance, Until: until},
//	})
//	uri := store.URI(stored.Ref) // an archive_uri
//
// # Never guess
//
// A Put whose reply is lost may have been stored, and a Put that is refused may
// have been refused because of itself. Put therefore reads back: the same bytes
// under the key are success, other bytes are [ErrExists], and a key that is
// still absent after an unknown outcome is [ErrOutcomeUnknown], because the
// write may yet land. Calling Put again with the same bytes is always safe.
//
// # Writing a driver
//
// Implement [Driver], call [Register] from the package's init, and run
// wormtest.Conformance against it. The [Store] around it checks keys, digests,
// lock demands and read-backs, so a driver says only what its backend did. One that
// can store many small objects for less than one by one also implements [Bulk].
package worm
