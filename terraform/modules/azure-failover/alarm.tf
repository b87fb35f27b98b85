# The alert: an accelerator. The tick finds the same outage without it.

locals {
  alarm_name = "${var.name}-primary-unhealthy"
}

resource "azurerm_monitor_action_group" "alarm" {
  name                = "${var.name}-alarm"
  resource_group_name = var.resource_group_name
  # Kept in several regions: an alert must arrive while one of them is down.
  location   = "global"
  short_name = "hf-alarm"
  tags       = var.tags

  # The receiver keeps an address with the key of Alarm in it. That key opens no other door.
  azure_function_receiver {
    name                     = "holdfast"
    function_app_resource_id = azurerm_function_app_flex_consumption.this.id
    function_name            = "Alarm"
    http_trigger_url         = "https://${azurerm_function_app_flex_consumption.this.default_hostname}/api/alarm?code=${var.alarm_key}"
    use_common_alert_schema  = true
  }
}

resource "azurerm_monitor_metric_alert" "primary_unhealthy" {
  name                = local.alarm_name
  resource_group_name = var.resource_group_name
  description         = "The primary's endpoint is seen down by Traffic Manager's probes. Calls the failover function, which proves the holdoff itself."
  scopes              = [var.traffic_manager_profile_id]
  severity            = 0
  frequency           = "PT1M"
  window_size         = "PT1M"
  # A stateful rule calls once. This one calls at each evaluation that is true.
  auto_mitigate = false
  tags          = var.tags

  criteria {
    metric_namespace = "Microsoft.Network/trafficManagerProfiles"
    metric_name      = "ProbeAgentCurrentEndpointStateByProfileResourceId"
    aggregation      = "Average"
    operator         = "LessThan"
    threshold        = 0.5

    # The standby's endpoint is down by design: without this the alert would never be over.
    dimension {
      name     = "EndpointName"
      operator = "Include"
      values   = [var.primary_endpoint]
    }
  }

  action {
    action_group_id = azurerm_monitor_action_group.alarm.id
  }
}
