#!/usr/bin/env bash
# Made from the export policy b4fba8a66abee773b44a9d49c7a02b3809bbd23c63c1d2aff17eda2d5f0bc02a. Change the policy and make this again.
# The same as main.tf, for those who have the Google Cloud CLI: bash setup.sh
set -euo pipefail
cd "$(dirname "$0")"

# Per-object retention can only be enabled here. What has no lock, such as the log's
# index, can be brought back for 90 days.
gcloud storage buckets create gs://release-evidence --project=release-tooling --location=europe-west1 \
  --enable-per-object-retention --uniform-bucket-level-access --public-access-prevention --soft-delete-duration=90d
gcloud storage buckets update gs://release-evidence --versioning

# For release-ops, platform, incident-commander. Bind it on the bucket:
# gcloud storage buckets add-iam-policy-binding gs://release-evidence --role=projects/release-tooling/roles/holdfast_exporter --member=...
gcloud iam roles describe holdfast_exporter --project=release-tooling >/dev/null 2>&1 ||
  gcloud iam roles create holdfast_exporter --project=release-tooling --file=exporter.json
# For release-ops, platform, incident-commander, auditor. Bind it on the bucket:
# gcloud storage buckets add-iam-policy-binding gs://release-evidence --role=projects/release-tooling/roles/holdfast_reader --member=...
gcloud iam roles describe holdfast_reader --project=release-tooling >/dev/null 2>&1 ||
  gcloud iam roles create holdfast_reader --project=release-tooling --file=reader.json
# For legal, release-ops. Bind it on the bucket:
# gcloud storage buckets add-iam-policy-binding gs://release-evidence --role=projects/release-tooling/roles/holdfast_hold_officer --member=...
gcloud iam roles describe holdfast_hold_officer --project=release-tooling >/dev/null 2>&1 ||
  gcloud iam roles create holdfast_hold_officer --project=release-tooling --file=hold-officer.json
# For whoever verifies the whole bucket, or copies it. Bind it on the bucket:
# gcloud storage buckets add-iam-policy-binding gs://release-evidence --role=projects/release-tooling/roles/holdfast_auditor --member=...
gcloud iam roles describe holdfast_auditor --project=release-tooling >/dev/null 2>&1 ||
  gcloud iam roles create holdfast_auditor --project=release-tooling --file=auditor.json
# For whoever keeps a copy in step, on the copy alone. Bind it on the bucket:
# gcloud storage buckets add-iam-policy-binding gs://release-evidence --role=projects/release-tooling/roles/holdfast_replicator --member=...
gcloud iam roles describe holdfast_replicator --project=release-tooling >/dev/null 2>&1 ||
  gcloud iam roles create holdfast_replicator --project=release-tooling --file=replicator.json

# Nobody deletes, whatever roles they have. A deny policy hangs on the project, so the
# bucket is tagged, and the policy is about what has the tag. It takes a project that
# belongs to an organization.
gcloud resource-manager tags keys describe release-tooling/holdfast >/dev/null 2>&1 ||
  gcloud resource-manager tags keys create holdfast --parent=projects/release-tooling
gcloud resource-manager tags values create release-evidence --parent=release-tooling/holdfast
gcloud resource-manager tags bindings create --tag-value=release-tooling/holdfast/release-evidence \
  --parent=//storage.googleapis.com/projects/_/buckets/release-evidence --location=europe-west1
gcloud iam policies create holdfast-release-evidence --kind=denypolicies --policy-file=deny-delete.json \
  --attachment-point=cloudresourcemanager.googleapis.com/projects/release-tooling
