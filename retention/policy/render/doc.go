// Package render makes the documents that follow from a policy, so that nobody keeps
// them by hand: the contract that reviewers sign, what each role may do in each cloud,
// the bucket's set-up, and the part of an incident template that names the evidence.
//
//	c := render.Config{
//		S3:        &render.S3{Bucket: "release-evidence", Region: "eu-west-1"},
//		LogOrigin: "example.com/release-evidence",
//	}
//	files, err := render.Files(p, c)
//	for _, f := range files {
//		// f.Name   such as post_promotion_audit_export_policy.md, s3/main.tf
//		// f.Content
//	}
//
// [Contract], [Incident] and the Files and Role methods of [S3], [GCS] and [Azure] make
// some of them alone. The same policy and names give the same bytes, without a date, so
// that a pipeline can make them anew and fail if a committed one differs.
//
// # The files
//
//	post_promotion_audit_export_policy.md  the contract
//	incident-template.md                   to paste into an incident template
//	incident-form.yml                      the same as a GitHub issue form
//	s3/  gcs/  azure/                      one directory a cloud that is named:
//	  exporter.json  reader.json  hold-officer.json  auditor.json  replicator.json
//	  main.tf  setup.sh                    the set-up, by Terraform or by the cloud's own command line
//	  lifecycle.json                       what setup.sh hands over; s3/bucket-policy.json
//	                                       and gcs/deny-delete.json as well
//
// # What the set-up does
//
// Versions and per-object locks are enabled, deleting is denied as far as the cloud
// lets one, and nothing ever expires. What comes in without a lock of its own is kept
// like the weakest class, on S3 and Azure; Cloud Storage has no default for per-object
// retention, and keeps what is deleted for 90 days instead.
//
// storage_tiers become lifecycle rules. These are of a bucket, which does not know of
// classes, so an object moves to a tier when every class lets it. Only packets/ moves:
// manifests and the log are small and are read whenever something is proved. On S3
// only objects of more than 128 KiB move, since smaller ones cost more in the colder
// classes than they save, and the days are made such as S3 takes: 30 at least before
// STANDARD_IA, and 30 more before the next. They are never made fewer.
//
//	tier     S3           Cloud Storage  Azure
//	cool     STANDARD_IA  NEARLINE       Cool
//	cold     GLACIER_IR   COLDLINE       Cold
//	archive  GLACIER      ARCHIVE        Archive
//
// What lies in GLACIER or Azure's Archive takes hours to be read again: Retrieve,
// Confirm and Verify fail until it has been restored. The contract says so.
//
// # Roles of a bucket
//
// exporter, reader, hold-officer, auditor and replicator have what their requests need and nothing
// else; the tests of the drivers hold these documents to the requests that leave them.
// Which people have them follows from the policy's roles. The replicator keeps a second
// copy in step: it has this role on the copy, made for the copy's bucket, and the
// auditor's on the primary, where it only reads. It can create, hold, release, and lengthen
// locks, but not delete.
package render
