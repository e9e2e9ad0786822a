# {{.Origin}}
# Nothing here ever deletes a version, current or not. Retention itself is set by
# Holdfast, on each blob as it is stored.

terraform {
  required_version = ">= 1.3"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0"
    }
  }
}

provider "azurerm" {
  features {}
  subscription_id     = "{{.Subscription}}"
  storage_use_azuread = true
}

resource "azurerm_storage_account" "evidence" {
  name                            = "{{.Account}}"
  resource_group_name             = "{{.ResourceGroup}}"
  location                        = "{{.Location}}"
  account_kind                    = "StorageV2"
  account_tier                    = "Standard"
  account_replication_type        = "GRS"
  allow_nested_items_to_be_public = false
  shared_access_key_enabled       = false # whoever holds the account's key has every role
  min_tls_version                 = "TLS1_2"

  blob_properties {
    versioning_enabled = true
  }

  # Version-level immutability, for all containers; only when the account is made.
  # What comes in without a lock of its own is kept like the weakest class.
  immutability_policy {
    state                         = "{{if .DefaultDays}}Unlocked{{else}}Disabled{{end}}"
    period_since_creation_in_days = {{or .DefaultDays 1}}
    allow_protected_append_writes = false
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "evidence" {
  name                  = "{{.Container}}"
  storage_account_id    = azurerm_storage_account.evidence.id
  container_access_type = "private"
}

# Azure lets nobody write a deny for data. What stands against deleting: no role
# below can, no account key works, each blob is locked, and so is the account.
resource "azurerm_management_lock" "evidence" {
  name       = "holdfast"
  scope      = azurerm_storage_account.evidence.id
  lock_level = "CanNotDelete"
  notes      = "Evidence of promotions"
}
{{- if .Transitions}}

# Tiering is by the container, which does not know classes: a blob moves when every
# class lets it. Only packets/ moves. manifests/ and log/ are small, are read
# whenever something is proved, and stay.
resource "azurerm_storage_management_policy" "evidence" {
  storage_account_id = azurerm_storage_account.evidence.id

  rule {
    name    = "holdfast-cheaper-storage"
    enabled = true

    filters {
      blob_types   = ["blockBlob"]
      prefix_match = ["{{.Container}}/{{.Prefix}}packets/"]
    }

    actions {
      base_blob {
{{- range .Transitions}}
        {{.Argument}} = {{.Days}}
{{- end}}
      }
    }
  }
}
{{- end}}
{{- range .Roles}}

# For {{.Who}}.
resource "azurerm_role_definition" "{{.Identifier}}" {
  name              = jsondecode(file("${path.module}/{{.Name}}.json")).Name
  scope             = "{{$.Scope}}"
  assignable_scopes = ["{{$.Scope}}"]

  permissions {
    actions          = jsondecode(file("${path.module}/{{.Name}}.json")).Actions
    data_actions     = jsondecode(file("${path.module}/{{.Name}}.json")).DataActions
    not_data_actions = jsondecode(file("${path.module}/{{.Name}}.json")).NotDataActions
  }
}
{{- end}}
