output "sns_topic_arn" {
  description = "Topic of the failover alarm; null where there is no function."
  value       = one(aws_sns_topic.failover[*].arn)
}

output "lambda_function_name" {
  description = "Name of the function; null where there is none."
  value       = one(aws_lambda_function.failover[*].function_name)
}

output "lambda_role_arn" {
  description = "Role of the function; null where there is none. The trust policy of dns_role_arn names it."
  value       = one(aws_iam_role.lambda[*].arn)
}

output "notification_topic_arn" {
  description = "Topic that tells people; null where there is no function."
  value       = local.on ? local.people_arn : null
}

output "log_group_name" {
  description = "Log group of the function. It outlives the function."
  value       = one(aws_cloudwatch_log_group.lambda[*].name)
}

output "dns_role_policy" {
  description = "Policy that the role dns_role_arn needs in its account, as JSON."
  value       = jsonencode(local.dns_role_policy)
}

output "function_environment" {
  description = "What the function is told."
  value       = local.environment
}
