# Who the function is, and what it may do. The rights are those of infra/azure/roles.json and no others.

resource "azurerm_user_assigned_identity" "this" {
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

locals {
  # The file, with names in place of ids, so that its keys are known before anything exists.
  roles_file = jsondecode(templatefile("${path.module}/../../../infra/azure/roles.json", {
    endpoint_type     = var.primary_endpoint_type
    profile_id        = "profile"
    cluster_id        = "cluster"
    resource_group_id = "group"
    queue_id          = "queue"
    container_id      = "container"
  }))

  scopes = {
    profile   = var.traffic_manager_profile_id
    cluster   = var.aks_cluster_id
    group     = join("/", slice(local.profile_parts, 0, 5))
    queue     = azurerm_storage_queue.work["holdfast-work"].id
    container = azurerm_storage_container.state.id
  }

  # A known endpoint and certificate authority need no kubeconfig.
  unneeded = var.cluster_endpoint == null ? [] : ["cluster"]

  roles = { for role in local.roles_file : role.AssignableScopes[0] => role if !contains(local.unneeded, role.AssignableScopes[0]) }
}

resource "azurerm_role_definition" "this" {
  for_each          = local.roles
  name              = "${each.value.Name} (${var.name})" # names of roles are unique in a tenant
  description       = each.value.Description
  scope             = local.scopes[each.key]
  assignable_scopes = [local.scopes[each.key]]

  permissions {
    actions          = each.value.Actions
    not_actions      = each.value.NotActions
    data_actions     = each.value.DataActions
    not_data_actions = each.value.NotDataActions
  }
}

resource "azurerm_role_assignment" "this" {
  for_each           = local.roles
  scope              = local.scopes[each.key]
  role_definition_id = azurerm_role_definition.this[each.key].role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.this.principal_id
  principal_type     = "ServicePrincipal"
}

# What the Functions host itself needs, with the same identity: its storage, and to write its log without a key.
resource "azurerm_role_assignment" "host" {
  for_each = {
    "Storage Blob Data Owner"        = azurerm_storage_account.this.id
    "Storage Queue Data Contributor" = azurerm_storage_account.this.id
    "Monitoring Metrics Publisher"   = azurerm_application_insights.this.id
  }
  scope                = each.value
  role_definition_name = each.key
  principal_id         = azurerm_user_assigned_identity.this.principal_id
  principal_type       = "ServicePrincipal"
}
