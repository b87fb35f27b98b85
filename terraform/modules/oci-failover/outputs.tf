locals {
  standby = [
    for manifest in [
      file("${path.module}/../../../infra/kubernetes/role.yaml"),
      templatefile("${path.module}/../../../infra/oci/binding.yaml", { dynamic_group_id = oci_identity_dynamic_group.this.id }),
    ] : replace(manifest, "namespace: logging\n", "namespace: ${var.cluster_namespace}\n")
  ]

  # Where the standby's address is read, unless it is told.
  ingress = var.secondary_address != null ? [] : [replace(
    replace(
      templatefile("${path.module}/../../../infra/oci/ingress.yaml", { dynamic_group_id = oci_identity_dynamic_group.this.id }),
      "namespace: logging-ingress", "namespace: ${lookup(var.settings, "INGRESS_NAMESPACE", "logging-ingress")}",
    ),
    "[nginx-ingress-controller]", "[${lookup(var.settings, "INGRESS_SERVICE_NAME", "nginx-ingress-controller")}]",
  )]

  manifests = join("\n---\n", concat(local.standby, local.ingress))
}

output "function_id" {
  description = "OCID of the function."
  value       = oci_functions_function.this.id
}

output "invoke_endpoint" {
  description = "Where it is called."
  value       = oci_functions_function.this.invoke_endpoint
}

output "dynamic_group_id" {
  description = "OCID of its dynamic group: the group that the standby cluster sees."
  value       = oci_identity_dynamic_group.this.id
}

output "function_environment" {
  description = "What the function is told (docs/CONFIGURATION.md)."
  value       = local.config
}

output "kubernetes_manifests" {
  description = "Role, Lease and record of the standby cluster, and the binding of the dynamic group: kubectl apply -f - takes it."
  value       = local.manifests
}

output "install" {
  description = "Commands that finish the installation and prove it: terraform output -raw install | bash"
  value = templatefile("${path.module}/install.sh.tftpl", {
    name        = var.name
    function_id = oci_functions_function.this.id
    manifests   = local.manifests
  })
}

output "name" {
  description = "Name of the function."
  value       = var.name
}
