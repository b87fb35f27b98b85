# The page in the portal.

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

run "the_page_reads_this_functions_log_in_the_workspace" {
  assert {
    condition     = length(jsondecode(azurerm_portal_dashboard.this.dashboard_properties).lenses["0"].parts) == 6
    error_message = "The endpoints, and five queries."
  }

  assert {
    condition = alltrue([for part in values(jsondecode(azurerm_portal_dashboard.this.dashboard_properties).lenses["0"].parts) :
      one([for input in part.metadata.inputs : input.value if input.name == "ComponentId"]) == var.log_analytics_workspace_id
      && strcontains(one([for input in part.metadata.inputs : input.value if input.name == "Query"]), "AppRoleName =~ \"${var.name}\"")
    if endswith(part.metadata.type, "/LogsDashboardPart")])
    error_message = "Each query must read this function's lines, in the workspace that the log goes to."
  }

  assert {
    condition = anytrue([for part in values(jsondecode(azurerm_portal_dashboard.this.dashboard_properties).lenses["0"].parts) :
      strcontains(one([for input in part.metadata.inputs : input.value if input.name == "Query"]), azurerm_monitor_scheduled_query_rules_alert_v2.told["function-errors"].criteria[0].query)
    if endswith(part.metadata.type, "/LogsDashboardPart")])
    error_message = "Page and alert must call the same thing an error."
  }
}

run "the_page_shows_the_metric_that_the_alert_watches" {
  assert {
    condition = [for part in values(jsondecode(azurerm_portal_dashboard.this.dashboard_properties).lenses["0"].parts) :
      [part.metadata.settings.content.options.chart.metrics[0].name, part.metadata.settings.content.options.chart.metrics[0].resourceMetadata.id, part.metadata.settings.content.options.chart.grouping.dimension]
    if endswith(part.metadata.type, "/MonitorChartPart")] == [[azurerm_monitor_metric_alert.primary_unhealthy.criteria[0].metric_name, var.traffic_manager_profile_id, azurerm_monitor_metric_alert.primary_unhealthy.criteria[0].dimension[0].name]]
    error_message = "The endpoints' state must be that of the alert."
  }
}

run "no_part_lies_on_another_one" {
  assert {
    condition = length(distinct(flatten([for part in values(jsondecode(azurerm_portal_dashboard.this.dashboard_properties).lenses["0"].parts) : [
      for cell in setproduct(range(part.position.x, part.position.x + part.position.colSpan), range(part.position.y, part.position.y + part.position.rowSpan)) : "${cell[0]} ${cell[1]}"
    ]]))) == sum([for part in values(jsondecode(azurerm_portal_dashboard.this.dashboard_properties).lenses["0"].parts) : part.position.colSpan * part.position.rowSpan])
    error_message = "Two parts share a cell."
  }

  assert {
    condition     = alltrue([for part in values(jsondecode(azurerm_portal_dashboard.this.dashboard_properties).lenses["0"].parts) : part.position.x + part.position.colSpan <= 12])
    error_message = "The page is twelve columns wide."
  }
}
