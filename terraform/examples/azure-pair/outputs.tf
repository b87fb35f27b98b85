output "manages_global_dns" {
  description = "For the other workspace."
  value       = module.global_dns.manages_global_dns
}

output "traffic_manager_profile_id" {
  description = "For the other workspace."
  value       = module.global_dns.profile_id
}

output "cname" {
  description = "The record to make where the zone is not in Azure DNS."
  value       = module.global_dns.cname
}

output "logscale" {
  description = "What this site's LogScale is told by its dr."
  value       = local.logscale
}

output "install" {
  description = "Finishes the installation of the function: terraform output -raw install | bash"
  value       = one(module.failover[*].install)
  sensitive   = true
}

output "function_name" {
  description = "Name of the failover function; null beside an active site."
  value       = one(module.failover[*].name)
}
