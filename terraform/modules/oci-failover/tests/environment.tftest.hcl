# What the function is told stands in tests/terraform/environment/oci-failover.json, which a test of Rust reads with the function's own
# reader. The message of a failure is the new content.

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

run "with_the_modules_defaults" {
  command = plan

  assert {
    condition     = jsondecode(file("../../../tests/terraform/environment/oci-failover.json")).defaults == output.function_environment
    error_message = jsonencode(output.function_environment)
  }
}

run "with_every_variable_that_the_function_is_told" {
  command = plan

  variables {
    mode                         = "ask"
    use_lb_health_metrics        = true
    primary_lb_ocid              = "ocid1.loadbalancer.oc1.iad.example"
    primary_lb_compartment_id    = "ocid1.compartment.oc1..primary"
    lb_backend_set_name          = "https"
    primary_target               = "192.0.2.10"
    secondary_address            = "198.51.100.10"
    cluster_endpoint             = "https://10.0.0.1:6443"
    cluster_ca_data              = file("../../../tests/terraform/environment/ca.base64")
    cluster_namespace            = "humio"
    operator_target_replicas     = 2
    pre_failover_failure_seconds = 240
    failover_cooldown_seconds    = 600
    max_retries                  = 4
    log_level                    = "debug"
    messages_topic = {
      id             = "ocid1.onstopic.oc1.ord.people"
      compartment_id = "ocid1.compartment.oc1..people"
    }

    settings = {
      HOLDFAST_CONTROL_TARGETS = "https://control.example.net"
      HOLDFAST_TLS_CLEANUP     = "off"
      INGRESS_SERVICE_NAME     = "nginx-ingress-nginx-controller"
      HTTPS_PROXY              = "http://proxy.example.net:3128"
      NO_PROXY                 = "10.0.0.0/8"
    }
  }

  assert {
    condition     = jsondecode(file("../../../tests/terraform/environment/oci-failover.json")).everything == output.function_environment
    error_message = jsonencode(output.function_environment)
  }
}
