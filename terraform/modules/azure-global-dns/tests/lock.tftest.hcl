# What the function does to the primary's endpoint outlives every apply.

provider "azurerm" {
  features {}
}

variables {
  manage_global_dns             = true
  other_site_manages_global_dns = false
  name                          = "logs-example-org"
  resource_group_name           = "logs-standby"
  primary_region                = "northeurope"
  global_hostname               = "logs.example.org"
  primary_target                = "192.0.2.10"
  secondary_target              = "198.51.100.10"
}

run "the_primary_comes_first_and_probes_decide" {
  assert {
    condition     = azurerm_traffic_manager_profile.this[0].traffic_routing_method == "Priority"
    error_message = "A failover is meant for Priority."
  }

  assert {
    condition     = azurerm_traffic_manager_external_endpoint.primary[0].priority == 1 && azurerm_traffic_manager_external_endpoint.secondary[0].priority == 2
    error_message = "The primary must come first."
  }

  assert {
    condition     = !azurerm_traffic_manager_external_endpoint.primary[0].always_serve_enabled && !azurerm_traffic_manager_external_endpoint.secondary[0].always_serve_enabled
    error_message = "An endpoint that is always served is never seen down."
  }

  assert {
    condition     = one(azurerm_traffic_manager_profile.this[0].monitor_config[0].custom_header[*].value) == "logs.example.org" && azurerm_traffic_manager_profile.this[0].monitor_config[0].path == "/api/v1/status" && azurerm_traffic_manager_profile.this[0].monitor_config[0].protocol == "HTTPS"
    error_message = "The probes must ask for the status page under the global name."
  }

  assert {
    condition     = output.cname.type == "CNAME" && output.cname.name == "logs.example.org" && output.cname.record == azurerm_traffic_manager_profile.this[0].fqdn
    error_message = "The global name must be an alias of the profile."
  }

  assert {
    condition     = length(azurerm_dns_cname_record.global) == 0
    error_message = "Without a zone no record is made."
  }
}

# Proves that what follows can fail: a change of an attribute that is not ignored arrives, and an apply undoes it.
run "somebody_changes_the_priority" {
  module {
    source = "../../../tests/terraform/changed-outside"
  }

  variables {
    type      = "azurerm_traffic_manager_external_endpoint"
    attribute = "priority"
    value     = "9"
    where     = { name = "primary" }
  }
}

run "an_apply_sets_the_priority_back" {
  assert {
    condition     = azurerm_traffic_manager_external_endpoint.primary[0].priority == 1
    error_message = "The priority is ${azurerm_traffic_manager_external_endpoint.primary[0].priority}."
  }
}

run "the_function_disables_the_endpoint" {
  module {
    source = "../../../tests/terraform/changed-outside"
  }

  variables {
    type      = "azurerm_traffic_manager_external_endpoint"
    attribute = "enabled"
    value     = "false"
    where     = { name = "primary" }
  }
}

run "a_second_apply_leaves_the_lock_and_does_its_work" {
  variables {
    primary_target = "192.0.2.11"
  }

  assert {
    condition     = azurerm_traffic_manager_external_endpoint.primary[0].enabled == false
    error_message = "The apply took the lock away."
  }

  assert {
    condition     = azurerm_traffic_manager_external_endpoint.primary[0].target == "192.0.2.11"
    error_message = "The apply must have done its work."
  }
}

run "the_other_workspace_makes_nothing" {
  command = plan

  variables {
    manage_global_dns             = false
    other_site_manages_global_dns = true
  }

  assert {
    condition     = length(azurerm_traffic_manager_profile.this) + length(azurerm_traffic_manager_external_endpoint.primary) + length(azurerm_traffic_manager_external_endpoint.secondary) == 0
    error_message = "The profile belongs to the other workspace."
  }

  assert {
    condition     = output.profile_id == null && output.cname == null && !output.manages_global_dns
    error_message = "There is nothing to hand on."
  }
}

run "a_zone_of_azure_gets_the_alias" {
  command = plan

  variables {
    dns_zone = { name = "example.org", resource_group_name = "dns" }
  }

  assert {
    condition     = azurerm_dns_cname_record.global[0].name == "logs" && azurerm_dns_cname_record.global[0].zone_name == "example.org" && azurerm_dns_cname_record.global[0].ttl == 60
    error_message = "The record must be logs in example.org."
  }
}
