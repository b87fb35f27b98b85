output "primary_health_check_id" {
  description = "The health check that the function locks; null in the workspace that does not manage the DNS."
  value       = module.global_dns.primary_health_check_id
}

output "manages_global_dns" {
  description = "Whether this workspace has the failover records."
  value       = module.global_dns.manages_global_dns
}

output "lambda_function_name" {
  description = "Name of the function; null where there is none."
  value       = module.failover.lambda_function_name
}

output "log_group_name" {
  description = "The function's log; it stays after promotion."
  value       = module.failover.log_group_name
}

output "service_selectors" {
  description = "Which pods the Services of LogScale choose, by pool."
  value       = local.selectors
}
