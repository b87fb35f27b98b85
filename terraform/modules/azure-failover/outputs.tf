locals {
  manifests = join("\n---\n", [
    for manifest in [
      file("${path.module}/../../../infra/kubernetes/role.yaml"),
      templatefile("${path.module}/../../../infra/azure/binding.yaml", { principal_id = azurerm_user_assigned_identity.this.principal_id }),
    ] : replace(manifest, "namespace: logging", "namespace: ${var.cluster_namespace}")
  ])
}

output "function_app_id" {
  description = "Id of the function app."
  value       = azurerm_function_app_flex_consumption.this.id
}

output "hostname" {
  description = "Its host name."
  value       = azurerm_function_app_flex_consumption.this.default_hostname
}

output "principal_id" {
  description = "Object id of its identity: the user that the standby cluster sees."
  value       = azurerm_user_assigned_identity.this.principal_id
}

output "function_environment" {
  description = "What the function is told (docs/CONFIGURATION.md)."
  value       = local.environment
}

output "kubernetes_manifests" {
  description = "Role, Lease and record of the standby cluster, and the binding of the identity: kubectl apply -f - takes it."
  value       = local.manifests
}

# What Terraform does not do: the package, the keys, the cluster. Run it from the root of the repository.
output "install" {
  description = "Commands that finish the installation and prove it: terraform output -raw install | bash"
  sensitive   = true
  value = templatefile("${path.module}/install.sh.tftpl", {
    name           = var.name
    resource_group = var.resource_group_name
    hostname       = azurerm_function_app_flex_consumption.this.default_hostname
    alarm_key      = var.alarm_key
    operator_keys  = sort(keys(var.operator_keys))
    manifests      = local.manifests
  })
}

output "name" {
  description = "Name of the function."
  value       = var.name
}
