output "manages_global_dns" {
  description = "For the other workspace (other_site_manages_global_dns)."
  value       = var.manage_global_dns
}

output "steering_policy_id" {
  description = "OCID of the policy: steering_policy_id of oci-failover. Null where the other workspace manages it."
  value       = one(oci_dns_steering_policy.this[*].id)
}

output "primary_health_check_id" {
  description = "OCID of the monitor of the primary: primary_health_check_id of oci-failover."
  value       = one(oci_health_checks_http_monitor.primary[*].id)
}
