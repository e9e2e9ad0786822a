// Package archive keeps what a promotion was decided on. One call takes a
// decision packet to evidence: stored write-once, locked for as long as the
// retention matrix says, described by a signed manifest, and logged.
//
//	a, err := archive.Open(ctx, "s3://release-evidence?region=eu-west-1", archive.Config{
//		Signer:   signer,
//		Operator: "release-ops/pipeline-42",
//	})
//	packet, err := archive.ReadFolder(os.DirFS("packets/pp-20260804-ECONOMY-0001"))
//	receipt, err := a.Export(ctx, packet)
//	fmt.Println(receipt.ExportRowID, receipt.ArchiveURI)
//
// # What happens to a packet
//
//	admitted     its header is read and held to the policy; nothing is written before that
//	classified   the matrix decides class, period and lock, and says why
//	stored       the packet's exact bytes and its exhibits, create-only, each locked as it is stored
//	signed       one manifest over the batch: what was decided, what was kept, why, by whom, and the log's head at that moment
//	logged       one row, which is what makes it an export
//
// The order is what makes a crash harmless. Until the row is there, nothing
// counts; exporting the same packet again finds what is stored and goes on from
// there. When the row is there, everything it points to is.
//
// # What lies in the bucket
//
//	packets/<promotion_packet_id>/<sha256>/packet.json           as given (packet.csv for a row of a CSV file)
//	packets/<promotion_packet_id>/<sha256>/exhibits/<name>
//	manifests/<export_batch_id>/<sha256>.sigstore.json           see package manifest
//	log/commits/000/000/000/042.jsonl                            see package exportlog
//
// Each <sha256> is that of the packet's or bundle's bytes, so sha256sum confirms
// a name. Ids and file names are escaped as URLs are, letters of every script
// excepted: "../pp 7" is the folder "%2E%2E%2Fpp%207". An exhibit that another
// export of the very same packet has under the same name, with other bytes, goes
// into exhibits-<its sha256>/ beside it.
//
// # Same packet, same receipt
//
// Exports are told apart by promotion_packet_id, the packet's bytes, and the
// exhibits' names and bytes. The same again returns the first receipt and writes
// nothing, whoever asks and however often. Other bytes under the same id are
// another export: both are kept, and the row of the second names the first in
// reexport_of_export_row_id.
//
// # Proof
//
// [Archive.Confirm] proves one export from its row, [Archive.Verify] everything
// in the bucket. Both need the public keys that are trusted, and nothing else but
// the bucket. On a bucket that locks versions, evidence can be hidden and not
// removed, and Verify names what is hidden. In a directory, a row that was cut off
// from the very end of the log along with its packet and manifest leaves no trace:
// keep receipts, or a head of the log, elsewhere.
package archive
