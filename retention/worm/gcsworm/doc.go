// Package gcsworm keeps write-once objects in a Google Cloud Storage bucket.
//
//	import _ "github.com/holdfast-archive/holdfast/retention/worm/gcsworm"
//
//	store, err := worm.Open(ctx, "gs://release-evidence?prefix=team-a/")
//
// The URL is gocloud's (see gocloud.dev/blob/gcsblob), and credentials come from
// where Google's libraries find them. A *blob.Bucket made by gcsblob works as well,
// prefixes included. One that speaks gRPC is refused: that way retention is
// dropped without a word.
//
// # One request stores and locks
//
//	POST /upload/…?ifGenerationMatch=0
//	{"name": …, "metadata": {"sha256": …}, "temporaryHold": true,
//	 "retention": {"mode": "Locked", "retainUntilTime": …}}
//
// Governance is Unlocked retention, compliance is Locked, a legal hold is a
// temporary hold. An object of more than 8 MiB is a resumable upload, of which
// nothing is seen before it is complete; one that is given up is forgotten by the
// service after a week. The service checks the CRC-32C that the client computes;
// the SHA-256 is checked here, before the upload is completed.
//
// Every answer below 500 other than 408 and 429 is known for what it is: 412 is a
// taken key, 404 and 403 are refusals, and 403 with retentionPolicyNotMet or a hold
// as its cause is [worm.ErrLocked]. All else is an unknown outcome, which
// [worm.Store.Put] settles by reading back.
//
// # What a bucket must have
//
// Per-object retention, which is enabled for a bucket as a whole, and object
// versioning, so that a generation outlives a newer one.
//
// # Permissions
//
// Package retention/policy/render makes the custom role of each role: exporter,
// reader, hold-officer, auditor and replicator (gcloud iam roles create ID --file). None of them
// can delete. Locking what was Unlocked takes
// storage.objects.overrideUnlockedRetention, which is the hold officer's, and the replicator's on a copy.
//
// # Addresses
//
// gs://bucket/key#generation pins one generation, as Google's own tools spell it.
package gcsworm
