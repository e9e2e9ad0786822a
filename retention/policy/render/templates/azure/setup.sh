#!/usr/bin/env bash
# {{.Origin}}
# The same as main.tf, for those who have the Azure CLI: bash setup.sh
set -euo pipefail
cd "$(dirname "$0")"
az account set --subscription {{.Subscription}}

# Version-level immutability can only be enabled for all containers here. Without the
# account's key nobody is above the roles.
az storage account create --name {{.Account}} --resource-group {{.ResourceGroup}} --location {{.Location}} \
  --kind StorageV2 --sku Standard_GRS --min-tls-version TLS1_2 --https-only true \
  --allow-blob-public-access false --allow-shared-key-access false --enable-alw
{{- if .DefaultDays}} true \
  --immutability-state Unlocked --immutability-period-in-days {{.DefaultDays}} --allow-protected-append-writes false
{{- else}} true
{{- end}}
az storage account blob-service-properties update --account-name {{.Account}} --resource-group {{.ResourceGroup}} --enable-versioning true
az storage container-rm create --name {{.Container}} --storage-account {{.Account}} --resource-group {{.ResourceGroup}} --public-access off
{{- if .Transitions}}

# Nothing expires. Packets and exhibits become cheaper when the policy says.
az storage account management-policy create --account-name {{.Account}} --resource-group {{.ResourceGroup}} --policy @lifecycle.json
{{- end}}
{{range .Roles}}
# For {{.Who}}. Assign it on the container:
# az role assignment create --role "Holdfast {{.Words}} of {{$.Account}}" --scope {{$.ContainerID}} --assignee ...
az role definition create --role-definition @{{.Name}}.json
{{- end}}

# Azure lets nobody write a deny for data. What stands against deleting: no role above
# can, no account key works, each blob is locked, and so is the account.
az lock create --name holdfast --lock-type CanNotDelete --resource-group {{.ResourceGroup}} \
  --resource-type Microsoft.Storage/storageAccounts --resource {{.Account}}
