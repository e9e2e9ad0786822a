# Made from the export policy b4fba8a66abee773b44a9d49c7a02b3809bbd23c63c1d2aff17eda2d5f0bc02a. Change the policy and make this again.
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
  subscription_id     = "00000000-0000-0000-0000-000000000000"
  storage_use_azuread = true
}

resource "azurerm_storage_account" "evidence" {
  name                            = "releaseevidence"
  resource_group_name             = "release-tooling"
  location                        = "westeurope"
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
    state                         = "Unlocked"
    period_since_creation_in_days = 731
    allow_protected_append_writes = false
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "evidence" {
  name                  = "evidence"
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

# For release-ops, platform, incident-commander.
resource "azurerm_role_definition" "exporter" {
  name              = jsondecode(file("${path.module}/exporter.json")).Name
  scope             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling"
  assignable_scopes = ["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling"]

  permissions {
    actions          = jsondecode(file("${path.module}/exporter.json")).Actions
    data_actions     = jsondecode(file("${path.module}/exporter.json")).DataActions
    not_data_actions = jsondecode(file("${path.module}/exporter.json")).NotDataActions
  }
}

# For release-ops, platform, incident-commander, auditor.
resource "azurerm_role_definition" "reader" {
  name              = jsondecode(file("${path.module}/reader.json")).Name
  scope             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling"
  assignable_scopes = ["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling"]

  permissions {
    actions          = jsondecode(file("${path.module}/reader.json")).Actions
    data_actions     = jsondecode(file("${path.module}/reader.json")).DataActions
    not_data_actions = jsondecode(file("${path.module}/reader.json")).NotDataActions
  }
}

# For legal, release-ops.
resource "azurerm_role_definition" "hold_officer" {
  name              = jsondecode(file("${path.module}/hold-officer.json")).Name
  scope             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling"
  assignable_scopes = ["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling"]

  permissions {
    actions          = jsondecode(file("${path.module}/hold-officer.json")).Actions
    data_actions     = jsondecode(file("${path.module}/hold-officer.json")).DataActions
    not_data_actions = jsondecode(file("${path.module}/hold-officer.json")).NotDataActions
  }
}

# For whoever verifies the whole bucket, or copies it.
resource "azurerm_role_definition" "auditor" {
  name              = jsondecode(file("${path.module}/auditor.json")).Name
  scope             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling"
  assignable_scopes = ["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling"]

  permissions {
    actions          = jsondecode(file("${path.module}/auditor.json")).Actions
    data_actions     = jsondecode(file("${path.module}/auditor.json")).DataActions
    not_data_actions = jsondecode(file("${path.module}/auditor.json")).NotDataActions
  }
}

# For whoever keeps a copy in step, on the copy alone.
resource "azurerm_role_definition" "replicator" {
  name              = jsondecode(file("${path.module}/replicator.json")).Name
  scope             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling"
  assignable_scopes = ["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling"]

  permissions {
    actions          = jsondecode(file("${path.module}/replicator.json")).Actions
    data_actions     = jsondecode(file("${path.module}/replicator.json")).DataActions
    not_data_actions = jsondecode(file("${path.module}/replicator.json")).NotDataActions
  }
}
