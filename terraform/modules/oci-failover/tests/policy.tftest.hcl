# What the function may do: infra/oci/policy.json and nothing else.

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

run "the_policy_is_that_of_the_file" {
  assert {
    condition = jsonencode(oci_identity_policy.this.statements) == jsonencode([for statement in jsondecode(templatefile("${path.module}/../../../infra/oci/policy.json", {
      function_id                 = oci_functions_function.this.id
      dynamic_group               = "logs-standby-failover"
      cluster_compartment_id      = var.cluster_compartment_id
      cluster_id                  = var.cluster_id
      dns_compartment_id          = var.dns_compartment_id
      steering_policy_id          = var.steering_policy_id
      metrics_compartment_id      = var.health_check_compartment_id
      metrics_namespace           = "oci_healthchecks"
      tick_compartment_id         = var.health_check_compartment_id
      tick_namespace              = "oci_healthchecks"
      health_check_compartment_id = var.health_check_compartment_id
      function_compartment_id     = var.compartment_id
      topic_compartment_id        = var.compartment_id
      alarm_compartment_id        = var.compartment_id
    })).statements : statement.statement])
    error_message = "The policy differs from infra/oci/policy.json."
  }

  assert {
    condition     = oci_identity_dynamic_group.this.matching_rule == "ALL {resource.type = 'fnfunc', resource.id = '${oci_functions_function.this.id}'}"
    error_message = "The group must be this one function."
  }

  assert {
    condition     = alltrue([for statement in oci_identity_policy.this.statements : !strcontains(statement, "manage")])
    error_message = "The function may manage nothing: manage cluster-family would make it the cluster's administrator."
  }
}

run "the_balancers_metrics_and_those_of_the_tick_are_the_only_ones_that_it_may_read" {
  variables {
    use_lb_health_metrics     = true
    primary_lb_ocid           = "ocid1.loadbalancer.oc1.iad.example"
    primary_lb_compartment_id = "ocid1.compartment.oc1..primary"
  }

  assert {
    condition     = [for statement in oci_identity_policy.this.statements : statement if strcontains(statement, "read metrics")] == ["Allow dynamic-group logs-standby-failover to read metrics in compartment id ocid1.compartment.oc1..primary where target.metrics.namespace = 'oci_lbaas'", "Allow dynamic-group logs-standby-failover to read metrics in compartment id ${oci_monitoring_alarm.tick.metric_compartment_id} where target.metrics.namespace = '${oci_monitoring_alarm.tick.namespace}'"]
    error_message = "The rights must be for the balancer's namespace and compartment, and for those of the tick: who reads an alarm must be allowed to read its metric."
  }
}

run "only_the_platform_may_call_the_function_as_an_alarm" {
  assert {
    condition     = [for statement in oci_identity_policy.this.statements : statement if strcontains(statement, "any-user")] == ["Allow any-user to use functions-family in compartment id ${var.compartment_id} where all {request.principal.type = 'onssubscription', request.principal.compartment.id = '${var.compartment_id}'}"]
    error_message = "Nobody but a subscription of the function's own compartment may call it."
  }

  assert {
    condition     = oci_ons_subscription.function.protocol == "ORACLE_FUNCTIONS" && oci_ons_subscription.function.topic_id == oci_ons_notification_topic.function.id && oci_ons_subscription.function.endpoint == oci_functions_function.this.id
    error_message = "The topic must call the function."
  }

  assert {
    condition     = output.function_environment["HOLDFAST_ADMITS"] == "user=all;*=alarm,tick,preflight"
    error_message = "What comes by the topic or the schedule may bring an alarm or the tick, or look, and nothing else."
  }

  assert {
    condition     = alltrue([for statement in oci_identity_policy.connectors.statements : strcontains(statement, "request.principal.type = 'serviceconnector', request.principal.compartment.id = '${var.compartment_id}'") || strcontains(statement, "request.principal.type = 'resourceschedule', request.principal.id = '${oci_resource_scheduler_schedule.preflight.id}'")])
    error_message = "These rights are for the connectors of this compartment and the one schedule."
  }

  assert {
    condition     = alltrue([for statement in oci_identity_policy.connectors.statements : !strcontains(statement, " ons-")])
    error_message = "No connector may publish: no condition names one topic, and the function's topic is in this compartment."
  }
}

run "who_tells_people_by_a_topic_may_publish_in_its_compartment_and_nothing_else" {
  variables {
    messages_topic = {
      id             = "ocid1.onstopic.oc1.ord.people"
      compartment_id = "ocid1.compartment.oc1..people"
    }
  }

  assert {
    condition     = contains(oci_identity_policy.this.statements, "Allow dynamic-group logs-standby-failover to use ons-topics in compartment id ocid1.compartment.oc1..people where request.permission = 'ONS_TOPIC_PUBLISH'")
    error_message = "It must be infra/oci/policy-topic.json: ${jsonencode(oci_identity_policy.this.statements)}"
  }
}

# Variables of Oracle's policy reference (docs/reference/oci.md, "Rights"): IAM takes others too, and then the statement allows nothing.
run "every_condition_is_one_that_oracle_documents" {
  assert {
    condition = alltrue(flatten([for statement in concat(oci_identity_policy.this.statements, oci_identity_policy.connectors.statements) : [
      for variable in regexall("(?:request|target)\\.[A-Za-z.-]+", statement) : contains([
        "request.permission", "request.principal.type", "request.principal.id", "request.principal.compartment.id",
        "target.cluster.id", "target.dns-steering-policy.id", "target.metrics.namespace", "target.bucket.name",
      ], variable)
    ]]))
    error_message = "A variable is not in Oracle's reference."
  }

  assert {
    condition = alltrue([for statement in concat(oci_identity_policy.this.statements, oci_identity_policy.connectors.statements) : anytrue([
      for kind, variable in {
        clusters              = "target.cluster.id"
        dns-steering-policies = "target.dns-steering-policy.id"
        metrics               = "target.metrics.namespace"
        objects               = "target.bucket.name"
      } : strcontains(statement, " ${kind} in ") && strcontains(statement, "${variable} = ")
    ]) || !strcontains(statement, "target.")])
    error_message = "A variable belongs to another kind of resource."
  }
}
