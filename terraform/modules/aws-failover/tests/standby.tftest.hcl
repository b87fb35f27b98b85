# What the module makes for a standby.

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

run "the_function_waits_and_is_called_again" {
  assert {
    condition     = aws_lambda_function.failover[0].timeout >= var.pre_failover_failure_seconds + 120
    error_message = "The time-out must be longer than the holdoff."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.failover[0].maximum_retry_attempts == 2 && aws_lambda_function_event_invoke_config.failover[0].maximum_event_age_in_seconds >= 2 * aws_lambda_function.failover[0].timeout + 180
    error_message = "The third call must begin before the event is too old."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.failover[0].destination_config[0].on_failure[0].destination == aws_sqs_queue.failed_events[0].arn
    error_message = "Events that failed must be kept."
  }

  assert {
    condition     = aws_lambda_function.failover[0].runtime == "provided.al2023" && aws_lambda_function.failover[0].architectures == tolist(["x86_64"]) && aws_lambda_function.failover[0].reserved_concurrent_executions == 5
    error_message = "Runtime, architecture or concurrency."
  }

  assert {
    condition     = aws_lambda_function.failover[0].function_name == "standby-dr-failover-handler" && aws_cloudwatch_metric_alarm.primary_unhealthy[0].alarm_name == "standby-dr-failover-primary-unhealthy" && aws_sns_topic.failover[0].name == "standby-dr-failover-sns"
    error_message = "The names of the reference must be kept."
  }

  assert {
    condition     = aws_lambda_function.failover[0].source_code_hash == filebase64sha256("tests/package.txt")
    error_message = "A new package must be a change."
  }

  assert {
    condition     = length(aws_lambda_function.failover[0].vpc_config) == 0 && length(aws_vpc_endpoint.this) == 0
    error_message = "Without vpc there must be no VPC."
  }
}

run "the_policy_is_the_shipped_one" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.lambda_access[0].policy) == jsondecode(templatefile("../../../infra/aws/policy.json", {
      account_id              = "111122223333"
      standby_region          = "us-west-2"
      primary_health_check_id = "11111111-2222-3333-4444-555555555555"
      cooldown_parameter      = "logscale-dr/standby-dr-failover-handler/last-failover-timestamp"
      cluster_name            = "standby"
    }))
    error_message = "The policy is not infra/aws/policy.json: ${aws_iam_role_policy.lambda_access[0].policy}"
  }
}

run "who_tells_people_by_a_topic_may_publish_to_it_and_to_no_other" {
  command = plan

  variables {
    messages_topic_arn = "arn:aws:sns:us-west-2:111122223333:logscale-people"
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.lambda_own[0].policy).Statement : statement if statement.Sid == "TellPeople"] == [{
      Sid      = "TellPeople"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = "arn:aws:sns:us-west-2:111122223333:logscale-people"
    }]
    error_message = "It must be infra/aws/policy-topic.json: ${aws_iam_role_policy.lambda_own[0].policy}"
  }
}

run "beside_it_the_function_may_do_only_what_its_own_resources_need" {
  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.lambda_own[0].policy).Statement : statement.Sid => statement.Resource } == {
      WriteLog         = "arn:aws:logs:us-west-2:111122223333:log-group:/aws/lambda/standby-dr-failover-handler:*"
      KeepFailedEvents = aws_sqs_queue.failed_events[0].arn
      ReadEnvironment  = aws_kms_key.lambda[0].arn
    }
    error_message = "The function's own policy: ${aws_iam_role_policy.lambda_own[0].policy}"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.scheduler[0].policy).Statement == [{ Effect = "Allow", Action = "lambda:InvokeFunction", Resource = "arn:aws:lambda:us-west-2:111122223333:function:standby-dr-failover-handler" }]
    error_message = "The scheduler may only call this function."
  }
}

run "only_cloudwatch_of_this_account_may_publish" {
  assert {
    condition = jsondecode(aws_sns_topic_policy.failover[0].policy).Statement == [{
      Sid       = "TheAlarmPublishes"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:us-east-1:111122223333:standby-dr-failover-sns"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "111122223333" }
        ArnEquals    = { "aws:SourceArn" = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:standby-dr-failover-primary-unhealthy" }
      }
    }]
    error_message = "The topic's policy: ${aws_sns_topic_policy.failover[0].policy}"
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.people[0].policy).Statement[0].Condition == { StringEquals = { "aws:SourceAccount" = "111122223333" } } && length(jsondecode(aws_sns_topic_policy.people[0].policy).Statement) == 1
    error_message = "The policy of the people's topic: ${aws_sns_topic_policy.people[0].policy}"
  }
}

run "the_alarm_calls_the_function_across_regions" {
  assert {
    condition     = aws_cloudwatch_metric_alarm.primary_unhealthy[0].dimensions == tomap({ HealthCheckId = "11111111-2222-3333-4444-555555555555" }) && aws_cloudwatch_metric_alarm.primary_unhealthy[0].alarm_actions == toset([aws_sns_topic.failover[0].arn])
    error_message = "The alarm must watch the primary's health check and tell the topic."
  }

  assert {
    condition     = aws_sns_topic_subscription.lambda[0].endpoint == aws_lambda_function.failover[0].arn && aws_sns_topic_subscription.lambda[0].topic_arn == aws_sns_topic.failover[0].arn
    error_message = "The topic must call the function."
  }

  assert {
    condition     = aws_lambda_permission.sns_invoke[0].source_arn == aws_sns_topic.failover[0].arn && aws_lambda_permission.sns_invoke[0].source_account == "111122223333" && aws_lambda_permission.sns_invoke[0].principal == "sns.amazonaws.com"
    error_message = "Only this topic may call the function."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_subscription.lambda[0].redrive_policy).deadLetterTargetArn == aws_sqs_queue.undelivered[0].arn
    error_message = "What could not be handed over must be kept."
  }

  assert {
    condition     = aws_sns_topic_subscription.lambda[0].region == "us-east-1" && aws_sqs_queue.undelivered[0].region == "us-east-1" && aws_lambda_function.failover[0].region == null
    error_message = "The subscription and its queue must be in the topic's region, the function in the standby's."
  }
}

run "the_tick_comes_every_minute_from_the_standbys_region" {
  assert {
    condition     = aws_scheduler_schedule.this["tick"].schedule_expression == "rate(1 minutes)" && aws_scheduler_schedule.this["tick"].flexible_time_window[0].mode == "OFF"
    error_message = "The tick must come every minute."
  }

  assert {
    condition     = jsondecode(aws_scheduler_schedule.this["tick"].target[0].input) == { source = "failover.schedule" } && aws_scheduler_schedule.this["tick"].target[0].retry_policy[0].maximum_retry_attempts == 0
    error_message = "The tick's input or its retries."
  }

  assert {
    condition     = aws_scheduler_schedule.this["tick"].target[0].arn == aws_lambda_function.failover[0].arn && jsondecode(aws_scheduler_schedule.this["preflight"].target[0].input).action == "preflight"
    error_message = "The schedules must call the function."
  }
}

run "the_function_is_let_into_the_cluster_by_a_group" {
  assert {
    condition     = aws_eks_access_entry.lambda[0].type == "STANDARD" && aws_eks_access_entry.lambda[0].kubernetes_groups == toset(["dr-failover"]) && aws_eks_access_entry.lambda[0].principal_arn == aws_iam_role.lambda[0].arn
    error_message = "The access entry must be STANDARD, with our group."
  }
}

run "people_are_told" {
  variables {
    notification_emails = ["oncall@example.com"]
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.people)) == toset(["holdoff-started", "failover-begun", "completed", "owed-steps", "function-errors", "throttles", "lost-events", "tick-stopped", "preflight-bad", "paused-for-long"])
    error_message = "The alarms: ${join(", ", keys(aws_cloudwatch_metric_alarm.people))}"
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.people : alarm.alarm_actions == toset([aws_sns_topic.people[0].arn]) && contains(values(alarm.dimensions), "standby-dr-failover-handler")])
    error_message = "Each alarm must be of this function and tell people."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.people["tick-stopped"].treat_missing_data == "breaching"
    error_message = "A tick that stopped sends no metric: that must be an alarm."
  }

  assert {
    condition     = aws_sns_topic_subscription.people["oncall@example.com"].protocol == "email"
    error_message = "The address must be subscribed."
  }
}

run "what_only_the_log_tells_becomes_metrics" {
  assert {
    condition     = alltrue([for filter in aws_cloudwatch_log_metric_filter.this : filter.log_group_name == aws_lambda_function.failover[0].logging_config[0].log_group && filter.metric_transformation[0].dimensions == tomap({ FunctionName = "$.span.site" })])
    error_message = "Each filter must read the function's log and name the function."
  }

  assert {
    condition     = length(setsubtract(keys(aws_cloudwatch_log_metric_filter.this), [for alarm in aws_cloudwatch_metric_alarm.people : alarm.metric_name])) == 0
    error_message = "Each of these metrics must have an alarm."
  }
}

run "the_cooldown_is_the_functions_own" {
  assert {
    condition     = aws_ssm_parameter.cooldown_timestamp[0].name == "/logscale-dr/standby-dr-failover-handler/last-failover-timestamp"
    error_message = "The parameter has the name of the reference's documentation."
  }
}

run "a_failover_writes_its_time" {
  module {
    source = "../../../tests/terraform/changed-outside"
  }

  variables {
    type      = "aws_ssm_parameter"
    attribute = "value"
    value     = "\"1767225600\""
  }
}

run "an_apply_leaves_the_time" {
  variables {
    tags = { owner = "platform" }
  }

  assert {
    condition     = aws_ssm_parameter.cooldown_timestamp[0].value == "1767225600" && aws_ssm_parameter.cooldown_timestamp[0].tags == tomap({ owner = "platform" })
    error_message = "The apply set the time of the last failover to ${nonsensitive(aws_ssm_parameter.cooldown_timestamp[0].value)}."
  }
}

run "the_page_shows_what_the_alarms_read" {
  assert {
    condition = alltrue(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : [
      for metric in widget.properties.metrics : metric[3] == aws_lambda_function.failover[0].function_name if metric[0] != "AWS/Route53"
    ] if widget.type == "metric"]))
    error_message = "Each metric must be this function's."
  }

  assert {
    condition = length(setsubtract(
      [for alarm in aws_cloudwatch_metric_alarm.people : alarm.metric_name if alarm.namespace == "Holdfast" && alarm.metric_name != "FailedChecks"],
      flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : [for metric in widget.properties.metrics : metric[1]] if widget.type == "metric"])
    )) == 0
    error_message = "What people are told of must be on the page."
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : strcontains(widget.properties.query, "'${aws_cloudwatch_log_group.lambda[0].name}'") if widget.type == "log"] == [true]
    error_message = "The page must show the function's log."
  }
}
