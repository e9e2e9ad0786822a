# {{.Origin}}
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
  region = "{{.Region}}"
}

resource "aws_s3_bucket" "evidence" {
  bucket              = "{{.Bucket}}"
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
{{- if .DefaultDays}}

# What comes in without a lock of its own is kept like the weakest class.
resource "aws_s3_bucket_object_lock_configuration" "evidence" {
  bucket     = aws_s3_bucket.evidence.id
  depends_on = [aws_s3_bucket_versioning.evidence]

  rule {
    default_retention {
      mode = "{{.DefaultMode}}"
      days = {{.DefaultDays}}
    }
  }
}
{{- end}}

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

{{- if .Transitions}}

# Tiering is by the bucket, which does not know classes: an object moves when every
# class lets it. Only packets/ moves, and of it only what is larger than 128 KiB:
# smaller objects cost more in the colder classes than they save. manifests/ and
# log/ are small, are read whenever something is proved, and stay.
{{- end}}
resource "aws_s3_bucket_lifecycle_configuration" "evidence" {
  bucket     = aws_s3_bucket.evidence.id
  depends_on = [aws_s3_bucket_versioning.evidence]
{{- if .Transitions}}

  rule {
    id     = "holdfast-cheaper-storage"
    status = "Enabled"

    filter {
      and {
        prefix                   = "{{.Prefix}}packets/"
        object_size_greater_than = {{.MinTierBytes}}
      }
    }
{{- range .Transitions}}

    transition {
      days          = {{.Days}}
      storage_class = "{{.StorageClass}}"
    }
{{- end}}
  }
{{- end}}

  rule {
    id     = "holdfast-unfinished-uploads"
    status = "Enabled"

    filter {
      prefix = "{{.Prefix}}"
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
{{- range .Roles}}

# For {{.Who}}.
resource "aws_iam_policy" "{{.Identifier}}" {
  name   = "holdfast-{{$.Bucket}}-{{.Name}}"
  policy = file("${path.module}/{{.Name}}.json")
}
{{- end}}
