# What the function is told: docs/CONFIGURATION.md names the variable of this module for each.

locals {
  # The doors are kinds of callers. People call as users; whatever else comes, by the topic or the schedule, may bring an alarm or the tick,
  # or look: who can publish on the topic cannot operate.
  admits = "user=all;*=alarm,tick,preflight"

  tick_alarm  = "${var.name}-tick"
  alarm_alarm = "${var.name}-primary-unhealthy"

  # Set by this module from its variables; `settings` may not set them again.
  settings = {
    CLUSTER_ID                          = var.cluster_id
    CLUSTER_REGION                      = var.region
    CLUSTER_NAMESPACE                   = var.cluster_namespace
    COMPARTMENT_ID                      = var.compartment_id
    HOLDFAST_OCI_HISTORY_COMPARTMENT_ID = local.metrics_compartment_id
    HUMIOCLUSTER_NAME                   = var.humiocluster_name
    TARGET_OPERATOR_REPLICAS            = tostring(var.operator_target_replicas)
    STEERING_POLICY_ID                  = var.steering_policy_id
    PRIMARY_HEALTH_CHECK_ID             = var.primary_health_check_id
    USE_LB_HEALTH_METRICS               = tostring(var.use_lb_health_metrics)
    PRIMARY_LB_OCID                     = var.primary_lb_ocid
    LB_BACKEND_SET_NAME                 = var.use_lb_health_metrics ? var.lb_backend_set_name : null
    PRE_FAILOVER_FAILURE_SECONDS        = tostring(var.pre_failover_failure_seconds)
    FAILOVER_COOLDOWN_SECONDS           = tostring(var.failover_cooldown_seconds)
    HOLDFAST_MODE                       = var.mode
    MAX_RETRIES                         = tostring(var.max_retries)
    LOG_LEVEL                           = var.log_level
    HOLDFAST_OCI_HISTORY_REGION         = var.use_lb_health_metrics ? var.primary_region : var.region
    HOLDFAST_PRIMARY_TARGET             = var.primary_target
    HOLDFAST_NOTIFY_TOPIC               = try(var.messages_topic.id, null)
    HOLDFAST_PRIMARY_PROBE_URL          = var.primary_probe_url
    HOLDFAST_SECONDARY_ADDRESS          = var.secondary_address
    HOLDFAST_ALARM_NAMES                = local.alarm_alarm
    HOLDFAST_TICK_ALARM_NAMES           = local.tick_alarm
    HOLDFAST_ADMITS                     = local.admits
    HOLDFAST_CLUSTER_ENDPOINT           = var.cluster_endpoint
    HOLDFAST_CLUSTER_CA_DATA            = var.cluster_ca_data
  }

  config = merge(var.settings, { for name, value in local.settings : name => value if value != null })

  # What OCI counts: bytes of keys and values.
  config_bytes = sum(concat([for name, value in local.config : length(name) + length(value)], [0]))

  metrics_compartment_id = var.use_lb_health_metrics ? coalesce(var.primary_lb_compartment_id, var.health_check_compartment_id) : var.health_check_compartment_id
}
