// Package spool keeps, in a local directory, what could not be exported yet. It is
// a staging area on the way to the bucket and no evidence by itself: nothing here is
// locked, and what the bucket has taken is removed.
//
//	DIR/lock                       held while room is made, and while an entry gets its name
//	DIR/draining                   held by the one process that drains
//	DIR/incoming/<bytes>-<random>  an entry that is being written, or removed
//	DIR/entries/<at>-<bytes>-<sha256>/
//	        entry.json             what it is, and each of its files by size and SHA-256
//	        packet.json            as given (packet.csv for a row of a CSV file)
//	        exhibits/<name>
//
// An entry's name begins with its promotion_decision_at_utc, so that ls lists entries
// in the order of the decisions, then says how many bytes it takes, and ends in the
// SHA-256 of its entry.json, which has those of all other files: sha256sum confirms
// everything, and changing anything shows. The same packet spooled again is the same
// entry. Its folder can be read as any packet's folder, by archive.ReadFolder too.
//
// # Durability
//
// An entry is written in incoming, every file and folder of it synced, and then
// renamed into entries, which is synced as well: [Spool.Add] returns when it would
// survive the machine losing power. It is removed by being renamed back. So whatever
// lies in entries is whole, whenever a process is killed; what the killed left in
// incoming is swept by the next Add, and was never promised to anybody.
//
// # Several processes
//
// Any number of processes may add to one directory at once: room is reserved under a
// lock, bodies are written outside of it. One process at a time drains. Locks are
// flock's, so the directory must be on a file system of this machine, and a lock dies
// with its process.
//
// # Trust
//
// Whoever can write to the directory can have packets exported, just as who may run
// the program: it is made with mode 0700, and one that everybody may write to is
// refused. Checksums find accidents, half-restored backups and edits by hand, not an
// attacker who computes them anew. Links, devices and files that do not belong there
// are never followed or read: they are reported as [DamagedError], and left.
package spool
