# What is made, under which names, and what is refused before anything is made.

locals {
  on                = var.enabled && var.dr == "standby"
  count             = local.on ? 1 : 0
  function_name     = "${var.name_prefix}-handler"
  function_arn      = "arn:aws:lambda:${var.cluster_region}:${local.account_id}:function:${local.function_name}"
  log_group         = "/aws/lambda/${local.function_name}"
  parameter         = coalesce(var.cooldown_ssm_parameter, "/logscale-dr/${local.function_name}/last-failover-timestamp")
  package           = coalesce(var.package, "${path.module}/../../../dist/holdfast-aws-lambda-${var.architecture}.zip")
  account_id        = data.aws_caller_identity.current.account_id
  health_check_id   = var.primary_health_check_id == null ? "" : var.primary_health_check_id
  secondary_id      = var.secondary_health_check_id == null ? "" : var.secondary_health_check_id
  gate_on_secondary = local.secondary_id != "" && !var.skip_secondary_health_check

  # A call waits at most for the time-out, and Lambda calls again 1 and 2 minutes after it ended with an error. The third call must still begin.
  event_age_seconds = max(900, 2 * var.lambda_timeout_seconds + 300)
}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_caller_identity" "route53_region" {
  provider = aws.route53_region
}

data "aws_region" "route53_region" {
  provider = aws.route53_region
}

# Refuses what would be deployed and not work. Planned before everything else of the module.
resource "terraform_data" "preconditions" {
  count = local.count

  lifecycle {
    precondition {
      condition     = local.health_check_id != ""
      error_message = "primary_health_check_id is not set: a standby needs the primary's health check."
    }

    precondition {
      condition     = var.lambda_timeout_seconds >= var.pre_failover_failure_seconds + 120
      error_message = "lambda_timeout_seconds is ${var.lambda_timeout_seconds} and must be at least pre_failover_failure_seconds + 120 = ${var.pre_failover_failure_seconds + 120}: the function waits inside the call that the alarm makes once."
    }

    precondition {
      condition     = var.pre_failover_failure_seconds > 0 || var.no_holdoff_for_tests
      error_message = "pre_failover_failure_seconds is 0: one missed answer of the primary would fail over. Tests set no_holdoff_for_tests."
    }

    precondition {
      condition     = data.aws_region.current.region == var.cluster_region
      error_message = "The provider aws has the region ${data.aws_region.current.region} and cluster_region is ${var.cluster_region}: the function must run in the standby's region."
    }

    precondition {
      condition     = data.aws_region.route53_region.region == "us-east-1"
      error_message = "The provider aws.route53_region has the region ${data.aws_region.route53_region.region} and must have us-east-1: Route 53 keeps its metrics there."
    }

    precondition {
      condition     = var.dns_role_arn != null || data.aws_caller_identity.route53_region.account_id == local.account_id
      error_message = "The provider aws.route53_region is of another account, so the function needs a role there: set dns_role_arn."
    }

    precondition {
      condition     = local.secondary_id == "" || local.secondary_id != local.health_check_id
      error_message = "secondary_health_check_id is the primary's health check."
    }

    precondition {
      condition     = var.global_fqdn == null || var.global_fqdn != var.primary_health_check_fqdn
      error_message = "global_fqdn is the primary's own name: it must be the name that users type."
    }

    precondition {
      condition     = fileexists(local.package)
      error_message = "There is no ${local.package}: run `make package`, or set package."
    }

    precondition {
      condition     = length(setintersection(keys(var.settings), keys(local.own_environment))) == 0
      error_message = "settings holds what other variables set: ${join(", ", setintersection(keys(var.settings), keys(local.own_environment)))}."
    }

    precondition {
      condition     = sum([for name, value in local.environment : length(name) + length(value)]) <= 4096
      error_message = "The function's environment is larger than the 4 KB that Lambda allows."
    }
  }
}
