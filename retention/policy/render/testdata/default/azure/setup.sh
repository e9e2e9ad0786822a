#!/usr/bin/env bash
# Made from the export policy b4fba8a66abee773b44a9d49c7a02b3809bbd23c63c1d2aff17eda2d5f0bc02a. Change the policy and make this again.
# The same as main.tf, for those who have the Azure CLI: bash setup.sh
set -euo pipefail
cd "$(dirname "$0")"
az account set --subscription 00000000-0000-0000-0000-000000000000

# Version-level immutability can only be enabled for all containers here. Without the
# account's key nobody is above the roles.
az storage account create --name releaseevidence --resource-group release-tooling --location westeurope \
  --kind StorageV2 --sku Standard_GRS --min-tls-version TLS1_2 --https-only true \
  --allow-blob-public-access false --allow-shared-key-access false --enable-alw true \
  --immutability-state Unlocked --immutability-period-in-days 731 --allow-protected-append-writes false
az storage account blob-service-properties update --account-name releaseevidence --resource-group release-tooling --enable-versioning true
az storage container-rm create --name evidence --storage-account releaseevidence --resource-group release-tooling --public-access off

# For release-ops, platform, incident-commander. Assign it on the container:
# az role assignment create --role "Holdfast exporter of releaseevidence" --scope /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling/providers/Microsoft.Storage/storageAccounts/releaseevidence/blobServices/default/containers/evidence --assignee ...
az role definition create --role-definition @exporter.json
# For release-ops, platform, incident-commander, auditor. Assign it on the container:
# az role assignment create --role "Holdfast reader of releaseevidence" --scope /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling/providers/Microsoft.Storage/storageAccounts/releaseevidence/blobServices/default/containers/evidence --assignee ...
az role definition create --role-definition @reader.json
# For legal, release-ops. Assign it on the container:
# az role assignment create --role "Holdfast hold officer of releaseevidence" --scope /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling/providers/Microsoft.Storage/storageAccounts/releaseevidence/blobServices/default/containers/evidence --assignee ...
az role definition create --role-definition @hold-officer.json
# For whoever verifies the whole bucket, or copies it. Assign it on the container:
# az role assignment create --role "Holdfast auditor of releaseevidence" --scope /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling/providers/Microsoft.Storage/storageAccounts/releaseevidence/blobServices/default/containers/evidence --assignee ...
az role definition create --role-definition @auditor.json
# For whoever keeps a copy in step, on the copy alone. Assign it on the container:
# az role assignment create --role "Holdfast replicator of releaseevidence" --scope /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/release-tooling/providers/Microsoft.Storage/storageAccounts/releaseevidence/blobServices/default/containers/evidence --assignee ...
az role definition create --role-definition @replicator.json

# Azure lets nobody write a deny for data. What stands against deleting: no role above
# can, no account key works, each blob is locked, and so is the account.
az lock create --name holdfast --lock-type CanNotDelete --resource-group release-tooling \
  --resource-type Microsoft.Storage/storageAccounts --resource releaseevidence
