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
//	classified   the policy decides class, period and lock, and says why
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
// # Locked, by the bucket's own word
//
// After each write the object's lock mode, date, hold and version are read back, unless
// the bucket's answer to the write states them already, and the manifest says what was
// observed beside what was asked for. A lock that is not there, or that nobody would
// tell of, is [ErrNotLocked], and no export; with [Config.UnsafeWithoutLocks] it is an
// export that promises nothing and says why. An exporter needs to be allowed to read
// locks: s3:GetObject and s3:GetObjectRetention, for instance.
//
// # When something is down
//
// With [Config.Spool], Export neither blocks a release nor loses its evidence: what
// cannot be reached in time leaves the packet and its exhibits in a directory of this
// machine, synced and checksummed, and a [PendingError] that says so. The next export
// that succeeds, or [Archive.Flush], exports what waits, once, whatever is killed in
// between. The row's promotion_decision_at_utc and exported_at_utc show what was late,
// and if that was later than the policy allows, so do the manifest's reasons.
//
// # Same packet, same receipt
//
// Exports are told apart by promotion_packet_id, the packet's bytes, and the
// exhibits' names and bytes. The same again returns the first receipt and writes
// nothing, whoever asks and however often. Other bytes under the same id are
// another export: both are kept, and the row of the second names the first in
// reexport_of_export_row_id.
//
// # How long, and for whom
//
// A policy file (package retention/policy) says which decisions are exported, who may do
// so, and how long each is kept. [Archive.Explain] says what it makes of a packet, and
// why, without writing anything; the manifest carries the same.
//
// What is stored is never kept shorter. A policy that became longer is applied to the
// past by [Archive.Extend], after [Archive.Reclassify] has said whom that concerns; one
// that became shorter counts for exports to come. [Archive.Hold] puts exports under
// legal hold for a matter, until [Archive.Release] by the same matter, and somebody else
// if the policy says so. Each of them works on a [Selection], changes the objects, and
// appends a row to each export that says who did it, when and why:
//
//	hold     objects first, then the row: what the log says is held, is held
//	extend   objects first, then the row, then the log's own commits
//	release  the row first, then the objects: what is not held, the log says so
//
// They are idempotent. After a crash, or a [PartialError] that says which exports and
// objects are done and which are not, the same call goes on. Where there are millions of
// objects, [Archive.WriteS3BatchManifest] has S3 set the holds.
//
// An old promotion that nobody exported in its day can be exported still, as
// [Packet.Reconstructed]: it never passes as one made in time.
//
// # Proof
//
// [Archive.Confirm] proves one export from its row, [Archive.VerifyRows] all those of a
// range of rows, which a scheduler may spread over machines, and [Archive.Verify]
// everything in the bucket. They need the public keys that are trusted, and nothing else but
// the bucket. On a bucket that locks versions, evidence can be hidden and not
// removed, and Verify names what is hidden. In a directory, a row that was cut off
// from the very end of the log along with its packet and manifest leaves no trace:
// keep a second copy, receipts, or a head of the log, elsewhere.
//
// # A second copy
//
// A [Replica] is the same evidence in a bucket of its own. [Replica.Replicate] copies what
// is new, objects before the rows that point to them, and signs the head of the copy;
// [Replica.Compare] names every difference; [Replica.Verify] holds the primary to what the
// copy remembers. The copy is opened as any archive when the primary is down.
//
// # Looking ahead
//
// [Archive.Estimate] says what an export would lock, for how long and at what cost,
// [Archive.Radar] what lapses before the evidence's own end, and what mends it.
//
// # Watching it
//
// With [Config.Telemetry], logs, traces and metrics are reported to the providers given
// there; without, nothing is. No packet's content, key or password is in any of them.
// The spans, each named after what is done:
//
//	export packets       Export, ExportBatch; below it, once for each manifest:
//	  classify packets     what the policy decides
//	  store packets        packets and exhibits, with their locks
//	  sign manifest        signed, and stored
//	  append rows          queued, and answered; below it, in the first caller's trace:
//	    commit rows          written, for all who append at once; linked to the others
//	derive index         in the background, a trace of its own, linked to each append it is for
//	flush spool          Flush, or in the background; the same stages are below it
//	confirm export       Confirm, ConfirmLinked
//	retrieve evidence    Retrieve
//	resolve reference    Resolve
//	verify archive       Verify, of a replica too
//	verify rows          VerifyRows
//	hold exports         Hold; and "release exports", "extend exports", "review holds"
//	compare coverage     Coverage
//	foresee lapses       Radar
//	replicate archive    Replicate; below it, its checkpoint's
//	compare replica      Compare
//	seal log             exportlog's Seal
//
// and those of package linkage:
//
//	bind divergence      Bind
//	locate export        Locate
//	prove exports        Prove; below it, "confirm export" for each
//	rehearse incident    Rehearse; below it, a span for each step
//	reconcile events     Reconcile, from the first event that is asked for to the last
//	deliver events       Deliver
//	tell lineage         Lineage
//	pack evidence        Pack
//	count figures        Figures
//
// Where they apply, spans have holdfast.promotion_packet_id, holdfast.export_row_id,
// holdfast.export_batch_id, holdfast.retention_class, holdfast.archive_uri,
// holdfast.incident_ticket_id, holdfast.rollback_event_id, holdfast.already_exported,
// holdfast.change.changed, .already and .failed, holdfast.export.outcome where that is
// pending or failed, and, of what they went through or found, holdfast.packet.count,
// holdfast.row.count, holdfast.object.count, holdfast.decision.count, holdfast.event.count,
// holdfast.lapse.count and holdfast.finding.count. One that failed
// has the status Error with the error's text, and error.type. What was done again is an
// event holdfast.retry with holdfast.object and error.type.
//
// The metrics:
//
//	holdfast.operation.duration  s          histogram  holdfast.operation.name (a span's name), error.type
//	holdfast.export.packets      {packet}   counter    holdfast.export.outcome (exported, already_exported, pending, failed), holdfast.retention_class
//	holdfast.export.delay        s          histogram  holdfast.retention_class; from the decision to the export, of what was not reconstructed
//	holdfast.export.size         By         histogram  holdfast.retention_class; a packet and its exhibits
//	holdfast.log.rows            {row}      counter    holdfast.row.kind; written by this process
//	holdfast.retries             {retry}    counter    holdfast.operation.name (commit rows, derive index, put object, change lock), error.type
//	holdfast.findings            {finding}  counter    holdfast.finding.kind
//	holdfast.coverage.findings   {finding}  gauge      holdfast.finding.kind (those of CoverageKinds, each, 0 too)
//	holdfast.radar.lapses        {lapse}    gauge      holdfast.lapse.state (lapsed, soon, later)
//	holdfast.replica.objects     {object}   counter    copied by Replicate
//	holdfast.replica.io          By         counter    of these
//	holdfast.replica.lag         {row}      gauge      by Replicate and Compare
//
// A gauge is how it stood when it was looked at last; a look that failed leaves it.
// No id is on a metric. error.type is one of the texts of [ErrorTypes], "timeout",
// "canceled", or "_OTHER".
//
// Log records: "exported" (info) for each packet; "pending, NOT exported", "packets stay
// in the spool", "outcome unknown", "again" before a retry, "the index is behind" (warn);
// "evidence is not what it was" (error) for each finding.
package archive
