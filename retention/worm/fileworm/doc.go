// Package fileworm keeps write-once objects in a local directory: the embedded
// default, for one machine and for trying things out.
//
//	import _ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
//
//	store, err := worm.Open(ctx, "file:///var/lib/evidence?create_dir=true")
//
// The URL's path is the directory; file://./evidence is relative to the working
// directory. create_dir=true makes the directory if it is not there, and
// prefix=a/b/ keeps everything below that folder of it.
//
// # What lies in the directory
//
// An object is a plain, read-only file at its key, so ls, cat and sha256sum work
// on evidence. Beside it lies its lock record, under its name with a dot before
// and .lock behind:
//
//	packets/pp-7/9f86…/packet.json
//	packets/pp-7/9f86…/.packet.json.lock
//	.staging/                               what is being written just now
//
// Objects that were put many at once ([worm.Store.PutAll]) are under no lock and have
// no record; those among them with the same bytes may be one file under several names.
//
// A lock record only grows. Each line is a JSON object about the bytes with that
// digest, on a line by itself so that one cut off by a crash spoils no other:
//
//	{"sha256":"9f86…","mode":"compliance","until":"2033-08-05T00:00:00Z","at":"2026-08-04T10:30:12Z"}
//	{"sha256":"9f86…","legal_hold":true,"at":"2026-08-19T08:00:00Z"}
//
// In force are the strictest mode and the latest date that any line gives, and
// the hold of the last line that says something of it. Lines about other digests
// were left by writers that lost the race for the key; they count for nothing.
//
// # Create-only, between processes, through crashes
//
// A write goes to .staging, is fsynced, and has its lock on disk before its
// name: the record is appended and fsynced, then the staged file is linked to
// its key, which fails if the key is taken, then the folder is fsynced. Only then
// is it reported. A process killed at any point leaves nothing under the key, or
// all of it under its lock. What it leaves in .staging is swept an hour later by
// the next to open the directory; nothing else is ever removed.
//
// Many objects at once are staged together, and the file system is synced as a whole
// (syncfs); then all are linked, and it is synced again. No name is there before its
// bytes are on disk, so that a crash leaves an object whole or absent. This is so on
// Linux; elsewhere they are put one by one. Before Linux 5.8 syncfs does not tell of
// every failure to write.
//
// # What a directory cannot promise
//
// The lock is recorded and honoured by this library, and no more than that: root,
// or whoever owns the files, can remove or rewrite them with any other tool.
// Capabilities say so ([worm.Recorded]). Edited bytes are noticed when they are
// read, for the record has their digest, but somebody who edits both is only
// caught by what is signed and chained above this layer. Where that is not
// enough use a bucket with object lock, or at least keep the directory under a
// user of its own.
//
// It needs flock and hard links, as local file systems on Linux, macOS and the
// BSDs have them; elsewhere opening is [worm.ErrUnsupported]. On NFS both work
// from version 4 on, but whether fsync means what it says is the server's choice.
// On a file system that ignores case, keys that differ in case alone are one.
package fileworm
