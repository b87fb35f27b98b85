# Who the function is, and what it may do: infra/oci/policy.json and nothing else. A change may take 15 minutes to act.

locals {
  policy = jsondecode(templatefile("${path.module}/../../../infra/oci/policy.json", {
    function_id                 = oci_functions_function.this.id
    dynamic_group               = var.name
    cluster_compartment_id      = var.cluster_compartment_id
    cluster_id                  = var.cluster_id
    dns_compartment_id          = var.dns_compartment_id
    steering_policy_id          = var.steering_policy_id
    metrics_compartment_id      = local.metrics_compartment_id
    metrics_namespace           = var.use_lb_health_metrics ? "oci_lbaas" : "oci_healthchecks"
    tick_compartment_id         = var.health_check_compartment_id
    tick_namespace              = local.tick_namespace
    health_check_compartment_id = var.health_check_compartment_id
    function_compartment_id     = var.compartment_id
    topic_compartment_id        = var.compartment_id
    alarm_compartment_id        = var.compartment_id
  }))
}

# Where the function itself publishes messages, it may.
locals {
  topic_statements = flatten([for topic in var.messages_topic[*] : jsondecode(templatefile("${path.module}/../../../infra/oci/policy-topic.json", {
    dynamic_group         = var.name
    notify_compartment_id = topic.compartment_id
  })).statements])
}

resource "oci_identity_dynamic_group" "this" {
  provider       = oci.home
  compartment_id = var.tenancy_ocid
  name           = var.name
  description    = "The failover function ${var.name} and nothing else"
  matching_rule  = local.policy.dynamic_group.matching_rule
  freeform_tags  = var.freeform_tags
}

resource "oci_identity_policy" "this" {
  provider       = oci.home
  compartment_id = var.tenancy_ocid
  name           = var.name
  description    = "What the failover function ${var.name} may do (infra/oci/policy.json)"
  statements     = [for statement in concat(local.policy.statements, local.topic_statements) : statement.statement]
  freeform_tags  = var.freeform_tags

  depends_on = [oci_identity_dynamic_group.this]
}

# What the platform may do around the function: write the copy of the log, count its lines (told.tf), and call the preflight. Not the
# function's. People are told by alarms, which need no statement.
resource "oci_identity_policy" "connectors" {
  provider       = oci.home
  compartment_id = var.tenancy_ocid
  name           = "${var.name}-connectors"
  description    = "What the connectors and the schedule of ${var.name} may do"
  freeform_tags  = var.freeform_tags
  statements = [
    "Allow any-user to manage objects in compartment id ${var.archive.compartment_id} where all {request.principal.type = 'serviceconnector', request.principal.compartment.id = '${var.compartment_id}', target.bucket.name = '${var.archive.bucket}', any {request.permission = 'OBJECT_CREATE', request.permission = 'OBJECT_INSPECT'}}",
    "Allow any-user to use metrics in compartment id ${var.compartment_id} where all {request.principal.type = 'serviceconnector', request.principal.compartment.id = '${var.compartment_id}', target.metrics.namespace = '${local.namespace}'}",
    "Allow any-user to use functions-family in compartment id ${var.compartment_id} where all {request.principal.type = 'resourceschedule', request.principal.id = '${oci_resource_scheduler_schedule.preflight.id}'}",
  ]
}
