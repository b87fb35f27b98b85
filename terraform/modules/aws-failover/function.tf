# The function, what it is told, and how Lambda calls it.

locals {
  # docs/CONFIGURATION.md says what each means. An empty value counts as not set. What the function has as a default is left to it only where
  # no variable of the module sets it.
  own_environment = {
    CLUSTER_NAME                 = var.cluster_name
    CLUSTER_REGION               = var.cluster_region
    CLUSTER_NAMESPACE            = var.cluster_namespace
    TARGET_OPERATOR_REPLICAS     = tostring(var.operator_target_replicas)
    PRIMARY_HEALTH_CHECK_ID      = local.health_check_id
    PRIMARY_HEALTH_CHECK_FQDN    = var.primary_health_check_fqdn
    SECONDARY_HEALTH_CHECK_ID    = local.secondary_id
    SKIP_SECONDARY_HEALTH_CHECK  = tostring(var.skip_secondary_health_check)
    HUMIOCLUSTER_NAME            = var.humiocluster_name
    PRE_FAILOVER_FAILURE_SECONDS = tostring(var.pre_failover_failure_seconds)
    FAILOVER_COOLDOWN_SECONDS    = tostring(var.failover_cooldown_seconds)
    HOLDFAST_MODE                = var.mode
    COOLDOWN_SSM_PARAMETER       = local.parameter
    MAX_RETRIES                  = tostring(var.max_retries)
    BASE_DELAY_SECONDS           = tostring(var.base_delay_seconds)
    MAX_DELAY_SECONDS            = tostring(var.max_delay_seconds)
    LOG_LEVEL                    = var.log_level

    HOLDFAST_OPERATOR_DEPLOYMENT = var.operator_deployment
    HOLDFAST_OBJECT_NAME         = var.object_name
    HOLDFAST_SNS_TOPIC_ARN       = local.topic_arn
  }

  own_optional = {
    HOLDFAST_TRAFFIC_NAME        = var.global_fqdn
    HOLDFAST_CLUSTER_ENDPOINT    = var.cluster_endpoint
    HOLDFAST_CLUSTER_CA_DATA     = var.cluster_ca_data
    HOLDFAST_HISTORY_ROLE_ARN    = var.dns_role_arn
    HOLDFAST_TRAFFIC_ROLE_ARN    = var.dns_role_arn
    HOLDFAST_NOTIFY_TOPIC        = var.messages_topic_arn
    HOLDFAST_HISTORY_EXTERNAL_ID = var.dns_role_external_id
    HOLDFAST_TRAFFIC_EXTERNAL_ID = var.dns_role_external_id
  }

  environment = merge(var.settings, { for name, value in local.own_optional : name => value if value != null }, local.own_environment)
}

resource "aws_lambda_function" "failover" {
  #checkov:skip=CKV_AWS_50:Traces are not made: a failover is recorded in the record and in the log, and X-Ray would be one more call.
  #checkov:skip=CKV_AWS_116:Failed events go to the on-failure destination, which keeps the answer beside the event; a dead-letter queue keeps the event only.
  #checkov:skip=CKV_AWS_117:The function needs a VPC only for a cluster whose endpoint is private: variable vpc.
  #checkov:skip=CKV_AWS_272:The zip is made on the spot by `make package`; who wants signing signs it and sets package.
  count = local.count

  function_name                  = local.function_name
  description                    = "Holdfast: makes the standby ${var.cluster_name} the active site when the primary is gone."
  role                           = aws_iam_role.lambda[0].arn
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  filename                       = local.package
  source_code_hash               = fileexists(local.package) ? filebase64sha256(local.package) : null
  timeout                        = var.lambda_timeout_seconds
  memory_size                    = var.lambda_memory_mb
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = aws_kms_key.lambda[0].arn
  tags                           = var.tags

  environment {
    variables = local.environment
  }

  # Text: the function's lines are JSON already, and metrics in CloudWatch's embedded format pass as they are.
  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.lambda[0].name
  }

  dynamic "vpc_config" {
    for_each = var.vpc[*]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = [aws_security_group.function[0].id]
    }
  }

  # Its rights first: a function that is called before it has them answers with errors.
  depends_on = [
    terraform_data.preconditions,
    aws_iam_role_policy.lambda_access,
    aws_iam_role_policy.lambda_own,
    aws_eks_access_entry.lambda,
  ]
}

# An answer `deferred`, `owed` or `failed` is an error on purpose, so that Lambda calls again.
resource "aws_lambda_function_event_invoke_config" "failover" {
  count = local.count

  function_name                = aws_lambda_function.failover[0].function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = local.event_age_seconds

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed_events[0].arn
    }
  }
}

# Events that three calls did not bring to an end. They are only looked at: the next tick judges anew.
resource "aws_sqs_queue" "failed_events" {
  count = local.count

  name                      = "${var.name_prefix}-failed-events"
  message_retention_seconds = 1209600 # 14 days, the most
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

# Belongs to the site and not to the function: promotion takes the function away and must leave the record of the failover. `skip_destroy`
# leaves it in the account even when the module is removed.
resource "aws_cloudwatch_log_group" "lambda" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts it with a key of AWS. With a key of ours the record of a failover would be lost with the key.
  count = var.enabled ? 1 : 0

  name              = local.log_group
  retention_in_days = var.log_retention_days
  skip_destroy      = true
  tags              = var.tags
}

# The time of the last failover. The function writes it, and no apply sets it back.
resource "aws_ssm_parameter" "cooldown_timestamp" {
  #checkov:skip=CKV2_AWS_34:The time of the last failover is no secret, and operators read it.
  count = local.count

  name        = local.parameter
  description = "Epoch seconds of the last failover, written by ${local.function_name}."
  type        = "String"
  value       = "0"
  tags        = var.tags

  lifecycle {
    ignore_changes = [value]
  }
}
