output "manages_global_dns" {
  description = "For the other workspace."
  value       = module.global_dns.manages_global_dns
}

output "steering_policy_id" {
  description = "For the other workspace."
  value       = module.global_dns.steering_policy_id
}

output "primary_health_check_id" {
  description = "For the other workspace."
  value       = module.global_dns.primary_health_check_id
}

output "logscale" {
  description = "What this site's LogScale is told by its dr."
  value       = local.logscale
}

output "install" {
  description = "Finishes the installation of the function: terraform output -raw install | bash"
  value       = one(module.failover[*].install)
}

output "function_name" {
  description = "Name of the failover function; null beside an active site."
  value       = one(module.failover[*].name)
}
