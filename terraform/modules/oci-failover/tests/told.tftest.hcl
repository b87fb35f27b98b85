# What calls the function, and who is told what.

provider "oci" {
  region = "us-chicago-1"
}

provider "oci" {
  alias  = "home"
  region = "us-ashburn-1"
}

variables {
  name                        = "logs-standby-failover"
  tenancy_ocid                = "ocid1.tenancy.oc1..example"
  region                      = "us-chicago-1"
  primary_region              = "us-ashburn-1"
  compartment_id              = "ocid1.compartment.oc1..failover"
  subnet_ids                  = ["ocid1.subnet.oc1.us-chicago-1.example"]
  image                       = "us-chicago-1.ocir.io/example/holdfast:1"
  image_digest                = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  cluster_id                  = "ocid1.cluster.oc1.us-chicago-1.example"
  cluster_compartment_id      = "ocid1.compartment.oc1..standby"
  humiocluster_name           = "logscale"
  steering_policy_id          = "ocid1.dnspolicy.oc1..example"
  dns_compartment_id          = "ocid1.compartment.oc1..dns"
  primary_health_check_id     = "ocid1.httpmonitor.oc1.us-chicago-1.example"
  health_check_compartment_id = "ocid1.compartment.oc1..dns"
  primary_probe_url           = "https://primary.logs.example.org/api/v1/status"
  notify_emails               = ["on-call@example.org"]
  log_group_id                = "ocid1.loggroup.oc1.us-chicago-1.example"
  archive = {
    compartment_id = "ocid1.compartment.oc1..logs"
    namespace      = "example"
    bucket         = "logs-standby-log"
  }
}

run "both_alarms_repeat_and_call_the_function" {
  assert {
    condition     = oci_monitoring_alarm.tick.repeat_notification_duration == "PT1M" && oci_monitoring_alarm.primary_unhealthy.repeat_notification_duration == "PT1M"
    error_message = "An alarm that does not repeat is sent once, and OCI ends a call after 300 s."
  }

  assert {
    condition     = alltrue([for alarm in [oci_monitoring_alarm.tick, oci_monitoring_alarm.primary_unhealthy] : alarm.destinations == tolist([oci_ons_notification_topic.function.id]) && alarm.message_format == "RAW" && alarm.is_enabled && alarm.namespace == "oci_healthchecks"])
    error_message = "Both must call the function by its topic."
  }

  assert {
    condition     = endswith(oci_monitoring_alarm.tick.query, ".count() >= 0") && startswith(oci_monitoring_alarm.tick.query, "HTTP.isHealthy[1m]{resourceId = \"${var.primary_health_check_id}\"}.groupBy(resourceId)")
    error_message = "The tick must fire whatever the primary does."
  }

  assert {
    condition     = oci_monitoring_alarm.primary_unhealthy.query == "HTTP.isHealthy[1m]{resourceId = \"${var.primary_health_check_id}\"}.groupBy(resourceId).max() < 1"
    error_message = "One vantage point that sees the primary well is enough: alarm and history judge alike."
  }

  assert {
    condition     = output.function_environment["HOLDFAST_TICK_ALARM_NAMES"] == oci_monitoring_alarm.tick.notification_title && output.function_environment["HOLDFAST_ALARM_NAMES"] == oci_monitoring_alarm.primary_unhealthy.notification_title
    error_message = "The function must know both by the title that they come with."
  }
}

run "an_alarm_may_repeat_less_often_and_the_tick_may_not" {
  command = plan

  variables {
    alarm_repeat_minutes = 5
  }

  assert {
    condition     = oci_monitoring_alarm.primary_unhealthy.repeat_notification_duration == "PT5M" && oci_monitoring_alarm.tick.repeat_notification_duration == "PT1M"
    error_message = "The tick comes each minute."
  }
}

run "people_are_told_of_each_event" {
  assert {
    condition     = keys(oci_monitoring_alarm.told) == ["failover-begun", "failover-completed", "function-errors", "holdoff-started", "preflight-bad", "steps-owed"]
    error_message = "An event is missing."
  }

  assert {
    condition     = alltrue([for connector in oci_sch_service_connector.counted : connector.target[0].kind == "monitoring" && connector.tasks[0].kind == "logRule" && connector.source[0].log_sources[0].log_id == oci_logging_log.invoke.id && connector.target[0].dimensions[0].dimension_value[0].value == var.name])
    error_message = "Each must read this function's log and count its lines."
  }

  assert {
    condition     = length(distinct([for connector in oci_sch_service_connector.counted : connector.target[0].metric])) == length(oci_sch_service_connector.counted)
    error_message = "Two kinds of lines may not share a metric."
  }

  assert {
    condition     = alltrue([for name, alarm in oci_monitoring_alarm.told : alarm.query == "${oci_sch_service_connector.counted[name].target[0].metric}[5m]{function = \"${var.name}\"}.count() > 0" && alarm.namespace == oci_sch_service_connector.counted[name].target[0].metric_namespace && alarm.metric_compartment_id == oci_sch_service_connector.counted[name].target[0].compartment_id])
    error_message = "Each alarm must read the metric that the connector of its name counts."
  }

  assert {
    condition     = alltrue([for alarm in oci_monitoring_alarm.told : alarm.destinations == tolist([oci_ons_notification_topic.people.id]) && alarm.is_enabled && alarm.pending_duration == "PT1M"])
    error_message = "Each must tell people."
  }

  assert {
    condition     = oci_monitoring_alarm.tick_stopped.namespace == "oci_faas" && strcontains(oci_monitoring_alarm.tick_stopped.query, ".absent(3d)") && strcontains(oci_monitoring_alarm.tick_stopped.query, oci_functions_function.this.id) && oci_monitoring_alarm.tick_stopped.destinations == tolist([oci_ons_notification_topic.people.id])
    error_message = "A tick that stopped must be noticed by its absence."
  }

  assert {
    condition     = oci_monitoring_alarm.paused_for_long.pending_duration == "PT1H" && oci_monitoring_alarm.paused_for_long.query == "${oci_sch_service_connector.counted["paused"].target[0].metric}[10m]{function = \"${var.name}\"}.count() > 0" && oci_monitoring_alarm.paused_for_long.namespace == oci_sch_service_connector.counted["paused"].target[0].metric_namespace
    error_message = "A pause of an hour must be told."
  }

  assert {
    condition     = [for one in oci_ons_subscription.people : "${one.protocol} ${one.endpoint}"] == ["EMAIL on-call@example.org"]
    error_message = "The address must be subscribed."
  }
}

run "a_preflight_is_called_each_day" {
  assert {
    condition     = oci_resource_scheduler_schedule.preflight.resources[0].id == oci_functions_function.this.id && jsondecode(oci_resource_scheduler_schedule.preflight.resources[0].parameters[0].value[0]).action == "preflight"
    error_message = "The schedule must ask the function for a preflight."
  }
}

run "the_log_outlives_the_function" {
  assert {
    condition     = oci_sch_service_connector.archive.target[0].bucket == "logs-standby-log" && oci_sch_service_connector.archive.target[0].kind == "objectStorage" && length(oci_sch_service_connector.archive.tasks) == 0
    error_message = "The whole log must be copied to a bucket that is not this module's."
  }
}
