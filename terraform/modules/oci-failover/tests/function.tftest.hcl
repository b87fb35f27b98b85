# What the function is, and what it is told.

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

# The environment of this run is what tests/tests/terraform_environment.rs gives to the function's own reader.
run "the_function_is_told_where_things_are" {
  assert {
    condition     = output.function_environment["CLUSTER_ID"] == var.cluster_id && output.function_environment["CLUSTER_REGION"] == "us-chicago-1" && output.function_environment["STEERING_POLICY_ID"] == var.steering_policy_id && output.function_environment["PRIMARY_HEALTH_CHECK_ID"] == var.primary_health_check_id && output.function_environment["COMPARTMENT_ID"] == var.compartment_id && output.function_environment["HOLDFAST_OCI_HISTORY_COMPARTMENT_ID"] == var.health_check_compartment_id
    error_message = "The function must know what it locks, what it watches and where the standby is."
  }

  assert {
    condition     = output.function_environment["PRE_FAILOVER_FAILURE_SECONDS"] == "180" && output.function_environment["FAILOVER_COOLDOWN_SECONDS"] == "300" && output.function_environment["MAX_RETRIES"] == "3"
    error_message = "The defaults must be the reference's."
  }

  assert {
    condition     = output.function_environment["USE_LB_HEALTH_METRICS"] == "false" && !contains(keys(output.function_environment), "LB_BACKEND_SET_NAME") && !contains(keys(output.function_environment), "HOLDFAST_CLUSTER_ENDPOINT")
    error_message = "What is not configured must not be set."
  }

  assert {
    condition     = oci_functions_function.this.config == tomap(output.function_environment)
    error_message = "The output must be what the function gets."
  }

  assert {
    condition     = oci_functions_function.this.timeout_in_seconds == 300 && oci_functions_function.this.image_digest == var.image_digest
    error_message = "The function must have the time that OCI gives, and run the bytes that were named."
  }
}

run "the_history_of_the_load_balancer_is_asked_in_the_primarys_region" {
  command = plan

  variables {
    use_lb_health_metrics     = true
    primary_lb_ocid           = "ocid1.loadbalancer.oc1.iad.example"
    primary_lb_compartment_id = "ocid1.compartment.oc1..primary"
  }

  assert {
    condition     = oci_functions_function.this.config["HOLDFAST_OCI_HISTORY_REGION"] == "us-ashburn-1" && oci_functions_function.this.config["HOLDFAST_OCI_HISTORY_COMPARTMENT_ID"] == "ocid1.compartment.oc1..primary" && oci_functions_function.this.config["LB_BACKEND_SET_NAME"] == "TCP-443"
    error_message = "The balancer's metrics are in its region and compartment."
  }

  assert {
    condition     = oci_monitoring_alarm.primary_unhealthy.namespace == "oci_healthchecks"
    error_message = "An alarm cannot see another region: it stays with the monitor."
  }
}

run "another_namespace_is_in_every_manifest" {
  variables {
    cluster_namespace = "humio"
  }

  assert {
    condition     = !strcontains(output.kubernetes_manifests, "namespace: logging\n") && strcontains(output.kubernetes_manifests, "name: ${output.dynamic_group_id}") && !strcontains(output.kubernetes_manifests, "$${")
    error_message = "Role and binding must be complete, and in LogScale's namespace."
  }

  assert {
    condition     = strcontains(output.kubernetes_manifests, "namespace: logging-ingress\n") && strcontains(output.kubernetes_manifests, "resourceNames: [nginx-ingress-controller]")
    error_message = "The function must be let see the Service of the ingress, where its address is not told."
  }
}

run "an_address_that_is_told_needs_no_right_to_read_it" {
  variables {
    secondary_address = "198.51.100.10"
  }

  assert {
    condition     = !strcontains(output.kubernetes_manifests, "holdfast-failover-ingress")
    error_message = "No right that is not used."
  }
}

run "another_ingress_is_named_in_its_right" {
  variables {
    settings = { INGRESS_NAMESPACE = "edge", INGRESS_SERVICE_NAME = "gateway" }
  }

  assert {
    condition     = strcontains(output.kubernetes_manifests, "namespace: edge\n") && strcontains(output.kubernetes_manifests, "resourceNames: [gateway]") && !strcontains(output.kubernetes_manifests, "  namespace: logging-ingress\n")
    error_message = "The right must be for the Service that the function asks."
  }
}
