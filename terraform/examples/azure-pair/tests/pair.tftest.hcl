# Both workspaces, and the promotion of the standby in its two phases.

provider "azurerm" {
  features {}
}

override_resource {
  target = module.global_dns.azurerm_traffic_manager_profile.this
  values = {
    id   = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs-standby/providers/Microsoft.Network/trafficManagerProfiles/logs-example-org"
    fqdn = "logs-example-org.trafficmanager.net"
  }
}

override_resource {
  target = azurerm_log_analytics_workspace.log
  values = {
    id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs-standby/providers/Microsoft.OperationalInsights/workspaces/logs-standby-log"
  }
}

variables {
  dr                            = "standby"
  dr_use_dedicated_routing      = false
  manage_global_dns             = true
  other_site_manages_global_dns = false
  subscription_id               = "00000000-0000-0000-0000-000000000000"
  name                          = "logs-standby"
  resource_group_name           = "logs-standby"
  location                      = "westeurope"
  primary_region                = "northeurope"
  humiocluster_name             = "logscale"
  aks_cluster_id                = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs-standby/providers/Microsoft.ContainerService/managedClusters/logs-standby"
  profile_name                  = "logs-example-org"
  dns_resource_group_name       = "logs-standby"
  global_hostname               = "logs.example.org"
  primary_target                = "primary.logs.example.org"
  secondary_target              = "standby.logs.example.org"
  primary_probe_url             = "https://primary.logs.example.org/api/v1/status"
  alarm_key                     = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  operator_ip_ranges            = ["192.0.2.0/24"]
  notify_emails                 = ["on-call@example.org"]
}

run "the_primary_has_no_function_and_no_global_dns" {
  command = plan

  variables {
    dr                            = "active"
    dr_use_dedicated_routing      = true
    manage_global_dns             = false
    other_site_manages_global_dns = true
    name                          = "logs-primary"
    resource_group_name           = "logs-primary"
    location                      = "northeurope"
    alarm_key                     = null
  }

  assert {
    condition     = length(module.failover) == 0 && output.traffic_manager_profile_id == null && !output.manages_global_dns
    error_message = "The function and the profile belong to the standby's workspace."
  }
}

run "the_standby_has_the_function_and_the_global_dns" {
  assert {
    condition     = length(module.failover) == 1 && output.function_name == "logs-standby-failover" && endswith(output.traffic_manager_profile_id, "/logs-example-org")
    error_message = "The standby must have the function and the profile."
  }

  assert {
    condition     = output.logscale.operator_replicas == null && output.logscale.node_count == 1 && output.logscale.replication_factor == 1 && length(output.logscale.node_pools) == 0 && !output.logscale.enable_alerts && output.logscale.recover_from
    error_message = "A standby is one digest pod without alerts that recovers from the primary's bucket; its operator is the function's business."
  }

  assert {
    condition     = output.logscale.service_selectors.ui == { "app.kubernetes.io/name" = "humio" } && output.logscale.service_selectors.ingest == output.logscale.service_selectors.ui
    error_message = "The standby's one pod must be chosen by every Service."
  }
}

run "phase_one_of_the_promotion_takes_the_function_away_and_keeps_the_one_pod_chosen" {
  variables {
    dr = "active"
  }

  assert {
    condition     = length(module.failover) == 0 && output.function_name == null && output.install == null
    error_message = "The function must be gone with all that is its own."
  }

  assert {
    condition     = azurerm_log_analytics_workspace.log.name == "logs-standby-log" && endswith(output.traffic_manager_profile_id, "/logs-example-org")
    error_message = "The log and the global DNS must stay."
  }

  assert {
    condition     = output.logscale.operator_replicas == 1 && output.logscale.node_count == 3 && output.logscale.replication_factor == 2 && length(output.logscale.node_pools) == 2 && output.logscale.enable_alerts && !output.logscale.recover_from
    error_message = "An active site is the whole production cluster."
  }

  assert {
    condition     = output.logscale.service_selectors.ui == { "app.kubernetes.io/name" = "humio" }
    error_message = "The pod that serves must still be chosen."
  }
}

run "phase_two_of_the_promotion_routes_to_the_pools_and_changes_nothing_else" {
  variables {
    dr                       = "active"
    dr_use_dedicated_routing = true
  }

  assert {
    condition     = output.logscale.service_selectors.ui["humio.com/node-pool"] == "logscale-ui" && output.logscale.service_selectors.ingest["humio.com/node-pool"] == "logscale-ingest-only"
    error_message = "Each Service must choose the pods of its pool."
  }

  assert {
    condition     = output.logscale.node_count == 3 && length(module.failover) == 0 && output.manages_global_dns
    error_message = "Phase 2 changes the selectors and nothing else."
  }
}

run "a_standby_that_comes_back_gets_its_function_back" {
  assert {
    condition     = length(module.failover) == 1 && output.logscale.node_count == 1
    error_message = "dr = standby must make all of it again."
  }
}

run "a_standby_without_the_profile_of_the_other_workspace" {
  command = plan

  variables {
    manage_global_dns             = false
    other_site_manages_global_dns = true
  }

  expect_failures = [var.traffic_manager_profile_id]
}
