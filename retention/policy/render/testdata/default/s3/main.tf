# Made from the export policy b4fba8a66abee773b44a9d49c7a02b3809bbd23c63c1d2aff17eda2d5f0bc02a. Change the policy and make this again.
# Nothing here ever deletes a version, current or not. Retention itself is set by
# Holdfast, on each object as it is stored.

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

resource "aws_s3_bucket" "evidence" {
  bucket              = "release-evidence"
  object_lock_enabled = true # cannot be switched off again

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  versioning_configuration {
    status = "Enabled"
  }
}

# What comes in without a lock of its own is kept like the weakest class.
resource "aws_s3_bucket_object_lock_configuration" "evidence" {
  bucket     = aws_s3_bucket.evidence.id
  depends_on = [aws_s3_bucket_versioning.evidence]

  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = 731
    }
  }
}

resource "aws_s3_bucket_public_access_block" "evidence" {
  bucket                  = aws_s3_bucket.evidence.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "evidence" {
  bucket = aws_s3_bucket.evidence.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}
resource "aws_s3_bucket_lifecycle_configuration" "evidence" {
  bucket     = aws_s3_bucket.evidence.id
  depends_on = [aws_s3_bucket_versioning.evidence]

  rule {
    id     = "holdfast-unfinished-uploads"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

resource "aws_s3_bucket_policy" "evidence" {
  bucket     = aws_s3_bucket.evidence.id
  policy     = file("${path.module}/bucket-policy.json")
  depends_on = [aws_s3_bucket_public_access_block.evidence]
}

# For release-ops, platform, incident-commander.
resource "aws_iam_policy" "exporter" {
  name   = "holdfast-release-evidence-exporter"
  policy = file("${path.module}/exporter.json")
}

# For release-ops, platform, incident-commander, auditor.
resource "aws_iam_policy" "reader" {
  name   = "holdfast-release-evidence-reader"
  policy = file("${path.module}/reader.json")
}

# For legal, release-ops.
resource "aws_iam_policy" "hold_officer" {
  name   = "holdfast-release-evidence-hold-officer"
  policy = file("${path.module}/hold-officer.json")
}

# For whoever verifies the whole bucket, or copies it.
resource "aws_iam_policy" "auditor" {
  name   = "holdfast-release-evidence-auditor"
  policy = file("${path.module}/auditor.json")
}

# For whoever keeps a copy in step, on the copy alone.
resource "aws_iam_policy" "replicator" {
  name   = "holdfast-release-evidence-replicator"
  policy = file("${path.module}/replicator.json")
}
