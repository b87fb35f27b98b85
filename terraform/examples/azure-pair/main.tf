# One root for both sites: a workspace and a file of variables for each (README.md).

provider "azurerm" {
  subscription_id     = var.subscription_id
  storage_use_azuread = true
  features {}
}

# The log of both sites. Not the function's: it stays when promotion removes the function.
resource "azurerm_log_analytics_workspace" "log" {
  name                = "${var.name}-log"
  resource_group_name = var.resource_group_name
  location            = var.location
  sku                 = "PerGB2018"
  retention_in_days   = 365
}

# In one of the two workspaces. It belongs to the standby's: the profile must not lie in the primary's region.
module "global_dns" {
  source = "../../modules/azure-global-dns"

  manage_global_dns             = var.manage_global_dns
  other_site_manages_global_dns = var.other_site_manages_global_dns
  name                          = var.profile_name
  resource_group_name           = var.dns_resource_group_name
  primary_region                = var.primary_region
  global_hostname               = var.global_hostname
  primary_target                = var.primary_target
  secondary_target              = var.secondary_target
  dns_zone                      = var.dns_zone

  traffic_manager_health_check_interval = var.traffic_manager_health_check_interval
  traffic_manager_health_check_timeout  = var.traffic_manager_health_check_timeout
  traffic_manager_tolerated_failures    = var.traffic_manager_tolerated_failures
}

# Beside a standby only: promotion (dr = "active") removes all of it.
module "failover" {
  source = "../../modules/azure-failover"
  count  = var.dr == "standby" ? 1 : 0

  name                       = "${var.name}-failover"
  resource_group_name        = var.resource_group_name
  location                   = var.location
  primary_region             = var.primary_region
  traffic_manager_profile_id = var.manage_global_dns ? module.global_dns.profile_id : var.traffic_manager_profile_id
  aks_cluster_id             = var.aks_cluster_id
  humiocluster_name          = var.humiocluster_name
  primary_probe_url          = var.primary_probe_url
  traffic_name               = var.global_hostname
  alarm_key                  = var.alarm_key
  operator_ip_ranges         = var.operator_ip_ranges
  notify_emails              = var.notify_emails
  log_analytics_workspace_id = azurerm_log_analytics_workspace.log.id
  virtual_network_subnet_id  = var.virtual_network_subnet_id

  dr_failover_function_pre_failover_failure_seconds = var.dr_failover_function_pre_failover_failure_seconds
  dr_failover_function_cooldown_seconds             = var.dr_failover_function_cooldown_seconds
  dr_failover_function_max_retries                  = var.dr_failover_function_max_retries
  testing                                           = var.testing
}
