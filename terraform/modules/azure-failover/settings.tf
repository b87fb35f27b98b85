# What the function is told: docs/CONFIGURATION.md names the variable of this module for each.

locals {
  # What the doors admit. The alarm's door admits alarms and nothing else; whoever has its key can ask for nothing that an alarm
  # could not bring about.
  admits = join(";", concat(
    ["Alarm=alarm", "Work=alarm", "Tick=tick", "Preflight=preflight", "Operator=status,plan,preflight"],
    [for name in sort(keys(var.operator_keys)) : "Operator:${name}=${join(",", var.operator_keys[name])}"],
  ))

  # Set by this module from its variables; `settings` may not set them again.
  settings = {
    HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID = var.traffic_manager_profile_id
    HOLDFAST_PRIMARY_ENDPOINT           = var.primary_endpoint
    HOLDFAST_PRIMARY_ENDPOINT_TYPE      = var.primary_endpoint_type
    HOLDFAST_PRIMARY_REGION             = var.primary_region
    HOLDFAST_PRIMARY_PROBE_URL          = var.primary_probe_url
    HOLDFAST_TRAFFIC_NAME               = var.traffic_name
    HOLDFAST_AKS_CLUSTER_ID             = var.aks_cluster_id
    HOLDFAST_CLUSTER_ENDPOINT           = var.cluster_endpoint
    HOLDFAST_CLUSTER_CA_DATA            = var.cluster_ca_data
    HOLDFAST_QUEUE_URL                  = "https://${azurerm_storage_account.this.primary_queue_host}/${azurerm_storage_queue.work["holdfast-work"].name}"
    HOLDFAST_COOLDOWN_BLOB_URL          = "https://${azurerm_storage_account.this.primary_blob_host}/${azurerm_storage_container.state.name}/last-failover"
    HOLDFAST_FUNCTION_TIMEOUT_SECONDS   = tostring(var.function_timeout_seconds)
    HOLDFAST_ADMITS                     = local.admits
    AZURE_CLIENT_ID                     = azurerm_user_assigned_identity.this.client_id
    CLUSTER_NAMESPACE                   = var.cluster_namespace
    HUMIOCLUSTER_NAME                   = var.humiocluster_name
    TARGET_OPERATOR_REPLICAS            = tostring(var.operator_target_replicas)
    PRE_FAILOVER_FAILURE_SECONDS        = tostring(var.dr_failover_function_pre_failover_failure_seconds)
    COOLDOWN_SECONDS                    = tostring(var.dr_failover_function_cooldown_seconds)
    HOLDFAST_MODE                       = var.mode
    MAX_RETRIES                         = tostring(var.dr_failover_function_max_retries)
    LOG_LEVEL                           = var.log_level
  }

  # What the host is told, beside host.json.
  host_settings = {
    # The host reaches its own storage by the identity: the account has no keys. The provider would set a connection string without a key here,
    # which goes before the three settings that follow.
    AzureWebJobsStorage              = ""
    AzureWebJobsStorage__accountName = azurerm_storage_account.this.name
    AzureWebJobsStorage__credential  = "managedidentity"
    AzureWebJobsStorage__clientId    = azurerm_user_assigned_identity.this.client_id

    APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${azurerm_user_assigned_identity.this.client_id};Authorization=AAD"

    # The same number as HOLDFAST_FUNCTION_TIMEOUT_SECONDS. It stands above functionTimeout of host.json.
    AzureFunctionsJobHost__functionTimeout = format("%02d:%02d:%02d", floor(var.function_timeout_seconds / 3600), floor(var.function_timeout_seconds / 60) % 60, var.function_timeout_seconds % 60)

    # Every line of a failover is kept.
    AzureFunctionsJobHost__logging__applicationInsights__samplingSettings__isEnabled = "false"
  }

  # What the function reads; what is not configured is not set.
  environment = merge(var.settings, { for name, value in local.settings : name => value if value != null })
}
