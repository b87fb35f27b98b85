output "global_ingest_fqdn" {
  description = "The name that users type; null where the records are not managed here."
  value       = var.manage_global_dns ? local.global_fqdn : null
}

output "primary_health_check_id" {
  description = "The check that the function locks; null where the records are not managed here."
  value       = one(aws_route53_health_check.primary[*].id)
}

output "primary_health_check_fqdn" {
  description = "The primary's own name: what the check watches while it is not locked."
  value       = local.primary_fqdn
}

output "secondary_health_check_id" {
  description = "The check that observes the standby and that no record refers to; null where there is none."
  value       = one(aws_route53_health_check.secondary_observed[*].id)
}

output "manages_global_dns" {
  description = "Whether this workspace has the records: hand it to the other workspace as other_site_manages_global_dns."
  value       = var.manage_global_dns
}
