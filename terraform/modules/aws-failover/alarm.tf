# The alarm, which accelerates, and its way to the function: us-east-1, SNS, the standby's region.

locals {
  route53_account_id = data.aws_caller_identity.route53_region.account_id
  topic_name         = "${var.name_prefix}-sns"
  topic_arn          = "arn:aws:sns:us-east-1:${local.route53_account_id}:${local.topic_name}"
  alarm_name         = "${var.name_prefix}-primary-unhealthy"
  alarm_arn          = "arn:aws:cloudwatch:us-east-1:${local.route53_account_id}:alarm:${local.alarm_name}"
}

resource "aws_sns_topic" "failover" {
  #checkov:skip=CKV_AWS_26:An alarm can publish to an encrypted topic only with a key of one's own and its policy: one more thing that can keep the alarm back. The messages hold nothing secret.
  count    = local.count
  provider = aws.route53_region

  name = local.topic_name
  tags = var.tags

  depends_on = [terraform_data.preconditions]
}

locals {
  # A message on this topic makes the function look; who publishes must be CloudWatch, for this one alarm.
  topic_statements = concat(
    [{
      Sid       = "TheAlarmPublishes"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = local.topic_arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.route53_account_id }
        ArnEquals    = { "aws:SourceArn" = local.alarm_arn }
      }
    }],
    # From another account the function's account must subscribe: SNS asks a function that somebody else subscribes to confirm it.
    [for account in local.route53_account_id == local.account_id ? [] : [local.account_id] : {
      Sid       = "TheStandbySubscribes"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${account}:root" }
      Action    = "sns:Subscribe"
      Resource  = local.topic_arn
      Condition = { StringEquals = { "sns:Protocol" = "lambda" } }
    }],
  )
}

resource "aws_sns_topic_policy" "failover" {
  count    = local.count
  provider = aws.route53_region

  arn = aws_sns_topic.failover[0].arn

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.topic_statements
  })
}

resource "aws_cloudwatch_metric_alarm" "primary_unhealthy" {
  count    = local.count
  provider = aws.route53_region

  alarm_name          = local.alarm_name
  alarm_description   = "Route 53 sees ${var.primary_health_check_fqdn} unhealthy. Calls ${local.function_name}, which judges for itself."
  namespace           = "AWS/Route53"
  metric_name         = "HealthCheckStatus"
  dimensions          = { HealthCheckId = local.health_check_id }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = var.alarm_evaluation_periods
  datapoints_to_alarm = var.alarm_evaluation_periods

  # Not `breaching`: a pause in the delivery of metrics is no outage. The function and its tick do not need the alarm.
  treat_missing_data = "missing"

  alarm_actions             = [aws_sns_topic.failover[0].arn]
  ok_actions                = [aws_sns_topic.failover[0].arn]
  insufficient_data_actions = [aws_sns_topic.failover[0].arn]
  tags                      = var.tags
}

# Notifications that could not be handed to the function. Beside the subscription: in its account and region.
resource "aws_sqs_queue" "undelivered" {
  count  = local.count
  region = "us-east-1"

  name                      = "${var.name_prefix}-undelivered"
  message_retention_seconds = 1209600 # 14 days, the most
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "undelivered" {
  count  = local.count
  region = "us-east-1"

  queue_url = aws_sqs_queue.undelivered[0].url

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TheTopicKeepsWhatItCannotDeliver"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.undelivered[0].arn
      Condition = { ArnEquals = { "aws:SourceArn" = local.topic_arn } }
    }]
  })
}

# In the topic's region, by the function's account.
resource "aws_sns_topic_subscription" "lambda" {
  count  = local.count
  region = "us-east-1"

  topic_arn      = aws_sns_topic.failover[0].arn
  protocol       = "lambda"
  endpoint       = aws_lambda_function.failover[0].arn
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.undelivered[0].arn })

  depends_on = [aws_lambda_permission.sns_invoke, aws_sns_topic_policy.failover]
}

resource "aws_lambda_permission" "sns_invoke" {
  count = local.count

  statement_id   = "AllowExecutionFromSNS"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.failover[0].function_name
  principal      = var.sns_service_principal
  source_arn     = aws_sns_topic.failover[0].arn
  source_account = local.route53_account_id
}
