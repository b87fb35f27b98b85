# What the identity may do: infra/azure/roles.json, each role where it belongs, and nothing else.

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

run "each_role_is_that_of_the_file" {
  assert {
    condition = (
      jsonencode({ for key, role in azurerm_role_definition.this : key => [
        role.description,
        toset(role.permissions[0].actions), toset(role.permissions[0].not_actions), toset(role.permissions[0].data_actions), toset(role.permissions[0].not_data_actions),
        ] }) == jsonencode({ for role in jsondecode(templatefile("${path.module}/../../../infra/azure/roles.json", {
          endpoint_type = "externalEndpoints", profile_id = "profile", cluster_id = "cluster", resource_group_id = "group", queue_id = "queue", container_id = "container"
        })) : role.AssignableScopes[0] => [
        role.Description,
        toset(role.Actions), toset(role.NotActions), toset(role.DataActions), toset(role.NotDataActions),
      ] })
    )
    error_message = "The roles differ from infra/azure/roles.json."
  }

  assert {
    condition     = length(azurerm_role_definition.this) == 5 && keys(azurerm_role_assignment.this) == keys(azurerm_role_definition.this)
    error_message = "Each role must be assigned once."
  }

  assert {
    condition = { for key, assignment in azurerm_role_assignment.this : key => assignment.scope } == {
      profile   = var.traffic_manager_profile_id
      cluster   = var.aks_cluster_id
      group     = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/dns"
      queue     = azurerm_storage_queue.work["holdfast-work"].id
      container = azurerm_storage_container.state.id
    }
    error_message = "Each role must be assigned on the one thing that it is for."
  }

  assert {
    condition     = alltrue([for key, role in azurerm_role_definition.this : role.scope == azurerm_role_assignment.this[key].scope && role.assignable_scopes == tolist([role.scope])])
    error_message = "No role may be assigned elsewhere."
  }

  assert {
    condition     = alltrue([for assignment in concat(values(azurerm_role_assignment.this), values(azurerm_role_assignment.host)) : assignment.principal_id == azurerm_user_assigned_identity.this.principal_id])
    error_message = "Nobody else gets a right."
  }

  assert {
    condition     = alltrue([for role in azurerm_role_definition.this : endswith(role.name, "(logs-standby-failover)")])
    error_message = "Names of roles are unique in a tenant."
  }
}

run "the_host_gets_what_its_storage_and_its_log_need_and_no_more" {
  command = plan

  assert {
    condition     = keys(azurerm_role_assignment.host) == ["Monitoring Metrics Publisher", "Storage Blob Data Owner", "Storage Queue Data Contributor"]
    error_message = "The host's roles have changed."
  }
}

run "another_kind_of_endpoint_changes_the_right_to_write_it" {
  command = plan

  variables {
    primary_endpoint_type = "azureEndpoints"
  }

  assert {
    condition     = contains(azurerm_role_definition.this["profile"].permissions[0].actions, "Microsoft.Network/trafficManagerProfiles/azureEndpoints/write") && !contains(azurerm_role_definition.this["profile"].permissions[0].actions, "Microsoft.Network/trafficManagerProfiles/externalEndpoints/write")
    error_message = "The right must be that of the endpoint's kind."
  }
}

run "the_standby_cluster_is_told_who_the_function_is" {
  assert {
    condition     = strcontains(output.kubernetes_manifests, "name: ${output.principal_id}") && strcontains(output.kubernetes_manifests, "name: holdfast-failover") && !strcontains(output.kubernetes_manifests, "$${")
    error_message = "Role and binding must be complete."
  }
}

run "another_namespace_is_in_every_manifest" {
  variables {
    cluster_namespace = "humio"
  }

  assert {
    condition     = !strcontains(output.kubernetes_manifests, "namespace: logging") && strcontains(output.kubernetes_manifests, "namespace: humio")
    error_message = "The Role must be in LogScale's namespace."
  }
}
