# Stands for the reference's module dr-failover-lambda: the addresses of its resources and what matters of their values.
terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = ">= 6.0, < 7.0"
      configuration_aliases = [aws.route53_region]
    }
  }
}

resource "aws_sns_topic" "failover" {
  count    = 1
  provider = aws.route53_region
  name     = "standby-dr-failover-sns"
}

resource "aws_sns_topic_policy" "failover_cross_region" {
  count    = 1
  provider = aws.route53_region
  arn      = aws_sns_topic.failover[0].arn
  policy   = jsonencode({ Statement = [] })
}

resource "aws_cloudwatch_metric_alarm" "primary_unhealthy" {
  count              = 1
  provider           = aws.route53_region
  alarm_name         = "standby-dr-failover-primary-unhealthy"
  treat_missing_data = "breaching"
}

resource "aws_iam_role" "lambda" {
  count              = 1
  name               = "standby-dr-failover-lambda"
  assume_role_policy = jsonencode({ Statement = [] })
}

resource "aws_iam_role_policy_attachment" "lambda_basic" {
  count      = 1
  role       = aws_iam_role.lambda[0].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_iam_role_policy" "lambda_access" {
  count  = 1
  name   = "standby-dr-failover-lambda-access"
  role   = aws_iam_role.lambda[0].id
  policy = jsonencode({ Statement = [] })
}

resource "aws_kms_key" "lambda" {
  count                   = 1
  deletion_window_in_days = 7
}

resource "aws_kms_alias" "lambda" {
  count         = 1
  name          = "alias/standby-dr-failover-lambda"
  target_key_id = aws_kms_key.lambda[0].key_id
}

resource "aws_ssm_parameter" "cooldown_timestamp" {
  count = 1
  name  = "/standby-dr-failover/last-failover-time"
  type  = "String"
  value = "0"

  lifecycle {
    ignore_changes = [value]
  }
}

resource "aws_lambda_function" "failover" {
  count         = 1
  function_name = "standby-dr-failover-handler"
  role          = aws_iam_role.lambda[0].arn
  handler       = "dr_failover_handler.lambda_handler"
  runtime       = "python3.14"
  timeout       = 60
}

resource "aws_cloudwatch_log_group" "lambda" {
  count             = 1
  name              = "/aws/lambda/standby-dr-failover-handler"
  retention_in_days = 14
}

resource "aws_lambda_permission" "sns_invoke" {
  count         = 1
  statement_id  = "AllowExecutionFromSNS"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.failover[0].function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.failover[0].arn
}

resource "aws_sns_topic_subscription" "lambda" {
  count     = 1
  provider  = aws.route53_region
  topic_arn = aws_sns_topic.failover[0].arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.failover[0].arn
}

resource "aws_eks_access_entry" "lambda" {
  count         = 1
  cluster_name  = "standby"
  principal_arn = aws_iam_role.lambda[0].arn
  type          = "STANDARD"
}

resource "aws_eks_access_policy_association" "lambda" {
  count         = 1
  cluster_name  = "standby"
  principal_arn = aws_iam_role.lambda[0].arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy"

  access_scope {
    type       = "namespace"
    namespaces = ["logging"]
  }
}
