# Two alarms call the function, by one topic: the primary's, and the tick, which always fires. OCI ends a call after 300 s, and an alarm
# that does not repeat is sent once: both repeat.

resource "oci_ons_notification_topic" "function" {
  compartment_id = var.compartment_id
  name           = "${var.name}-function"
  description    = "Alarms for the failover function. Whoever may publish here can call it: docs in terraform/modules/oci-failover"
  freeform_tags  = var.freeform_tags
}

resource "oci_ons_subscription" "function" {
  compartment_id = var.compartment_id
  topic_id       = oci_ons_notification_topic.function.id
  protocol       = "ORACLE_FUNCTIONS"
  endpoint       = oci_functions_function.this.id
  freeform_tags  = var.freeform_tags
}

locals {
  # The streams of a health check change their dimensions when it fails, hence the group.
  points         = "HTTP.isHealthy[1m]{resourceId = \"${var.primary_health_check_id}\"}.groupBy(resourceId)"
  tick_namespace = "oci_healthchecks"
}

resource "oci_monitoring_alarm" "primary_unhealthy" {
  compartment_id                                = var.compartment_id
  display_name                                  = local.alarm_alarm
  notification_title                            = local.alarm_alarm
  body                                          = "No probe had a good answer from the primary. Calls the failover function, which proves the holdoff itself."
  severity                                      = "CRITICAL"
  is_enabled                                    = true
  namespace                                     = "oci_healthchecks"
  metric_compartment_id                         = var.health_check_compartment_id
  query                                         = "${local.points}.max() < 1"
  resolution                                    = "1m"
  pending_duration                              = "PT1M"
  repeat_notification_duration                  = "PT${var.alarm_repeat_minutes}M"
  message_format                                = "RAW"
  is_notifications_per_metric_dimension_enabled = false
  destinations                                  = [oci_ons_notification_topic.function.id]
  freeform_tags                                 = var.freeform_tags
}

# On a quiet day: would it work? What it finds is in the log, and told.tf tells people when it is bad.
resource "oci_resource_scheduler_schedule" "preflight" {
  compartment_id     = var.compartment_id
  display_name       = "${var.name}-preflight"
  description        = "Asks the failover function each day what would stand in the way of a failover"
  action             = "START_RESOURCE"
  recurrence_type    = "CRON"
  recurrence_details = "17 6 * * *"
  freeform_tags      = var.freeform_tags

  resources {
    id = oci_functions_function.this.id
    parameters {
      parameter_type = "BODY"
      value          = [jsonencode({ action = "preflight", reason = "scheduled" })]
    }
  }
}

# The probes of the monitor come whether the primary is well or not, and from outside both regions: there is always a point.
resource "oci_monitoring_alarm" "tick" {
  compartment_id                                = var.compartment_id
  display_name                                  = local.tick_alarm
  notification_title                            = local.tick_alarm
  body                                          = "The clock of the failover function: it fires always and repeats each minute. Do not suppress it."
  severity                                      = "INFO"
  is_enabled                                    = true
  namespace                                     = local.tick_namespace
  metric_compartment_id                         = var.health_check_compartment_id
  query                                         = "${local.points}.count() >= 0"
  resolution                                    = "1m"
  pending_duration                              = "PT1M"
  repeat_notification_duration                  = "PT1M"
  message_format                                = "RAW"
  is_notifications_per_metric_dimension_enabled = false
  destinations                                  = [oci_ons_notification_topic.function.id]
  freeform_tags                                 = var.freeform_tags
}
