# What calls the function, and who is told what.

provider "azurerm" {
  features {}
}

variables {
  name                       = "logs-standby-failover"
  resource_group_name        = "logs-standby"
  location                   = "westeurope"
  primary_region             = "northeurope"
  traffic_manager_profile_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/dns/providers/Microsoft.Network/trafficManagerProfiles/logs"
  aks_cluster_id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs-standby/providers/Microsoft.ContainerService/managedClusters/logs-standby"
  log_analytics_workspace_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs-standby/providers/Microsoft.OperationalInsights/workspaces/logs"
  humiocluster_name          = "logscale"
  primary_probe_url          = "https://primary.logs.example.org/api/v1/status"
  alarm_key                  = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  operator_ip_ranges         = ["192.0.2.0/24"]
  notify_emails              = ["on-call@example.org"]
}

run "the_alert_watches_the_primary_and_comes_again" {
  assert {
    condition     = azurerm_monitor_metric_alert.primary_unhealthy.criteria[0].metric_name == "ProbeAgentCurrentEndpointStateByProfileResourceId" && azurerm_monitor_metric_alert.primary_unhealthy.criteria[0].dimension[0].name == "EndpointName" && azurerm_monitor_metric_alert.primary_unhealthy.criteria[0].dimension[0].values == tolist(["primary"])
    error_message = "Without the primary's endpoint in it the alert is never over: the standby is down by design."
  }

  assert {
    condition     = !azurerm_monitor_metric_alert.primary_unhealthy.auto_mitigate && azurerm_monitor_metric_alert.primary_unhealthy.frequency == "PT1M"
    error_message = "A stateful alert calls once, and that call may come before the holdoff."
  }

  assert {
    condition     = [for action in azurerm_monitor_metric_alert.primary_unhealthy.action : action.action_group_id] == [azurerm_monitor_action_group.alarm.id] && azurerm_monitor_metric_alert.primary_unhealthy.scopes == toset([var.traffic_manager_profile_id])
    error_message = "The alert must call the function."
  }
}

run "people_are_told_of_each_event" {
  assert {
    condition     = keys(azurerm_monitor_scheduled_query_rules_alert_v2.told) == ["failover-begun", "failover-completed", "function-errors", "holdoff-started", "preflight-bad", "steps-owed"]
    error_message = "An event is missing."
  }

  assert {
    condition     = alltrue([for rule in concat(values(azurerm_monitor_scheduled_query_rules_alert_v2.told), [azurerm_monitor_scheduled_query_rules_alert_v2.tick_stopped, azurerm_monitor_scheduled_query_rules_alert_v2.paused_for_long]) : rule.action[0].action_groups == tolist([azurerm_monitor_action_group.people.id]) && rule.enabled != false && strcontains(rule.criteria[0].query, "\"logs-standby-failover\"")])
    error_message = "Each rule must read this function's log and tell people."
  }

  assert {
    condition     = azurerm_monitor_scheduled_query_rules_alert_v2.tick_stopped.criteria[0].operator == "LessThan" && azurerm_monitor_scheduled_query_rules_alert_v2.tick_stopped.criteria[0].threshold == 1 && strcontains(azurerm_monitor_scheduled_query_rules_alert_v2.tick_stopped.criteria[0].query, "\"Tick\"")
    error_message = "A tick that stopped must be noticed by its absence."
  }

  assert {
    condition     = azurerm_monitor_scheduled_query_rules_alert_v2.paused_for_long.window_duration == "PT6H" && azurerm_monitor_scheduled_query_rules_alert_v2.paused_for_long.criteria[0].threshold == 288
    error_message = "Four of five ticks of six hours."
  }

  assert {
    condition     = [for receiver in azurerm_monitor_action_group.people.email_receiver : receiver.email_address] == ["on-call@example.org"]
    error_message = "The address must be a receiver."
  }

  assert {
    condition     = azurerm_application_insights.this.workspace_id == var.log_analytics_workspace_id && azurerm_application_insights.this.sampling_percentage == 100 && azurerm_function_app_flex_consumption.this.app_settings["AzureFunctionsJobHost__logging__applicationInsights__samplingSettings__isEnabled"] == "false"
    error_message = "Every line must be kept, in a workspace that is not this module's."
  }
}
