# Who is told what. Each rule reads the function's own log; the table is in README.md.

resource "azurerm_application_insights" "this" {
  name                         = var.name
  resource_group_name          = var.resource_group_name
  location                     = var.location
  workspace_id                 = var.log_analytics_workspace_id
  application_type             = "other"
  sampling_percentage          = 100
  local_authentication_enabled = false
  tags                         = var.tags
}

resource "azurerm_monitor_action_group" "people" {
  name                = "${var.name}-people"
  resource_group_name = var.resource_group_name
  location            = "global"
  short_name          = "hf-people"
  tags                = var.tags

  dynamic "email_receiver" {
    for_each = toset(var.notify_emails)
    content {
      name                    = email_receiver.value
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }

  dynamic "webhook_receiver" {
    for_each = var.notify_webhooks
    content {
      name                    = webhook_receiver.key
      service_uri             = webhook_receiver.value
      use_common_alert_schema = true
    }
  }
}

locals {
  # A line of the function is a trace of the host's console, whose message is JSON.
  lines = <<-KQL
    AppTraces
    | where AppRoleName =~ "${var.name}"
    | extend line = parse_json(Message)
    | where isnotempty(tostring(line.message))
    | extend outcome = tostring(line.outcome), says = tostring(line.message), execution = tostring(line.execution)
  KQL

  # Minutes of each window that `paused_longer_than` may name.
  paused_minutes = { PT1H = 60, PT2H = 120, PT6H = 360 }

  told = {
    holdoff-started = {
      says     = "The primary is failing and the holdoff runs. A failover begins when it is proven."
      severity = 2
      query    = "${local.lines}| where outcome == \"deferred\" and isnotnull(line.failing_for_s)"
    }
    failover-begun = {
      says     = "A failover has begun."
      severity = 0
      query    = "${local.lines}| where says endswith \" begins\" and isnotnull(line.fence)"
    }
    failover-completed = {
      says     = "The standby is active and traffic is locked to it. Nothing fails back by itself: docs/RUNBOOK.md."
      severity = 1
      query    = "${local.lines}| where outcome == \"completed\""
    }
    steps-owed = {
      says     = "A step of a failover is not done and is tried again each minute. docs/TROUBLESHOOTING.md says what each is."
      severity = 0
      query    = "${local.lines}| where outcome in (\"owed\", \"failed\")"
    }
    preflight-bad = {
      says     = "A preflight found what would stand in the way of a failover."
      severity = 1
      query    = "${local.lines}| where tostring(line.action) == \"preflight\" and toint(line.failed_checks) > 0"
    }
    function-errors = {
      says     = "The function failed or logged an error."
      severity = 1
      query    = <<-KQL
        union
          (AppRequests | where AppRoleName =~ "${var.name}" and Success == false | project TimeGenerated, OperationName),
          (AppTraces | where AppRoleName =~ "${var.name}" and (SeverityLevel >= 3 or parse_json(Message).level == "ERROR") | project TimeGenerated, OperationName)
      KQL
    }
  }
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "told" {
  for_each            = local.told
  name                = "${var.name}-${each.key}"
  resource_group_name = var.resource_group_name
  location            = var.location
  description         = each.value.says
  scopes              = [var.log_analytics_workspace_id]
  severity            = each.value.severity
  # A query that is asked each minute may not join tables.
  evaluation_frequency = each.key == "function-errors" ? "PT5M" : "PT1M"
  window_duration      = "PT5M"
  # One message for one incident: it is over when five minutes pass without a line.
  auto_mitigation_enabled = true
  tags                    = var.tags

  criteria {
    query                   = each.value.query
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 0
  }

  action {
    action_groups = [azurerm_monitor_action_group.people.id]
  }

  # The tables of the workspace exist once the first line has arrived.
  skip_query_validation = true
}

# Without the tick nothing is found while the alert's own machinery is down, and nothing owed is driven on.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "tick_stopped" {
  name                    = "${var.name}-tick-stopped"
  resource_group_name     = var.resource_group_name
  location                = var.location
  description             = "The function's timer has not run for ten minutes: no outage is found by it, and what is owed is not driven on."
  scopes                  = [var.log_analytics_workspace_id]
  severity                = 0
  evaluation_frequency    = "PT5M"
  window_duration         = "PT10M"
  auto_mitigation_enabled = true
  skip_query_validation   = true
  tags                    = var.tags

  criteria {
    query                   = "AppRequests | where AppRoleName =~ \"${var.name}\" and OperationName == \"Tick\""
    time_aggregation_method = "Count"
    operator                = "LessThan"
    threshold               = 1
  }

  action {
    action_groups = [azurerm_monitor_action_group.people.id]
  }
}

# Each tick of a paused site says so. Four of five in the window: a pause that lasts.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "paused_for_long" {
  name                    = "${var.name}-paused-for-long"
  resource_group_name     = var.resource_group_name
  location                = var.location
  description             = "Failover is paused. Nothing is begun and nothing driven on until somebody calls the action resume."
  scopes                  = [var.log_analytics_workspace_id]
  severity                = 1
  evaluation_frequency    = "PT1H"
  window_duration         = var.paused_longer_than
  auto_mitigation_enabled = false
  skip_query_validation   = true
  tags                    = var.tags

  criteria {
    query                   = "${local.lines}| where outcome == \"refused\" and tobool(line.paused)"
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = floor(local.paused_minutes[var.paused_longer_than] * 0.8)
  }

  action {
    action_groups = [azurerm_monitor_action_group.people.id]
  }
}

# A message that nobody could read lies in this queue; it was not written by this version.
resource "azurerm_monitor_metric_alert" "queue_grows" {
  name                = "${var.name}-queue-grows"
  resource_group_name = var.resource_group_name
  description         = "Work stays in the queues: look at holdfast-work-poison, and at the function's log."
  scopes              = ["${azurerm_storage_account.this.id}/queueServices/default"]
  severity            = 2
  frequency           = "PT1H"
  window_size         = "PT1H"
  tags                = var.tags

  criteria {
    metric_namespace = "Microsoft.Storage/storageAccounts/queueServices"
    metric_name      = "QueueMessageCount"
    aggregation      = "Average"
    operator         = "GreaterThan"
    threshold        = 3
  }

  action {
    action_group_id = azurerm_monitor_action_group.people.id
  }
}
