# The host's own storage, and Holdfast's queue and cooldown. In the standby's region, without keys.

locals {
  storage_account_name = coalesce(
    var.storage_account_name,
    "${substr(replace(var.name, "-", ""), 0, 16)}${substr(sha256("${var.resource_group_name}/${var.name}"), 0, 8)}",
  )
}

resource "azurerm_storage_account" "this" {
  #checkov:skip=CKV_AZURE_59:no keys, no anonymous reading: only identities with a role get in; without a subnet Flex Consumption comes by the public endpoint
  #checkov:skip=CKV2_AZURE_33:as CKV_AZURE_59
  #checkov:skip=CKV_AZURE_206:ZRS keeps it through the loss of a zone; a copy in another region is of no use to a function in this one
  #checkov:skip=CKV_AZURE_33:classic logging needs the account's keys, which are off; the function's own log tells what becomes of each message
  #checkov:skip=CKV2_AZURE_1:holds the package, host locks, alerts and one timestamp; a key of a vault would be one more thing that a failover depends on
  name                            = local.storage_account_name
  resource_group_name             = var.resource_group_name
  location                        = var.location
  account_tier                    = "Standard"
  account_replication_type        = var.storage_replication_type
  min_tls_version                 = "TLS1_2"
  https_traffic_only_enabled      = true
  shared_access_key_enabled       = false
  default_to_oauth_authentication = true
  allow_nested_items_to_be_public = false
  local_user_enabled              = false
  tags                            = var.tags

  blob_properties {
    delete_retention_policy {
      days = 7
    }
    container_delete_retention_policy {
      days = 7
    }
  }
}

# The deployed package.
resource "azurerm_storage_container" "package" {
  #checkov:skip=CKV2_AZURE_21:storage insights need the account's keys, which are off
  name               = "app-package"
  storage_account_id = azurerm_storage_account.this.id
}

# The time of the last failover, for who looks there.
resource "azurerm_storage_container" "state" {
  #checkov:skip=CKV2_AZURE_21:storage insights need the account's keys, which are off
  name               = "holdfast-state"
  storage_account_id = azurerm_storage_account.this.id
}

# Work that is not done yet, and what could not be read.
resource "azurerm_storage_queue" "work" {
  for_each           = toset(["holdfast-work", "holdfast-work-poison"])
  name               = each.key
  storage_account_id = azurerm_storage_account.this.id
}
