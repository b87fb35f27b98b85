# Who may call the function, and by which door.

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

run "only_the_platform_may_call_the_door_of_alarms" {
  assert {
    condition     = azurerm_monitor_action_group.alarm.azure_function_receiver[0].function_name == "Alarm" && endswith(azurerm_monitor_action_group.alarm.azure_function_receiver[0].http_trigger_url, "/api/alarm?code=${var.alarm_key}")
    error_message = "The action group must call Alarm with Alarm's key."
  }

  assert {
    condition     = azurerm_monitor_action_group.alarm.azure_function_receiver[0].use_common_alert_schema && azurerm_monitor_action_group.alarm.location == "global"
    error_message = "The alert must arrive in the common schema, from any region."
  }

  assert {
    condition     = output.function_environment["HOLDFAST_ADMITS"] == "Alarm=alarm;Work=alarm;Tick=tick;Preflight=preflight;Operator=status,plan,preflight;Operator:on-call=all"
    error_message = "The doors are ${output.function_environment["HOLDFAST_ADMITS"]}."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this.site_config[0].ip_restriction_default_action == "Deny" && azurerm_function_app_flex_consumption.this.site_config[0].scm_ip_restriction_default_action == "Deny"
    error_message = "Who is not let in must be kept out."
  }

  assert {
    condition     = [for rule in azurerm_function_app_flex_consumption.this.site_config[0].ip_restriction : coalesce(rule.service_tag, rule.ip_address) if rule.action == "Allow"] == ["ActionGroup", "192.0.2.0/24"]
    error_message = "Only action groups and the operators' networks are let in."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this.https_only && !azurerm_function_app_flex_consumption.this.webdeploy_publish_basic_authentication_enabled
    error_message = "No plain http, and no password for publishing."
  }
}

run "the_key_of_the_alarm_is_set_on_its_function_only" {
  assert {
    condition     = length(regexall("--key-value", nonsensitive(output.install))) == 1 && strcontains(nonsensitive(output.install), "--function-name Alarm --key-name action-group --key-value \"${nonsensitive(var.alarm_key)}\"")
    error_message = "The key of the alarm opens one door."
  }

  assert {
    condition     = strcontains(nonsensitive(output.install), "--function-name Operator --key-name \"on-call\"") && !strcontains(nonsensitive(output.install), "masterKey")
    error_message = "People get keys of Operator, and no host key."
  }
}

run "without_networks_only_the_platform_knocks" {
  command = plan

  variables {
    operator_ip_ranges = []
    operator_keys      = { failover = ["failover", "status"], second = ["plan"] }
  }

  assert {
    condition     = [for rule in azurerm_function_app_flex_consumption.this.site_config[0].ip_restriction : rule.service_tag] == ["ActionGroup"]
    error_message = "Nobody but action groups is let in."
  }

  assert {
    condition     = endswith(azurerm_function_app_flex_consumption.this.app_settings["HOLDFAST_ADMITS"], ";Operator:failover=failover,status;Operator:second=plan")
    error_message = "Each key must admit what it is for."
  }
}
