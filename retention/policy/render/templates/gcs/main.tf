# {{.Origin}}
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
  project = "{{.Project}}"
}

resource "google_storage_bucket" "evidence" {
  name                        = "{{.Bucket}}"
  location                    = "{{.Location}}"
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
{{- if .Transitions}}

  # Tiering is by the bucket, which does not know classes: an object moves when every
  # class lets it. Only packets/ moves. manifests/ and log/ are small, are read
  # whenever something is proved, and stay.
{{- end}}
{{- range .Transitions}}
  lifecycle_rule {
    action {
      type          = "SetStorageClass"
      storage_class = "{{.StorageClass}}"
    }
    condition {
      age            = {{.Days}}
      matches_prefix = ["{{$.Prefix}}packets/"]
    }
  }
{{- end}}

  lifecycle {
    prevent_destroy = true
  }
}

# Nobody deletes, whatever roles they have. A deny policy hangs on the project, so
# the bucket is tagged, and the policy is about what has the tag. It takes a project
# that belongs to an organization. Where another bucket of the project has been set up
# before, import the tag key and the roles, which they share.
resource "google_tags_tag_key" "holdfast" {
  parent     = "projects/{{.Project}}"
  short_name = "holdfast"
}

resource "google_tags_tag_value" "evidence" {
  parent     = google_tags_tag_key.holdfast.id
  short_name = "{{.Bucket}}"
}

resource "google_tags_location_tag_binding" "evidence" {
  parent    = "//storage.googleapis.com/projects/_/buckets/${google_storage_bucket.evidence.name}"
  tag_value = google_tags_tag_value.evidence.id
  location  = "{{.TagLocation}}"
}

resource "google_iam_deny_policy" "nobody_deletes" {
  parent       = urlencode("cloudresourcemanager.googleapis.com/projects/{{.Project}}")
  name         = "{{.DenyPolicy}}"
  display_name = "Nobody deletes from {{.Bucket}}"

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
{{- range .Roles}}

# For {{.Who}}.
resource "google_project_iam_custom_role" "{{.Identifier}}" {
  role_id     = "{{.RoleID}}"
  title       = "Holdfast {{.Name}}"
  permissions = jsondecode(file("${path.module}/{{.Name}}.json")).includedPermissions
}
{{- end}}
