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
//	 ...,"nonce":"6f1c…","idempotency_key":"export:9d0a…","prev_row_sha256":"5b41…"}
//
// prev_row_sha256 is the SHA-256 of the line before, its newline included; for
// row 1 it is the SHA-256 of nothing. Two rows and sha256sum are enough to check it. In
// the bucket of archive/testdata/golden-v1, which is the worked example of this format:
//
//	$ cat log/commits/*/*/*/*.jsonl | sed -n 1p | sha256sum
//	b42c7f3a1221c5532eddab3042c5c0784e5f9b4d2ab979ade03f32f216370b4f  -
//	$ cat log/commits/*/*/*/*.jsonl | sed -n 2p | jq -r .prev_row_sha256
//	b42c7f3a1221c5532eddab3042c5c0784e5f9b4d2ab979ade03f32f216370b4f
//
// A correction gives fields another value, or names them in cleared_fields to empty them:
// any of those that [Correctable] lists. What binds a row to what it is about, its
// promotion_packet_id, export_batch_id, packet_sha256 and subject_export_row_id, is not
// among them, and no correction takes anything from what an export is kept under
// ([Promise]). Corrections apply in their order, those of a correction to the row that it
// corrects. While an export is under legal hold (the last hold or release row with its
// number as subject_export_row_id is a hold), a correction of it, or of a row about it,
// that gives or clears archive_uri or content_integrity_reference is void: [Log.Append]
// refuses it, [Log.Current] passes over it and [Log.Verify] names it.
//
// A reader takes rows of a later schema_version, keeps their bytes in [Row.Line]
// with the fields it does not know, and hashes those bytes.
//
// # Commits
//
// Rows lie in numbered, write-once objects, one to [MaxCommitRows] lines each:
//
//	log/commits/000/000/000/001.jsonl
//	log/commits/000/000/000/002.jsonl
//
// Concatenated in order, they are the log: the truth, and complete. The first row
// of a commit also has prev_root_sha256, the root of the Merkle tree over all rows
// before it, so that the tree's past is part of the truth. The tree of one row is the
// hash of that leaf, which RFC 6962 has begin with a zero byte:
//
//	$ (printf '\0'; cat log/commits/*/*/*/*.jsonl | sed -n 1p) | sha256sum
//	5fbe88e2d81dc1d41651f2699032261fd7a57f8caa73646543905baf506f70ae  -
//	$ jq -r .prev_root_sha256 log/commits/000/000/000/002.jsonl
//	5fbe88e2d81dc1d41651f2699032261fd7a57f8caa73646543905baf506f70ae
//
// A writer that knows commit n is the last creates n+1. If the bucket says that
// name is taken, somebody else was first: the writer reads their commit, numbers
// its rows anew and tries n+2. n+2 is never written before n+1 is known.
//
//	know the head     from the newest mark, see below; then GET n+1, n+2, … in growing
//	                  parallel windows until one is absent
//	group             everything queued in this process goes into one commit; callers who
//	                  were just answered are waited for, 2 ms at the most
//	deduplicate       on promotion_packet_id and idempotency_key, against every row up to the head
//	PUT n+1 if absent
//	  stored          the rows are ours
//	  same bytes      ours: the reply was lost on the way
//	  other bytes     lost: catch up, rebuild, share the next commit
//	  unknown         PUT the same bytes under the same name until it is known
//
// A commit costs one round trip, and one is in flight per [Log] at a time, so
// rows per second are at most rows per commit over the round trip. An append whose
// fate stays unknown is an [UnknownOutcomeError]: append the same rows again to
// settle it.
//
// # Sharing
//
// Writers that only raced would starve each other. One that has lost a commit
// puts its rows, not yet numbered, where all who are after the same commit look:
//
//	log/inbox/999/999/999/957/<name>.jsonl     proposals for commit 42; numbers count down
//
// Names change from commit to commit. Whoever's comes first writes the commit
// with everybody's rows in it; the others read it, and find theirs. A leader that
// does not come is replaced by the next in line, and two leaders do no harm, for
// there is one commit 42, and every row has its idempotency key. A proposal is void
// once its commit is there: who looks for the others' names reads on at the same time,
// and if it came too late for one commit is in time for the next. A writer that keeps
// winning looks into the inbox every fourth time, and then shares too.
//
// # What is derived
//
// Everything else is a function of the commits. It is written after the rows were
// acknowledged, if it is not there yet, by the writer whose rows they are, or by
// the next one if that was killed, or by [Log.Seal]:
//
//	log/by/packet/<promotion_packet_id>/000000000042.json     the row's own line, under each thing
//	log/by/batch/<export_batch_id>/…                          it can be found by, as soon as it is in
//	log/by/incident/<incident_ticket_id>/…
//	log/by/rollback/<rollback_event_id>/…
//	log/by/row/<export_row_id>/…                              links, holds and corrections of a row
//	log/blocks/256/000/000/000/004.jsonl                      rows 1025 to 1280
//	log/blocks/65536/000/000/000/000.jsonl                    rows 1 to 65,536; locked
//	log/tile/0/004  log/tile/1/000.p/5  log/tile/entries/004  the Merkle tree as C2SP tlog-tiles
//	log/head/999/999/999/994.json                             a mark: what the first 5 blocks come to
//
// Ids are escaped as in the names of packets; one that cannot be is named by
// sha256! and its hash. Numbers in marks count down, so that the newest is listed
// first, in one request at any size. A mark is written last: up to its rows, all
// of the above is there. A block that its writer leaves lying for two seconds is
// derived by the writer of the next. In a store that stores many objects for less than
// one by one ([worm.Store.Bulk]), rows wait up to 0.2 s to be derived from together.
//
// Nobody believes any of it. A process that opens the log takes the newest mark,
// reads the commit it names, and checks that the tiles come to the root which that
// commit's first row records, and its rows to the mark's; else it takes an older
// mark, or the first commit. A line from the index or from a block counts only if
// the tree has it; else it is read from its commit. So what is wrong costs a few
// reads, is remembered, and is reported by [Log.Close], [Log.Seal] or [Log.Verify];
// and what has not been written yet is read from the commits behind the mark.
//
// # Tamper evidence
//
// Each row holds the hash of the one before, so an edited, removed, inserted or
// reordered row breaks the chain at a row that can be named. Over the same line
// bytes runs the Merkle tree of RFC 6962 (golang.org/x/mod/sumdb/tlog). A [Head]
// is the tree's size and root at one moment; whoever keeps one, as every signed
// manifest does, pins all rows before it, and [Log.Verify] holds the log to it.
//
// [Log.Checkpoint] signs a head with the log's own Ed25519 key, as a C2SP
// tlog-checkpoint for witnesses, and keeps it in the bucket:
//
//	log/checkpoints/000/000/000/700
//
//	log.example/release
//	700
//	mJ0o…=
//
//	— log.example/release Az3g…=
//
// [Log.ProveRow] takes a row out of the log as a line, a proof and a checkpoint,
// with which [VerifyRow] convinces a stranger who has the public key and nothing else.
// [Log.ProveConsistency] shows that one checkpoint continues another.
//
// What no later row, no checkpoint and no kept head covers are the rows at the
// very end. On a bucket that locks versions they can be hidden and not removed,
// and Verify names what is hidden; elsewhere they could be cut off unnoticed: keep
// a checkpoint outside, or a copy of the log, which [Log.Follow] keeps in step.
//
// # Other tools
//
// jq reads any commit. queries/duckdb.sql has queries over the files as they lie
// there, a check of the hash chain among them; queries/athena.sql and
// queries/bigquery.sql define tables. Tessera's fsck and its ProofBuilder read
// log/ as it is; interop/ has them do so, and measures this log beside others.
package exportlog
