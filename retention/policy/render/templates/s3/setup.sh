#!/usr/bin/env bash
# {{.Origin}}
# The same as main.tf, for those who have the AWS CLI: bash setup.sh
# What is there already makes its step fail; the put-... steps may be run again.
set -euo pipefail
cd "$(dirname "$0")"
export AWS_REGION={{.Region}} AWS_DEFAULT_REGION={{.Region}}

aws s3api create-bucket --bucket {{.Bucket}} --object-lock-enabled-for-bucket{{if .LocationConstraint}} \
  --create-bucket-configuration LocationConstraint={{.Region}}{{end}}
aws s3api put-bucket-versioning --bucket {{.Bucket}} --versioning-configuration Status=Enabled
{{- if .DefaultDays}}

# What comes in without a lock of its own is kept like the weakest class.
aws s3api put-object-lock-configuration --bucket {{.Bucket}} --object-lock-configuration \
  'ObjectLockEnabled=Enabled,Rule={DefaultRetention={Mode={{.DefaultMode}},Days={{.DefaultDays}}}}'
{{- end}}

aws s3api put-public-access-block --bucket {{.Bucket}} --public-access-block-configuration \
  BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
aws s3api put-bucket-ownership-controls --bucket {{.Bucket}} --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'

# Nothing expires. Larger packets and exhibits become cheaper, where the policy says when.
aws s3api put-bucket-lifecycle-configuration --bucket {{.Bucket}} --lifecycle-configuration file://lifecycle.json
aws s3api put-bucket-policy --bucket {{.Bucket}} --policy file://bucket-policy.json
{{range .Roles}}
# For {{.Who}}.
aws iam create-policy --policy-name holdfast-{{$.Bucket}}-{{.Name}} --policy-document file://{{.Name}}.json
{{- end}}
