# The global name: a Traffic Manager profile with the primary first and the standby second.

locals {
  count = var.manage_global_dns ? 1 : 0
}

data "azurerm_resource_group" "this" {
  count = local.count
  name  = var.resource_group_name
}

resource "azurerm_traffic_manager_profile" "this" {
  count                  = local.count
  name                   = var.name
  resource_group_name    = var.resource_group_name
  profile_status         = "Enabled"
  traffic_routing_method = "Priority"
  tags                   = var.tags

  dns_config {
    relative_name = var.name
    ttl           = var.ttl
  }

  monitor_config {
    protocol                     = "HTTPS"
    port                         = 443
    path                         = "/api/v1/status"
    interval_in_seconds          = var.traffic_manager_health_check_interval
    timeout_in_seconds           = var.traffic_manager_health_check_timeout
    tolerated_number_of_failures = var.traffic_manager_tolerated_failures
    expected_status_code_ranges  = ["200-200"]

    custom_header {
      name  = "Host"
      value = var.global_hostname
    }
  }

  lifecycle {
    precondition {
      condition     = lower(replace(data.azurerm_resource_group.this[0].location, " ", "")) != lower(replace(var.primary_region, " ", ""))
      error_message = "resource_group_name lies in the primary's region: while that is down, the lock may not be written. Take a group in the standby's region or a third one."
    }
  }
}

resource "azurerm_traffic_manager_external_endpoint" "primary" {
  count      = local.count
  name       = "primary"
  profile_id = azurerm_traffic_manager_profile.this[0].id
  target     = var.primary_target
  priority   = 1
  # Probes decide. An endpoint that is always served is never seen down, and then nothing fails over.
  always_serve_enabled = false

  # The lock: the function disables this endpoint, and a person enables it again (docs/RUNBOOK.md). An apply does not.
  lifecycle {
    ignore_changes = [enabled]
  }
}

# Down by design until the standby is active.
resource "azurerm_traffic_manager_external_endpoint" "secondary" {
  count                = local.count
  name                 = "secondary"
  profile_id           = azurerm_traffic_manager_profile.this[0].id
  target               = var.secondary_target
  priority             = 2
  always_serve_enabled = false

  # A person who takes the standby out of service, or makes it the only one, is not undone either.
  lifecycle {
    ignore_changes = [enabled]
  }
}

resource "azurerm_dns_cname_record" "global" {
  count               = var.manage_global_dns && var.dns_zone != null ? 1 : 0
  name                = trimsuffix(var.global_hostname, ".${var.dns_zone.name}")
  zone_name           = var.dns_zone.name
  resource_group_name = var.dns_zone.resource_group_name
  ttl                 = var.ttl
  record              = azurerm_traffic_manager_profile.this[0].fqdn
  tags                = var.tags
}
