# Stands for what the reference makes of Traffic Manager, the secondary endpoint (there by azapi) among it.
resource "azurerm_traffic_manager_profile" "logscale" {
  name                   = "logs-example-org"
  resource_group_name    = "logs-standby"
  traffic_routing_method = "Priority"

  dns_config {
    relative_name = "logs-example-org"
    ttl           = 60
  }

  monitor_config {
    protocol                     = "HTTPS"
    port                         = 443
    path                         = "/api/v1/status"
    interval_in_seconds          = 10
    timeout_in_seconds           = 5
    tolerated_number_of_failures = 0
  }
}

resource "azurerm_traffic_manager_external_endpoint" "primary" {
  name       = "primary"
  profile_id = azurerm_traffic_manager_profile.logscale.id
  target     = "192.0.2.10"
  priority   = 1
}

resource "azurerm_traffic_manager_external_endpoint" "secondary" {
  name       = "secondary"
  profile_id = azurerm_traffic_manager_profile.logscale.id
  target     = "198.51.100.10"
  priority   = 2
}
