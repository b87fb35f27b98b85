# What the function is told stands in tests/terraform/environment/azure-failover.json, which a test of Rust reads with the function's own
# reader. The message of a failure is the new content.

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

override_resource {
  target = azurerm_storage_account.this
  values = {
    id                 = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs-standby/providers/Microsoft.Storage/storageAccounts/logsstandby"
    primary_queue_host = "logsstandby.queue.core.windows.net"
    primary_blob_host  = "logsstandby.blob.core.windows.net"
  }
}

override_resource {
  target = azurerm_user_assigned_identity.this
  values = {
    id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs-standby/providers/Microsoft.ManagedIdentity/userAssignedIdentities/logs"
    client_id    = "11111111-2222-3333-4444-555555555555"
    principal_id = "66666666-7777-8888-9999-000000000000"
  }
}

run "with_the_modules_defaults" {
  assert {
    condition     = jsondecode(file("../../../tests/terraform/environment/azure-failover.json")).defaults == output.function_environment
    error_message = jsonencode(output.function_environment)
  }
}

run "with_every_variable_that_the_function_is_told" {
  variables {
    mode                     = "ask"
    primary_endpoint         = "active"
    primary_endpoint_type    = "azureEndpoints"
    traffic_name             = "logs.example.org"
    cluster_endpoint         = "https://standby.hcp.westeurope.azmk8s.io"
    cluster_ca_data          = file("../../../tests/terraform/environment/ca.base64")
    cluster_namespace        = "humio"
    operator_target_replicas = 2
    function_timeout_seconds = 3600
    log_level                = "debug"
    operator_keys            = { failover = ["failover", "status"], look = ["plan"] }

    dr_failover_function_pre_failover_failure_seconds = 240
    dr_failover_function_cooldown_seconds             = 600
    dr_failover_function_max_retries                  = 4

    settings = {
      HOLDFAST_CONTROL_TARGETS = "https://control.example.net"
      HOLDFAST_TLS_CLEANUP     = "off"
      HTTPS_PROXY              = "http://proxy.example.net:3128"
      NO_PROXY                 = "10.0.0.0/8"
    }
  }

  assert {
    condition     = jsondecode(file("../../../tests/terraform/environment/azure-failover.json")).everything == output.function_environment
    error_message = jsonencode(output.function_environment)
  }
}
