#!/usr/bin/env bash
# {{.Origin}}
# The same as main.tf, for those who have the Google Cloud CLI: bash setup.sh
set -euo pipefail
cd "$(dirname "$0")"

# Per-object retention can only be enabled here. What has no lock, such as the log's
# index, can be brought back for 90 days.
gcloud storage buckets create gs://{{.Bucket}} --project={{.Project}} --location={{.Location}} \
  --enable-per-object-retention --uniform-bucket-level-access --public-access-prevention --soft-delete-duration=90d
gcloud storage buckets update gs://{{.Bucket}} --versioning
{{- if .Transitions}}

# Nothing expires. Packets and exhibits become cheaper when the policy says.
gcloud storage buckets update gs://{{.Bucket}} --lifecycle-file=lifecycle.json
{{- end}}
{{range .Roles}}
# For {{.Who}}. Bind it on the bucket:
# gcloud storage buckets add-iam-policy-binding gs://{{$.Bucket}} --role=projects/{{$.Project}}/roles/{{.RoleID}} --member=...
gcloud iam roles describe {{.RoleID}} --project={{$.Project}} >/dev/null 2>&1 ||
  gcloud iam roles create {{.RoleID}} --project={{$.Project}} --file={{.Name}}.json
{{- end}}

# Nobody deletes, whatever roles they have. A deny policy hangs on the project, so the
# bucket is tagged, and the policy is about what has the tag. It takes a project that
# belongs to an organization.
gcloud resource-manager tags keys describe {{.Project}}/holdfast >/dev/null 2>&1 ||
  gcloud resource-manager tags keys create holdfast --parent=projects/{{.Project}}
gcloud resource-manager tags values create {{.Bucket}} --parent={{.Project}}/holdfast
gcloud resource-manager tags bindings create --tag-value={{.Project}}/holdfast/{{.Bucket}} \
  --parent=//storage.googleapis.com/projects/_/buckets/{{.Bucket}} --location={{.TagLocation}}
gcloud iam policies create {{.DenyPolicy}} --kind=denypolicies --policy-file=deny-delete.json \
  --attachment-point=cloudresourcemanager.googleapis.com/projects/{{.Project}}
