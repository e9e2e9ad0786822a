// Package s3worm keeps write-once objects in an S3 bucket: Amazon's, or one that
// speaks its protocol with conditional writes and object lock.
//
//	import _ "github.com/holdfast-archive/holdfast/retention/worm/s3worm"
//
//	store, err := worm.Open(ctx, "s3://release-evidence?region=eu-west-1&prefix=team-a/")
//
// The URL is gocloud's (see gocloud.dev/blob/s3blob), with its parameters, and
// credentials come from where the AWS SDK finds them. A *blob.Bucket made by
// s3blob works as well, prefixes included; the native client behind it is used,
// for gocloud loses the version id and the causes of refusals.
//
// # One request stores and locks
//
//	PUT /key
//	If-None-Match: *
//	x-amz-checksum-sha256: …
//	x-amz-object-lock-mode: GOVERNANCE or COMPLIANCE
//	x-amz-object-lock-retain-until-date: …
//	x-amz-object-lock-legal-hold: ON
//	x-amz-meta-sha256: …                       what State reports as SHA256
//
// An object of more than 8 MiB goes in parts, each with its own checksum; the lock
// is given when the upload is started, If-None-Match when it is completed. An
// upload that fails is aborted; one that cannot be aborted is named in the error,
// for its parts cost money until somebody does. Those of a process that died are
// counted by [worm.Store.CountUploads], and a lifecycle rule ends them.
//
// A write is sent once. What it came to is known for every answer below 500; for
// no answer, 408, 429 and 5xx the outcome is unknown, which [worm.Store.Put]
// settles by reading back. 412 is a taken key, 409 ConditionalRequestConflict and
// OperationAborted another writer at the same moment.
//
// # What a bucket must have
//
// Object lock, which brings versioning. Both are looked up when the bucket is
// opened. Whether If-None-Match means anything to the store is found out with the
// first object that is created: the same bytes are put under the same key again,
// which must be refused. A store that takes them is not written to any more.
//
// # Permissions
//
// Package retention/policy/render makes the IAM policy of each role: exporter, reader,
// hold-officer, auditor and replicator. The exporter can create, only with If-None-Match, and
// lock, and is denied to delete and to bypass. Raising governance to compliance takes
// s3:BypassGovernanceRetention, though it only makes a lock stricter, so that is the
// hold officer's, who can create in the log alone, and the replicator's on a copy.
// s3:ListBucketMultipartUploads, to count uploads, is in none of them: whoever runs the
// bucket has it.
//
// # Addresses
//
// s3://bucket/key?versionId=… pins one version. A version outlives what hides it, a
// delete marker or a newer version, and is read by its pin all the same.
package s3worm
