#!/usr/bin/env bash
# Made from the export policy b4fba8a66abee773b44a9d49c7a02b3809bbd23c63c1d2aff17eda2d5f0bc02a. Change the policy and make this again.
# The same as main.tf, for those who have the AWS CLI: bash setup.sh
# What is there already makes its step fail; the put-... steps may be run again.
set -euo pipefail
cd "$(dirname "$0")"
export AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1

aws s3api create-bucket --bucket release-evidence --object-lock-enabled-for-bucket \
  --create-bucket-configuration LocationConstraint=eu-west-1
aws s3api put-bucket-versioning --bucket release-evidence --versioning-configuration Status=Enabled

# What comes in without a lock of its own is kept like the weakest class.
aws s3api put-object-lock-configuration --bucket release-evidence --object-lock-configuration \
  'ObjectLockEnabled=Enabled,Rule={DefaultRetention={Mode=GOVERNANCE,Days=731}}'

aws s3api put-public-access-block --bucket release-evidence --public-access-block-configuration \
  BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
aws s3api put-bucket-ownership-controls --bucket release-evidence --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'

# Nothing expires. Larger packets and exhibits become cheaper, where the policy says when.
aws s3api put-bucket-lifecycle-configuration --bucket release-evidence --lifecycle-configuration file://lifecycle.json
aws s3api put-bucket-policy --bucket release-evidence --policy file://bucket-policy.json

# For release-ops, platform, incident-commander.
aws iam create-policy --policy-name holdfast-release-evidence-exporter --policy-document file://exporter.json
# For release-ops, platform, incident-commander, auditor.
aws iam create-policy --policy-name holdfast-release-evidence-reader --policy-document file://reader.json
# For legal, release-ops.
aws iam create-policy --policy-name holdfast-release-evidence-hold-officer --policy-document file://hold-officer.json
# For whoever verifies the whole bucket, or copies it.
aws iam create-policy --policy-name holdfast-release-evidence-auditor --policy-document file://auditor.json
# For whoever keeps a copy in step, on the copy alone.
aws iam create-policy --policy-name holdfast-release-evidence-replicator --policy-document file://replicator.json
