// Package azureworm keeps write-once objects in an Azure Blob Storage container.
//
//	import _ "github.com/holdfast-archive/holdfast/retention/worm/azureworm"
//
//	store, err := worm.Open(ctx, "azblob://release-evidence?storage_account=acme&prefix=team-a/")
//
// The URL is gocloud's (see gocloud.dev/blob/azureblob), and credentials come from
// where it finds them. A *blob.Bucket made by azureblob works as well, prefixes
// included; the native client behind it is used, for gocloud's writer cannot carry
// immutability, and panics when a write with content is refused.
//
// # Stored and locked
//
//	PUT /container/key
//	If-None-Match: *
//	x-ms-immutability-policy-mode: Unlocked
//	x-ms-immutability-policy-until-date: …
//	x-ms-legal-hold: true
//	x-ms-meta-sha256: …
//
// One request stores the blob with its date and its hold. Governance is an
// Unlocked policy. Compliance is a Locked one, which a second request makes of the
// Unlocked: a service that took the lock with the blob could never be corrected, so
// Azure wants it so. The lock is then read back. A crash between the two leaves
// the blob under governance until the same date; the next Put of the same bytes
// finds that and completes it.
//
// A blob of more than 8 MiB goes in blocks, with lock and If-None-Match on the
// request that commits them, and the lock is read back. Blocks that are never committed are dropped by the
// service after a week.
//
// A request that stores is sent once. 409 BlobAlreadyExists and 412 are a taken
// key, as is 409 BlobImmutableDueToPolicy; no answer, 408, 429 and 5xx are unknown
// outcomes, which [worm.Store.Put] settles by reading back.
//
// # What a container must have
//
// Version-level immutability, which brings versions, and is enabled when the
// container or the storage account is made. A Locked policy can be extended five
// times in all: that is Azure's limit.
//
// # Permissions
//
// Package retention/policy/render makes the role definition of each role: exporter,
// reader, hold-officer, auditor and replicator (az role definition create). None of them can delete, or override
// immutability. Azure does not tell writing a blob from changing its policy, so
// exporter, hold officer and replicator have the same data actions there.
//
// # Addresses
//
// azblob://container/key?versionid=… pins one version. The key is escaped as in
// URLs, so that with https and the account's host in place of azblob it is the
// blob's own address.
package azureworm
