# One page for the day on which it counts, in the standby's region.

locals {
  graph = { type = "metric", width = 12, height = 6 }

  widgets = [
    merge(local.graph, { x = 0, y = 0, properties = {
      title   = "Primary, as Route 53 sees it (1 healthy, 0 not)"
      region  = "us-east-1"
      stat    = "Minimum", period = 60
      metrics = [["AWS/Route53", "HealthCheckStatus", "HealthCheckId", local.health_check_id]]
    } }),
    merge(local.graph, { x = 12, y = 0, properties = {
      title       = "Proven failing time, and the holdoff (s)"
      region      = var.cluster_region
      stat        = "Maximum", period = 60
      metrics     = [["Holdfast", "FailingFor", "FunctionName", local.function_name]]
      annotations = { horizontal = [{ label = "holdoff", value = var.pre_failover_failure_seconds }] }
    } }),
    merge(local.graph, { x = 0, y = 6, properties = {
      title  = "Calls, executions begun, owed steps"
      region = var.cluster_region
      stat   = "Sum", period = 60
      metrics = [
        ["Holdfast", "Calls", "FunctionName", local.function_name],
        ["Holdfast", "Begun", "FunctionName", local.function_name],
        ["Holdfast", "OwedSteps", "FunctionName", local.function_name, { stat = "Maximum" }],
        ["Holdfast", "Paused", "FunctionName", local.function_name, { stat = "Maximum" }],
      ]
    } }),
    merge(local.graph, { x = 12, y = 6, properties = {
      title  = "Errors, throttles, duration"
      region = var.cluster_region
      stat   = "Sum", period = 60
      metrics = [
        ["AWS/Lambda", "Errors", "FunctionName", local.function_name],
        ["AWS/Lambda", "Throttles", "FunctionName", local.function_name],
        ["AWS/Lambda", "Duration", "FunctionName", local.function_name, { stat = "Maximum", yAxis = "right" }],
      ]
    } }),
    { type = "log", x = 0, y = 12, width = 24, height = 8, properties = {
      title  = "What the function says"
      region = var.cluster_region
      query  = "SOURCE '${local.log_group}' | fields @timestamp, level, outcome, message | filter ispresent(message) | sort @timestamp desc | limit 50"
    } },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  count = local.count

  dashboard_name = var.name_prefix
  dashboard_body = jsonencode({ widgets = local.widgets })

  depends_on = [terraform_data.preconditions]
}
