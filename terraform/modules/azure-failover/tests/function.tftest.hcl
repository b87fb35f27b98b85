# What the function is, and what it is told.

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

# The environment of this run is what tests/tests/terraform_environment.rs gives to the function's own reader.
run "the_function_is_told_where_things_are" {
  assert {
    condition     = output.function_environment["HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID"] == var.traffic_manager_profile_id && output.function_environment["HOLDFAST_PRIMARY_ENDPOINT"] == "primary" && output.function_environment["HOLDFAST_AKS_CLUSTER_ID"] == var.aks_cluster_id
    error_message = "The function must know what it locks and where the standby is."
  }

  assert {
    condition     = output.function_environment["HOLDFAST_QUEUE_URL"] == "https://logsstandby.queue.core.windows.net/holdfast-work" && output.function_environment["HOLDFAST_COOLDOWN_BLOB_URL"] == "https://logsstandby.blob.core.windows.net/holdfast-state/last-failover"
    error_message = "Queue and blob must be those of this module's storage."
  }

  assert {
    condition     = output.function_environment["AZURE_CLIENT_ID"] == "11111111-2222-3333-4444-555555555555"
    error_message = "The function must act as its own identity."
  }

  assert {
    condition     = output.function_environment["PRE_FAILOVER_FAILURE_SECONDS"] == "180" && output.function_environment["COOLDOWN_SECONDS"] == "300" && output.function_environment["MAX_RETRIES"] == "3"
    error_message = "The defaults must be the reference's."
  }

  assert {
    condition     = !contains(keys(output.function_environment), "HOLDFAST_TRAFFIC_NAME") && !contains(keys(output.function_environment), "HOLDFAST_CLUSTER_ENDPOINT")
    error_message = "What is not configured must not be set."
  }

  assert {
    condition     = { for name, value in azurerm_function_app_flex_consumption.this.app_settings : name => value if contains(keys(output.function_environment), name) } == output.function_environment
    error_message = "The output must be what the app gets."
  }
}

run "the_time_limit_is_one_number" {
  command = plan

  variables {
    function_timeout_seconds = 3600
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this.app_settings["HOLDFAST_FUNCTION_TIMEOUT_SECONDS"] == "3600" && azurerm_function_app_flex_consumption.this.app_settings["AzureFunctionsJobHost__functionTimeout"] == "01:00:00"
    error_message = "Host and function must end an invocation at the same time."
  }
}

run "the_time_limit_is_ten_minutes_by_default" {
  command = plan

  assert {
    condition     = azurerm_function_app_flex_consumption.this.app_settings["AzureFunctionsJobHost__functionTimeout"] == jsondecode(file("${path.module}/../../../infra/azure/function/host.json")).functionTimeout
    error_message = "The default must be that of host.json."
  }
}

run "the_host_has_no_key_of_its_storage" {
  command = plan

  assert {
    condition     = !azurerm_storage_account.this.shared_access_key_enabled && azurerm_function_app_flex_consumption.this.storage_authentication_type == "UserAssignedIdentity" && azurerm_function_app_flex_consumption.this.storage_access_key == null
    error_message = "The storage must be reached by identity."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this.app_settings["AzureWebJobsStorage"] == "" && azurerm_function_app_flex_consumption.this.app_settings["AzureWebJobsStorage__credential"] == "managedidentity"
    error_message = "No connection string."
  }

  assert {
    condition     = toset([for queue in azurerm_storage_queue.work : queue.name]) == toset([jsondecode(file("${path.module}/../../../infra/azure/function/Work/function.json")).bindings[0].queueName, "holdfast-work-poison"])
    error_message = "The queues must be those of the function Work."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this.runtime_name == "custom" && azurerm_service_plan.this.sku_name == "FC1" && azurerm_service_plan.this.os_type == "Linux"
    error_message = "The handler is a program of its own."
  }
}

run "a_known_cluster_and_further_variables_are_handed_on" {
  command = plan

  variables {
    cluster_endpoint = "https://standby.hcp.westeurope.azmk8s.io"
    cluster_ca_data  = "LS0t"
    traffic_name     = "logs.example.org"
    settings         = { HOLDFAST_CONTROL_TARGETS = "https://status.example.net/" }
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this.app_settings["HOLDFAST_CLUSTER_ENDPOINT"] == "https://standby.hcp.westeurope.azmk8s.io" && azurerm_function_app_flex_consumption.this.app_settings["HOLDFAST_CONTROL_TARGETS"] == "https://status.example.net/" && azurerm_function_app_flex_consumption.this.app_settings["HOLDFAST_TRAFFIC_NAME"] == "logs.example.org"
    error_message = "What is configured must arrive."
  }

  assert {
    condition     = !contains(keys(azurerm_role_definition.this), "cluster")
    error_message = "A known cluster needs no right to ask for its kubeconfig."
  }
}
