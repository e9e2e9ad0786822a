// Package exportlog is the append-only log of exports. It lives in the same
// write-once bucket as the evidence and needs no database, no lock server and
// no lease: the bucket's create-only write is all the coordination there is.
//
// # Rows
//
// A row is one line of JSON, at most [MaxLineBytes] with its newline. Rows are
// numbered from 1 without gaps by export_row_id. Nothing is ever edited: an
// incident is bound by appending a link row, a mistake is put right by
// appending a correction row that names correction_of_export_row_id.
//
//	{"schema_version":1,"export_row_id":2,"kind":"export","promotion_packet_id":"pp-2","promotion_decision":"promote",
//	 ...,"nonce":"6f1c…","idempotency_key":"export:pp-2:9d0a…","prev_row_sha256":"5b41…"}
//
// prev_row_sha256 is the SHA-256 of the line before, its newline included; for
// row 1 it is the SHA-256 of nothing. Two rows and sha256sum are enough to check it:
//
//	cat log/commits/*/*/*/*.jsonl | sed -n 1p | sha256sum
//
// # Commits
//
// Rows lie in numbered, write-once objects, one to [MaxCommitRows] lines each:
//
//	log/commits/000/000/000/001.jsonl
//	log/commits/000/000/000/002.jsonl
//
// Concatenated in order, they are the log. A writer that knows commit n is the
// last creates n+1. If the bucket says that name is taken, somebody else was
// first: the writer reads their commit, numbers its rows anew and tries n+2.
// n+2 is never written before n+1 is known.
//
//	know the head     GET n+1, n+2, … in growing parallel windows until one is absent
//	group             everything queued in this process goes into one commit
//	deduplicate       on idempotency_key, against every row up to the head
//	PUT n+1 if absent
//	  stored          the rows are ours
//	  same bytes      ours: the reply was lost on the way
//	  other bytes     lost: catch up, rebuild, try again after a little while
//	  unknown         PUT the same bytes under the same name until it is known
//
// A commit costs one round trip, and one is in flight per [Log] at a time, so
// rows per second are at most rows per commit over the round trip.
//
// # Tamper evidence
//
// Each row holds the hash of the one before, so an edited, removed, inserted or
// reordered row breaks the chain at a row that can be named. Over the same line
// bytes runs the Merkle tree of RFC 6962 (golang.org/x/mod/sumdb/tlog). A [Head]
// is the tree's size and root at one moment; whoever keeps one, as every signed
// manifest does, pins all rows before it, and [Log.Verify] holds the log to it.
//
// What no later row and no kept head covers are the rows at the very end. On a
// bucket that locks versions they can be hidden and not removed, and Verify names
// what is hidden; elsewhere they could be cut off unnoticed: keep a head outside.
package exportlog
