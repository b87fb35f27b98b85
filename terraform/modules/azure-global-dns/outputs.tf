output "manages_global_dns" {
  description = "For the other workspace (other_site_manages_global_dns)."
  value       = var.manage_global_dns
}

output "profile_id" {
  description = "Id of the profile: traffic_manager_profile_id of azure-failover. Null where the other workspace manages it."
  value       = one(azurerm_traffic_manager_profile.this[*].id)
}

output "primary_endpoint" {
  description = "Name of the primary's endpoint in it."
  value       = one(azurerm_traffic_manager_external_endpoint.primary[*].name)
}

output "cname" {
  description = "The record that makes the global name follow the profile, for a zone that this module does not manage. Not an address: the answer changes at a failover."
  value = var.manage_global_dns ? {
    name   = var.global_hostname
    type   = "CNAME"
    record = azurerm_traffic_manager_profile.this[0].fqdn
    ttl    = var.ttl
  } : null
}
