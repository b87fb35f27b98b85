# The host's own storage, and Holdfast's queue and cooldown. In the standby's region, without keys.

locals {
  storage_account_name = coalesce(
    var.storage_account_name,
    "${substr(replace(var.name, "-", ""), 0, 16)}${substr(sha256("${var.resource_group_name}/${var.name}"), 0, 8)}",
  )
}

resource "azurerm_storage_account" "this" {
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
  name               = "app-package"
  storage_account_id = azurerm_storage_account.this.id
}

# The time of the last failover, for who looks there.
resource "azurerm_storage_container" "state" {
  name               = "holdfast-state"
  storage_account_id = azurerm_storage_account.this.id
}

# Work that is not done yet, and what could not be read.
resource "azurerm_storage_queue" "work" {
  for_each           = toset(["holdfast-work", "holdfast-work-poison"])
  name               = each.key
  storage_account_id = azurerm_storage_account.this.id
}
