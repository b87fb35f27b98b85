# People are told, from the standby's region, so that they are told while us-east-1 is down too.

locals {
  own_topic_count = local.on && var.notification_topic_arn == null ? 1 : 0
  people_arn      = var.notification_topic_arn != null ? var.notification_topic_arn : one(aws_sns_topic.people[*].arn)

  by_function = { FunctionName = local.function_name }
  missing_ok  = "notBreaching"

  # Metrics of the function (docs/CONFIGURATION.md, "What it writes"), of its log (below) and of Lambda. `points` periods of `period` seconds in a
  # row must be beyond the threshold. `tell_end`: people are told too when that is over.
  alarms = {
    holdoff-started = {
      says      = "The primary is failing and the holdoff is running."
      namespace = "Holdfast", metric = "FailingFor", dimensions = local.by_function
      statistic = "Maximum", comparison = "GreaterThanThreshold", threshold = 0
      period    = 60, points = 1, missing = local.missing_ok
      tell_end  = true
    }
    failover-begun = {
      says      = "An execution has begun: the function is acting. Look at its record: kubectl -n ${var.cluster_namespace} get configmap ${var.object_name}."
      namespace = "Holdfast", metric = "Begun", dimensions = local.by_function
      statistic = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period    = 60, points = 1, missing = local.missing_ok
      tell_end  = false
    }
    completed = {
      says      = "An execution is completed."
      namespace = "Holdfast", metric = "Calls", dimensions = merge(local.by_function, { Outcome = "completed" })
      statistic = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period    = 60, points = 1, missing = local.missing_ok
      tell_end  = false
    }
    owed-steps = {
      says      = "Steps of an execution are owed, such as the traffic lock: docs/TROUBLESHOOTING.md."
      namespace = "Holdfast", metric = "OwedSteps", dimensions = local.by_function
      statistic = "Maximum", comparison = "GreaterThanThreshold", threshold = 0
      period    = 60, points = 2, missing = local.missing_ok
      tell_end  = true
    }
    function-errors = {
      says      = "Calls of the function end with errors. While the primary fails that is how it asks to be called again; else look at its log."
      namespace = "AWS/Lambda", metric = "Errors", dimensions = local.by_function
      statistic = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period    = 60, points = 3, missing = local.missing_ok
      tell_end  = true
    }
    throttles = {
      says      = "Calls of the function are turned away: its reserved concurrency is used up."
      namespace = "AWS/Lambda", metric = "Throttles", dimensions = local.by_function
      statistic = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period    = 60, points = 3, missing = local.missing_ok
      tell_end  = true
    }
    lost-events = {
      says      = "A failed event could not be kept in ${var.name_prefix}-failed-events."
      namespace = "AWS/Lambda", metric = "DestinationDeliveryFailures", dimensions = local.by_function
      statistic = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period    = 60, points = 1, missing = local.missing_ok
      tell_end  = false
    }
    tick-stopped = {
      says      = "The function has not answered for five minutes: no failover would happen by itself."
      namespace = "Holdfast", metric = "Calls", dimensions = local.by_function
      statistic = "Sum", comparison = "LessThanThreshold", threshold = 1
      period    = 60, points = 5, missing = "breaching"
      tell_end  = true
    }
    preflight-bad = {
      says      = "The preflight found something in the way of a failover: call it by hand and read what."
      namespace = "Holdfast", metric = "FailedChecks", dimensions = local.by_function
      statistic = "Maximum", comparison = "GreaterThanThreshold", threshold = 0
      period    = 60, points = 1, missing = "ignore"
      tell_end  = true
    }
    paused-for-long = {
      says      = "The function has been paused for ${var.paused_alarm_hours} h: no failover happens by itself."
      namespace = "Holdfast", metric = "Paused", dimensions = local.by_function
      statistic = "Sum", comparison = "GreaterThanOrEqualToThreshold", threshold = 30 # of 60 ticks in an hour
      period    = 3600, points = var.paused_alarm_hours, missing = local.missing_ok
      tell_end  = true
    }
  }
}

# What only the log tells. Each line names the function under `span.site`.
resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.on ? {
    Begun        = { pattern = "{ ($.message = \"*begins\") && ($.fence = *) }", value = "1" }
    FailedChecks = { pattern = "{ $.failed_checks >= 0 }", value = "$.failed_checks" }
    Paused       = { pattern = "{ $.paused IS TRUE }", value = "1" }
  } : {}

  name           = "${var.name_prefix}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.lambda[0].name
  pattern        = each.value.pattern

  metric_transformation {
    namespace  = "Holdfast"
    name       = each.key
    value      = each.value.value
    dimensions = { FunctionName = "$.span.site" }
  }
}

resource "aws_sns_topic" "people" {
  #checkov:skip=CKV_AWS_26:An alarm can publish to an encrypted topic only with a key of one's own and its policy: one more thing that can keep the alarm back. The messages hold nothing secret.
  count = local.own_topic_count

  name = "${var.name_prefix}-people"
  tags = var.tags

  depends_on = [terraform_data.preconditions]
}

resource "aws_sns_topic_policy" "people" {
  count = local.own_topic_count

  arn = aws_sns_topic.people[0].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsOfThisAccountPublish"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.people[0].arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "people" {
  for_each = local.own_topic_count == 1 ? var.notification_emails : toset([])

  topic_arn = aws_sns_topic.people[0].arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_metric_alarm" "people" {
  for_each = local.on ? local.alarms : {}

  alarm_name          = "${var.name_prefix}-${each.key}"
  alarm_description   = each.value.says
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.points
  datapoints_to_alarm = each.value.points
  treat_missing_data  = each.value.missing
  alarm_actions       = [local.people_arn]
  ok_actions          = each.value.tell_end ? [local.people_arn] : []
  tags                = var.tags
}
