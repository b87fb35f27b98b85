# What the module refuses. tests/terraform/refusals.py reads the comments `says:`.

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

run "a_function_in_the_primarys_region" {
  # says: the function must not be in the primary's region
  command = plan

  variables {
    region = "us-ashburn-1"
  }

  expect_failures = [var.region]
}

run "a_compartment_that_is_shared_with_the_cluster" {
  # says: the function needs a compartment of its own
  command = plan

  variables {
    compartment_id = "ocid1.compartment.oc1..standby"
  }

  expect_failures = [var.compartment_id]
}

run "the_tenancy_as_a_compartment" {
  # says: the function needs a compartment of its own
  command = plan

  variables {
    compartment_id = "ocid1.tenancy.oc1..example"
  }

  expect_failures = [var.compartment_id]
}

run "an_alarm_that_does_not_repeat" {
  # says: the alarm must come again within the next five minutes
  command = plan

  variables {
    alarm_repeat_minutes = 0
  }

  expect_failures = [var.alarm_repeat_minutes]
}

run "an_alarm_that_repeats_each_hour" {
  # says: the alarm must come again within the next five minutes
  command = plan

  variables {
    alarm_repeat_minutes = 60
  }

  expect_failures = [var.alarm_repeat_minutes]
}

run "a_time_limit_that_oci_does_not_give" {
  # says: OCI ends every call after 300 s
  command = plan

  variables {
    timeout_in_seconds = 600
  }

  expect_failures = [var.timeout_in_seconds]
}

run "no_holdoff_outside_of_a_test" {
  # says: 0 fails over at the first bad answer; it is for tests
  command = plan

  variables {
    pre_failover_failure_seconds = 0
  }

  expect_failures = [var.pre_failover_failure_seconds]
}

run "a_holdoff_of_an_hour" {
  # says: pre_failover_failure_seconds: whole seconds, 0 to 600
  command = plan

  variables {
    pre_failover_failure_seconds = 3600
  }

  expect_failures = [var.pre_failover_failure_seconds]
}

run "a_cooldown_of_a_day" {
  # says: failover_cooldown_seconds: whole seconds, 0 to 3600
  command = plan

  variables {
    failover_cooldown_seconds = 86400
  }

  expect_failures = [var.failover_cooldown_seconds]
}

run "too_many_retries" {
  # says: max_retries: a whole number, 0 to 10
  command = plan

  variables {
    max_retries = 11
  }

  expect_failures = [var.max_retries]
}

run "no_operator_at_all" {
  # says: operator_target_replicas: a whole number, 1 to 10
  command = plan

  variables {
    operator_target_replicas = 0
  }

  expect_failures = [var.operator_target_replicas]
}

run "nobody_is_told" {
  # says: somebody must be told of a failover
  command = plan

  variables {
    notify_emails = []
  }

  expect_failures = [var.notify_emails]
}

run "a_protocol_that_is_none" {
  # says: notify_endpoints: protocols PAGERDUTY
  command = plan

  variables {
    notify_endpoints = { page = { protocol = "FAX", endpoint = "1" } }
  }

  expect_failures = [var.notify_endpoints]
}

run "a_log_level_at_which_nobody_is_told" {
  # says: at a higher level nobody would be told of a failover
  command = plan

  variables {
    log_level = "error"
  }

  expect_failures = [var.log_level]
}

run "no_subnet" {
  # says: subnet_ids: at least one subnet
  command = plan

  variables {
    subnet_ids = []
  }

  expect_failures = [var.subnet_ids]
}

run "an_image_without_a_tag" {
  # says: image: REGION.ocir.io/NAMESPACE/REPOSITORY:TAG
  command = plan

  variables {
    image = "us-chicago-1.ocir.io/example/holdfast"
  }

  expect_failures = [var.image]
}

run "a_digest_that_is_none" {
  # says: image_digest: sha256: and 64 hexadecimal digits
  command = plan

  variables {
    image_digest = "latest"
  }

  expect_failures = [var.image_digest]
}

run "an_architecture_that_is_none" {
  # says: shape: GENERIC_X86 or GENERIC_ARM
  command = plan

  variables {
    shape = "GENERIC_X86_ARM"
  }

  expect_failures = [var.shape]
}

run "a_cluster_that_is_none" {
  # says: cluster_id: the OCID of a cluster
  command = plan

  variables {
    cluster_id = "standby"
  }

  expect_failures = [var.cluster_id]
}

run "an_endpoint_without_its_authority" {
  # says: cluster_endpoint and cluster_ca_data: set both or neither
  command = plan

  variables {
    cluster_endpoint = "https://10.0.0.1:6443"
  }

  expect_failures = [var.cluster_endpoint]
}

run "a_policy_that_is_none" {
  # says: steering_policy_id: the OCID of a steering policy
  command = plan

  variables {
    steering_policy_id = "logs"
  }

  expect_failures = [var.steering_policy_id]
}

run "a_monitor_that_is_none" {
  # says: primary_health_check_id: the OCID of an HTTP monitor
  command = plan

  variables {
    primary_health_check_id = "logs"
  }

  expect_failures = [var.primary_health_check_id]
}

run "a_network_load_balancer" {
  # says: a network load balancer has other metrics
  command = plan

  variables {
    primary_lb_ocid = "ocid1.networkloadbalancer.oc1.iad.example"
  }

  expect_failures = [var.primary_lb_ocid]
}

run "the_balancers_metrics_without_a_balancer" {
  # says: use_lb_health_metrics: needs primary_lb_ocid
  command = plan

  variables {
    use_lb_health_metrics = true
  }

  expect_failures = [var.use_lb_health_metrics]
}

run "a_probe_without_tls" {
  # says: primary_probe_url: an https address without a password, or off
  command = plan

  variables {
    primary_probe_url = "http://primary.example.org/"
  }

  expect_failures = [var.primary_probe_url]
}

run "a_name_that_is_none" {
  # says: name: 2 to 52 lower-case letters
  command = plan

  variables {
    name = "Failover!"
  }

  expect_failures = [var.name]
}

run "a_variable_of_somebody_else" {
  # says: settings: names that begin with HOLDFAST_
  command = plan

  variables {
    settings = { PATH = "/" }
  }

  expect_failures = [var.settings]
}

run "a_variable_that_the_module_sets" {
  # says: settings holds HOLDFAST_ADMITS, which this module sets from a variable of its own
  command = plan

  variables {
    settings = { HOLDFAST_ADMITS = "all" }
  }

  expect_failures = [oci_functions_function.this]
}

run "more_configuration_than_oci_takes" {
  # says: bytes of keys and values; OCI takes 4096
  command = plan

  variables {
    settings = { HOLDFAST_CONTROL_TARGETS = join("", [for number in range(1000) : "https"]) }
  }

  expect_failures = [oci_functions_function.this]
}
