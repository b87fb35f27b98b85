# Who is told what, and the copy of the log. The table is in README.md.

resource "oci_logging_log" "invoke" {
  display_name       = var.name
  log_group_id       = var.log_group_id
  log_type           = "SERVICE"
  is_enabled         = true
  retention_duration = 180
  freeform_tags      = var.freeform_tags

  configuration {
    compartment_id = var.compartment_id

    source {
      source_type = "OCISERVICE"
      service     = "functions"
      resource    = oci_functions_application.this.id
      category    = "invoke"
    }
  }
}

resource "oci_ons_notification_topic" "people" {
  compartment_id = var.compartment_id
  name           = "${var.name}-people"
  description    = "What people are told of the failover function ${var.name}"
  freeform_tags  = var.freeform_tags
}

resource "oci_ons_subscription" "people" {
  for_each = merge(
    { for address in var.notify_emails : address => { protocol = "EMAIL", endpoint = address } },
    var.notify_endpoints,
  )
  compartment_id = var.compartment_id
  topic_id       = oci_ons_notification_topic.people.id
  protocol       = each.value.protocol
  endpoint       = each.value.endpoint
  freeform_tags  = var.freeform_tags
}

locals {
  # Namespace of the metrics that are counted from the log.
  namespace = "holdfast"

  # Lines of the function's log, each of which is JSON.
  lines = {
    holdoff-started    = "data.message = '*\"outcome\":\"deferred\"*' and data.message = '*\"failing_for_s\":*'"
    failover-begun     = "data.message = '* begins\"*' and data.message = '*\"fence\":*'"
    failover-completed = "data.message = '*\"outcome\":\"completed\"*'"
    steps-owed         = "data.message = '*\"outcome\":\"owed\"*' or data.message = '*\"outcome\":\"failed\"*'"
    preflight-bad      = "data.message = '*\"action\":\"preflight\"*' and data.message != '*\"failed_checks\":0*'"
    function-errors    = "data.message = '*\"level\":\"ERROR\"*'"
    paused             = "data.message = '*\"outcome\":\"refused\"*' and data.message = '*\"paused\":true*'"
  }

  # The metric that counts each kind of line.
  metrics = {
    holdoff-started    = "HoldingOff"
    failover-begun     = "Begun"
    failover-completed = "Completed"
    steps-owed         = "Owed"
    preflight-bad      = "FailedPreflights"
    function-errors    = "Errors"
    paused             = "Paused"
  }

  # Alarms on these metrics, which tell people. A line counts for five minutes, so an incident is one message, however many lines it has,
  # and another one when it is over.
  told = {
    holdoff-started = {
      says     = "The primary is failing and the holdoff runs. A failover begins when it is proven."
      severity = "WARNING"
    }
    failover-begun = {
      says     = "A failover has begun."
      severity = "CRITICAL"
    }
    failover-completed = {
      says     = "The standby is active and traffic is locked to it. Nothing fails back by itself: docs/RUNBOOK.md."
      severity = "ERROR"
    }
    steps-owed = {
      says     = "A step of a failover is not done and is tried again each minute. docs/TROUBLESHOOTING.md says what each is."
      severity = "CRITICAL"
    }
    preflight-bad = {
      says     = "A preflight found what would stand in the way of a failover."
      severity = "ERROR"
    }
    function-errors = {
      says     = "The function failed or logged an error."
      severity = "ERROR"
    }
  }

  log_source = {
    compartment_id = var.compartment_id
    log_group_id   = var.log_group_id
    log_id         = oci_logging_log.invoke.id
  }
}

# The whole log, to a bucket that outlives this module.
resource "oci_sch_service_connector" "archive" {
  compartment_id = var.compartment_id
  display_name   = "${var.name}-archive"
  description    = "The log of the failover function, kept beyond its removal"
  freeform_tags  = var.freeform_tags

  source {
    kind = "logging"
    log_sources {
      compartment_id = local.log_source.compartment_id
      log_group_id   = local.log_source.log_group_id
      log_id         = local.log_source.log_id
    }
  }

  target {
    kind                       = "objectStorage"
    namespace                  = var.archive.namespace
    bucket                     = var.archive.bucket
    object_name_prefix         = var.name
    batch_rollover_time_in_ms  = 60000
    batch_rollover_size_in_mbs = 10
  }

  depends_on = [oci_identity_policy.connectors]
}

# Each counts the lines of one kind. No connector may publish on a topic: IAM knows no condition for one topic (infra/oci/README.md), and the
# function's topic lies in the same compartment.
resource "oci_sch_service_connector" "counted" {
  for_each       = local.lines
  compartment_id = var.compartment_id
  display_name   = "${var.name}-${each.key}"
  description    = "Counts lines of the function's log: ${each.key}"
  freeform_tags  = var.freeform_tags

  source {
    kind = "logging"
    log_sources {
      compartment_id = local.log_source.compartment_id
      log_group_id   = local.log_source.log_group_id
      log_id         = local.log_source.log_id
    }
  }

  tasks {
    kind      = "logRule"
    condition = each.value
  }

  target {
    kind             = "monitoring"
    compartment_id   = var.compartment_id
    metric_namespace = local.namespace
    metric           = local.metrics[each.key]

    dimensions {
      name = "function"
      dimension_value {
        kind  = "static"
        value = var.name
      }
    }
  }

  depends_on = [oci_identity_policy.connectors]
}

resource "oci_monitoring_alarm" "told" {
  for_each                     = local.told
  compartment_id               = var.compartment_id
  display_name                 = "${var.name}-${each.key}"
  body                         = each.value.says
  severity                     = each.value.severity
  is_enabled                   = true
  namespace                    = local.namespace
  metric_compartment_id        = var.compartment_id
  query                        = "${local.metrics[each.key]}[5m]{function = \"${var.name}\"}.count() > 0"
  resolution                   = "1m"
  pending_duration             = "PT1M"
  repeat_notification_duration = "PT6H"
  message_format               = "PRETTY_JSON"
  destinations                 = [oci_ons_notification_topic.people.id]
  freeform_tags                = var.freeform_tags
}

# Each tick of a paused site says so, so that a pause that lasts can be told from a short one.
resource "oci_monitoring_alarm" "paused_for_long" {
  compartment_id               = var.compartment_id
  display_name                 = "${var.name}-paused-for-long"
  body                         = "Failover has been paused for an hour. Nothing is begun and nothing driven on until somebody calls the action resume."
  severity                     = "WARNING"
  is_enabled                   = true
  namespace                    = local.namespace
  metric_compartment_id        = var.compartment_id
  query                        = "${local.metrics.paused}[10m]{function = \"${var.name}\"}.count() > 0"
  resolution                   = "1m"
  pending_duration             = "PT1H"
  repeat_notification_duration = "PT6H"
  message_format               = "PRETTY_JSON"
  destinations                 = [oci_ons_notification_topic.people.id]
  freeform_tags                = var.freeform_tags
}

# Without the tick nothing is found while an alarm is lost, and nothing owed is driven on. Looks three days back, so that it goes on
# firing.
resource "oci_monitoring_alarm" "tick_stopped" {
  compartment_id               = var.compartment_id
  display_name                 = "${var.name}-tick-stopped"
  body                         = "The failover function has not been called for ten minutes: no outage is found by its tick, and what is owed is not driven on."
  severity                     = "CRITICAL"
  is_enabled                   = true
  namespace                    = "oci_faas"
  metric_compartment_id        = var.compartment_id
  query                        = "FunctionInvocationCount[5m]{resourceId = \"${oci_functions_function.this.id}\"}.groupBy(resourceId).absent(3d)"
  resolution                   = "1m"
  pending_duration             = "PT10M"
  repeat_notification_duration = "PT1H"
  message_format               = "PRETTY_JSON"
  destinations                 = [oci_ons_notification_topic.people.id]
  freeform_tags                = var.freeform_tags
}

# The platform could not run it: no memory left in the tenancy, no image, no address in the subnet. What it answers itself is in the log.
resource "oci_monitoring_alarm" "throttled" {
  compartment_id               = var.compartment_id
  display_name                 = "${var.name}-throttled"
  body                         = "Calls of the failover function were refused with 429: the tenancy has no memory left for functions."
  severity                     = "CRITICAL"
  is_enabled                   = true
  namespace                    = "oci_faas"
  metric_compartment_id        = var.compartment_id
  query                        = "FunctionResponseCount[5m]{resourceId = \"${oci_functions_function.this.id}\", responseType = \"Throttled\"}.sum() > 0"
  resolution                   = "1m"
  pending_duration             = "PT1M"
  repeat_notification_duration = "PT1H"
  message_format               = "PRETTY_JSON"
  destinations                 = [oci_ons_notification_topic.people.id]
  freeform_tags                = var.freeform_tags
}
