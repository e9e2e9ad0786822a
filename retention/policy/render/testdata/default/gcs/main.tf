# Made from the export policy b4fba8a66abee773b44a9d49c7a02b3809bbd23c63c1d2aff17eda2d5f0bc02a. Change the policy and make this again.
# Nothing here ever deletes a generation, live or not. Retention itself is set by
# Holdfast, on each object as it is stored: Cloud Storage has no default for it.

terraform {
  required_version = ">= 1.3"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.0"
    }
  }
}

provider "google" {
  project = "release-tooling"
}

resource "google_storage_bucket" "evidence" {
  name                        = "release-evidence"
  location                    = "europe-west1"
  enable_object_retention     = true # cannot be switched off again
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # What has no lock, such as the log's index, can be brought back for 90 days.
  soft_delete_policy {
    retention_duration_seconds = 7776000
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Nobody deletes, whatever roles they have. A deny policy hangs on the project, so
# the bucket is tagged, and the policy is about what has the tag. It takes a project
# that belongs to an organization. Where another bucket of the project has been set up
# before, import the tag key and the roles, which they share.
resource "google_tags_tag_key" "holdfast" {
  parent     = "projects/release-tooling"
  short_name = "holdfast"
}

resource "google_tags_tag_value" "evidence" {
  parent     = google_tags_tag_key.holdfast.id
  short_name = "release-evidence"
}

resource "google_tags_location_tag_binding" "evidence" {
  parent    = "//storage.googleapis.com/projects/_/buckets/${google_storage_bucket.evidence.name}"
  tag_value = google_tags_tag_value.evidence.id
  location  = "europe-west1"
}

resource "google_iam_deny_policy" "nobody_deletes" {
  parent       = urlencode("cloudresourcemanager.googleapis.com/projects/release-tooling")
  name         = "holdfast-release-evidence"
  display_name = "Nobody deletes from release-evidence"

  rules {
    deny_rule {
      denied_principals = ["principalSet://goog/public:all"]
      denied_permissions = [
        "storage.googleapis.com/buckets.delete",
        "storage.googleapis.com/objects.delete",
      ]
      denial_condition {
        title      = "Only the bucket that is tagged"
        expression = "resource.matchTagId('${google_tags_tag_key.holdfast.id}', '${google_tags_tag_value.evidence.id}')"
      }
    }
  }
}

# For release-ops, platform, incident-commander.
resource "google_project_iam_custom_role" "exporter" {
  role_id     = "holdfast_exporter"
  title       = "Holdfast exporter"
  permissions = jsondecode(file("${path.module}/exporter.json")).includedPermissions
}

# For release-ops, platform, incident-commander, auditor.
resource "google_project_iam_custom_role" "reader" {
  role_id     = "holdfast_reader"
  title       = "Holdfast reader"
  permissions = jsondecode(file("${path.module}/reader.json")).includedPermissions
}

# For legal, release-ops.
resource "google_project_iam_custom_role" "hold_officer" {
  role_id     = "holdfast_hold_officer"
  title       = "Holdfast hold-officer"
  permissions = jsondecode(file("${path.module}/hold-officer.json")).includedPermissions
}

# For whoever verifies the whole bucket, or copies it.
resource "google_project_iam_custom_role" "auditor" {
  role_id     = "holdfast_auditor"
  title       = "Holdfast auditor"
  permissions = jsondecode(file("${path.module}/auditor.json")).includedPermissions
}

# For whoever keeps a copy in step, on the copy alone.
resource "google_project_iam_custom_role" "replicator" {
  role_id     = "holdfast_replicator"
  title       = "Holdfast replicator"
  permissions = jsondecode(file("${path.module}/replicator.json")).includedPermissions
}
