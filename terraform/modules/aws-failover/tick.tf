# The tick: the trigger that works while us-east-1 is down, and that takes up what an alarm's call left.

locals {
  # What the function is called with, and when. The input of the tick is a word that the function knows; the preflight is a call by hand.
  schedules = merge(
    {
      tick = {
        expression = "rate(1 minutes)"
        input      = jsonencode({ source = "failover.schedule" })
      }
    },
    { for expression in var.preflight_schedule[*] : "preflight" => {
      expression = expression
      input      = jsonencode({ action = "preflight", reason = "scheduled" })
    } },
  )
}

resource "aws_iam_role" "scheduler" {
  count = local.count

  name = "${var.name_prefix}-scheduler"
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })

  depends_on = [terraform_data.preconditions]
}

resource "aws_iam_role_policy" "scheduler" {
  count = local.count

  name = "${var.name_prefix}-scheduler"
  role = aws_iam_role.scheduler[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = local.function_arn
    }]
  })
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:The input is a fixed word; Scheduler encrypts it with a key of AWS.
  for_each = local.on ? local.schedules : {}

  name                = "${var.name_prefix}-${each.key}"
  description         = "Calls ${local.function_name}: ${each.key}."
  schedule_expression = each.value.expression

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.failover[0].arn
    role_arn = aws_iam_role.scheduler[0].arn
    input    = each.value.input

    # The next tick is the retry.
    retry_policy {
      maximum_retry_attempts       = 0
      maximum_event_age_in_seconds = 60
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}
