# Promotion and the way back: what `dr` makes and takes away. The list is that of the reference's documentation, "Resources destroyed during
# promotion", with one difference on purpose: the log group stays, because it holds the record of the failover.

provider "aws" {
  region = "us-west-2"
}

provider "aws" {
  alias  = "route53_region"
  region = "us-east-1"
}

variables {
  primary_health_check_id   = "11111111-2222-3333-4444-555555555555"
  primary_health_check_fqdn = "logscale-primary.example.com"
  cluster_name              = "standby"
  cluster_region            = "us-west-2"
  humiocluster_name         = "standby"
  name_prefix               = "standby-dr-failover"
  package                   = "tests/package.txt"
}

run "a_primary_has_no_function" {
  variables {
    enabled = false
    dr      = "active"
  }

  assert {
    condition     = length(aws_lambda_function.failover) + length(aws_cloudwatch_log_group.lambda) + length(aws_sns_topic.failover) + length(aws_iam_role.lambda) == 0
    error_message = "A site that is not enabled must have nothing."
  }
}

run "a_standby_has_one" {
  assert {
    condition     = length(aws_lambda_function.failover) == 1 && length(aws_cloudwatch_metric_alarm.primary_unhealthy) == 1 && length(aws_scheduler_schedule.this) == 2
    error_message = "A standby must have the function, the alarm and the tick."
  }

  assert {
    condition     = aws_cloudwatch_log_group.lambda[0].name == "/aws/lambda/standby-dr-failover-handler" && aws_cloudwatch_log_group.lambda[0].skip_destroy
    error_message = "The log group must outlive the function."
  }
}

# Only the log group that was there has this ARN; one that was made anew would not.
run "the_log_group_is_marked" {
  module {
    source = "../../../tests/terraform/changed-outside"
  }

  variables {
    type      = "aws_cloudwatch_log_group"
    attribute = "arn"
    value     = "\"marked\""
  }
}

run "promotion_takes_the_function_away_and_leaves_its_log" {
  variables {
    dr = "active"
  }

  assert {
    condition     = length(aws_lambda_function.failover) == 0
    error_message = "Lambda Function <cluster>-dr-failover-handler"
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.primary_unhealthy) == 0
    error_message = "CloudWatch Alarm <cluster>-dr-failover-primary-unhealthy"
  }

  assert {
    condition     = length(aws_sns_topic.failover) + length(aws_sns_topic_subscription.lambda) + length(aws_sns_topic_policy.failover) == 0
    error_message = "SNS Topic + Subscription <cluster>-dr-failover-sns"
  }

  assert {
    condition     = length(aws_iam_role.lambda) + length(aws_iam_role_policy.lambda_access) + length(aws_iam_role_policy.lambda_own) == 0
    error_message = "Lambda IAM Role + Policy"
  }

  assert {
    condition     = length(aws_eks_access_entry.lambda) == 0
    error_message = "EKS Access Entry"
  }

  assert {
    condition     = length(aws_kms_key.lambda) + length(aws_kms_alias.lambda) == 0
    error_message = "KMS Key"
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.lambda) == 1 && aws_cloudwatch_log_group.lambda[0].arn == "marked"
    error_message = "The log group must be the one that the function wrote to."
  }

  # What the reference does not have goes with the function too.
  assert {
    condition     = length(aws_scheduler_schedule.this) + length(aws_iam_role.scheduler) + length(aws_sqs_queue.failed_events) + length(aws_sqs_queue.undelivered) + length(aws_ssm_parameter.cooldown_timestamp) + length(aws_cloudwatch_metric_alarm.people) + length(aws_cloudwatch_log_metric_filter.this) + length(aws_sns_topic.people) + length(aws_cloudwatch_dashboard.this) + length(aws_lambda_permission.sns_invoke) + length(aws_lambda_function_event_invoke_config.failover) == 0
    error_message = "A tick, an alarm or a queue without a function is left."
  }

  assert {
    condition     = output.lambda_function_name == null && output.sns_topic_arn == null && output.notification_topic_arn == null
    error_message = "The outputs must say that there is none."
  }
}

run "the_way_back_makes_it_again_beside_the_same_log" {
  assert {
    condition     = length(aws_lambda_function.failover) == 1 && aws_cloudwatch_log_group.lambda[0].arn == "marked" && aws_lambda_function.failover[0].logging_config[0].log_group == aws_cloudwatch_log_group.lambda[0].name
    error_message = "The function must be there again and write to the same log."
  }
}

run "the_way_back_asks_for_the_health_check" {
  command = plan

  variables {
    primary_health_check_id = null
  }

  expect_failures = [terraform_data.preconditions]
}

run "a_promoted_site_asks_for_nothing" {
  command = plan

  variables {
    dr                      = "active"
    primary_health_check_id = null
    package                 = "tests/nowhere.zip"
  }

  assert {
    condition     = length(terraform_data.preconditions) == 0
    error_message = "What is refused is for a standby only."
  }
}
