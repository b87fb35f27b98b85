# The function app: a custom handler (`make package`) on Flex Consumption, in the standby's region.

resource "azurerm_service_plan" "this" {
  #checkov:skip=CKV_AZURE_225:Flex Consumption places instances by itself, and not every region has zones for it; the tick starts a new one within a minute
  #checkov:skip=CKV_AZURE_212:one worker at a time is elected by a lease; a second instance would only wait
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  os_type             = "Linux"
  sku_name            = "FC1"
  tags                = var.tags
}

resource "azurerm_function_app_flex_consumption" "this" {
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  service_plan_id     = azurerm_service_plan.this.id

  runtime_name           = "custom"
  runtime_version        = "1.0"
  instance_memory_in_mb  = 2048
  maximum_instance_count = var.maximum_instance_count

  storage_container_type            = "blobContainer"
  storage_container_endpoint        = "https://${azurerm_storage_account.this.primary_blob_host}/${azurerm_storage_container.package.name}"
  storage_authentication_type       = "UserAssignedIdentity"
  storage_user_assigned_identity_id = azurerm_user_assigned_identity.this.id

  app_settings = merge(local.environment, local.host_settings)

  https_only                                     = true
  public_network_access_enabled                  = true
  webdeploy_publish_basic_authentication_enabled = false
  virtual_network_subnet_id                      = var.virtual_network_subnet_id
  tags                                           = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }

  dynamic "always_ready" {
    for_each = var.always_ready
    content {
      name           = always_ready.key
      instance_count = always_ready.value
    }
  }

  site_config {
    application_insights_connection_string = azurerm_application_insights.this.connection_string
    http2_enabled                          = true
    minimum_tls_version                    = "1.2"
    scm_minimum_tls_version                = "1.2"
    vnet_route_all_enabled                 = var.virtual_network_subnet_id != null

    # Who may knock at all. The doors behind have keys of their own.
    ip_restriction_default_action     = "Deny"
    scm_ip_restriction_default_action = "Deny"
    scm_use_main_ip_restriction       = true

    ip_restriction {
      name        = "action-groups"
      description = "Azure Monitor, to the function Alarm"
      action      = "Allow"
      priority    = 100
      service_tag = "ActionGroup"
    }

    dynamic "ip_restriction" {
      for_each = { for place, range in var.operator_ip_ranges : tostring(place) => range }
      content {
        name        = "operators-${ip_restriction.key}"
        description = "People, to the function Operator and for deployment"
        action      = "Allow"
        priority    = 200 + tonumber(ip_restriction.key)
        ip_address  = ip_restriction.value
      }
    }
  }

  # The package comes by deployment, not by Terraform: publishing from here would need a password.
  lifecycle {
    ignore_changes = [zip_deploy_file]

    precondition {
      condition     = var.function_timeout_seconds >= var.dr_failover_function_pre_failover_failure_seconds + 120
      error_message = "function_timeout_seconds must be the holdoff (dr_failover_function_pre_failover_failure_seconds) and 120 s at least: the function waits for the holdoff inside the call."
    }

    precondition {
      condition     = length(setintersection(keys(var.settings), concat(keys(local.settings), keys(local.host_settings)))) == 0
      error_message = "settings holds ${join(", ", setintersection(keys(var.settings), concat(keys(local.settings), keys(local.host_settings))))}, which this module sets from a variable of its own."
    }

    precondition {
      condition     = lower(replace(data.azurerm_resource_group.profile.location, " ", "")) != lower(replace(var.primary_region, " ", ""))
      error_message = "The resource group of the Traffic Manager profile is in the primary's region: while that is down, the lock may not be written. Put it into the standby's region or a third one."
    }
  }

  depends_on = [azurerm_role_assignment.host]
}

# Where Resource Manager keeps the profile.
data "azurerm_resource_group" "profile" {
  name = local.profile_group
}

locals {
  profile_parts = split("/", var.traffic_manager_profile_id)
  profile_group = local.profile_parts[4]
}
