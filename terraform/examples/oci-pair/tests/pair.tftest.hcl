# Both workspaces, and the promotion of the standby in its two phases.

provider "oci" {
  region = "us-chicago-1"
}

provider "oci" {
  alias  = "home"
  region = "us-ashburn-1"
}

override_resource {
  target = module.global_dns.oci_dns_steering_policy.this
  values = {
    id = "ocid1.dnspolicy.oc1..example"
  }
}

override_resource {
  target = module.global_dns.oci_health_checks_http_monitor.primary
  values = {
    id = "ocid1.httpmonitor.oc1.us-chicago-1.example"
  }
}

variables {
  dr                            = "standby"
  dr_use_dedicated_routing      = false
  manage_global_dns             = true
  other_site_manages_global_dns = false
  tenancy_ocid                  = "ocid1.tenancy.oc1..example"
  home_region                   = "us-ashburn-1"
  region                        = "us-chicago-1"
  primary_region                = "us-ashburn-1"
  name                          = "logs-standby"
  compartment_id                = "ocid1.compartment.oc1..failover"
  archive_compartment_id        = "ocid1.compartment.oc1..logs"
  humiocluster_name             = "logscale"
  policy_name                   = "logs-example-org"
  dns_compartment_id            = "ocid1.compartment.oc1..dns"
  zone_id                       = "ocid1.dns-zone.oc1..example"
  global_hostname               = "logs.example.org"
  primary_address               = "192.0.2.10"
  secondary_address             = "198.51.100.10"
  subnet_ids                    = ["ocid1.subnet.oc1.us-chicago-1.example"]
  image                         = "us-chicago-1.ocir.io/example/holdfast:1"
  image_digest                  = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  cluster_id                    = "ocid1.cluster.oc1.us-chicago-1.example"
  cluster_compartment_id        = "ocid1.compartment.oc1..standby"
  primary_probe_url             = "https://primary.logs.example.org/api/v1/status"
  notify_emails                 = ["on-call@example.org"]
}

run "the_primary_has_no_function_and_no_global_dns" {
  command = plan

  variables {
    dr                            = "active"
    dr_use_dedicated_routing      = true
    manage_global_dns             = false
    other_site_manages_global_dns = true
    name                          = "logs-primary"
    region                        = "us-ashburn-1"
  }

  assert {
    condition     = length(module.failover) == 0 && output.steering_policy_id == null && !output.manages_global_dns
    error_message = "The function and the policy belong to the standby's workspace."
  }
}

run "the_standby_has_the_function_and_the_global_dns" {
  assert {
    condition     = length(module.failover) == 1 && output.function_name == "logs-standby-failover" && output.steering_policy_id == "ocid1.dnspolicy.oc1..example"
    error_message = "The standby must have the function and the policy."
  }

  assert {
    condition     = output.logscale.operator_replicas == null && output.logscale.node_count == 1 && output.logscale.replication_factor == 1 && length(output.logscale.node_pools) == 0 && !output.logscale.enable_alerts && output.logscale.recover_from
    error_message = "A standby is one digest pod without alerts that recovers from the primary's bucket; its operator is the function's business."
  }

  assert {
    condition     = output.logscale.service_selectors.ui == { "app.kubernetes.io/name" = "humio" } && output.logscale.service_selectors.ingest == output.logscale.service_selectors.ui
    error_message = "The standby's one pod must be chosen by every Service."
  }
}

run "phase_one_of_the_promotion_takes_the_function_away_and_keeps_the_one_pod_chosen" {
  variables {
    dr = "active"
  }

  assert {
    condition     = length(module.failover) == 0 && output.function_name == null && output.install == null
    error_message = "The function must be gone with all that is its own."
  }

  assert {
    condition     = oci_objectstorage_bucket.archive.name == "logs-standby-log" && oci_logging_log_group.log.display_name == "logs-standby-log" && output.steering_policy_id == "ocid1.dnspolicy.oc1..example"
    error_message = "The log and the global DNS must stay."
  }

  assert {
    condition     = output.logscale.operator_replicas == 1 && output.logscale.node_count == 3 && output.logscale.replication_factor == 2 && length(output.logscale.node_pools) == 2 && output.logscale.enable_alerts && !output.logscale.recover_from
    error_message = "An active site is the whole production cluster."
  }

  assert {
    condition     = output.logscale.service_selectors.ui == { "app.kubernetes.io/name" = "humio" }
    error_message = "The pod that serves must still be chosen."
  }
}

run "phase_two_of_the_promotion_routes_to_the_pools_and_changes_nothing_else" {
  variables {
    dr                       = "active"
    dr_use_dedicated_routing = true
  }

  assert {
    condition     = output.logscale.service_selectors.ui["humio.com/node-pool"] == "logscale-ui" && output.logscale.service_selectors.ingest["humio.com/node-pool"] == "logscale-ingest-only"
    error_message = "Each Service must choose the pods of its pool."
  }

  assert {
    condition     = output.logscale.node_count == 3 && length(module.failover) == 0 && output.manages_global_dns
    error_message = "Phase 2 changes the selectors and nothing else."
  }
}

run "a_standby_that_comes_back_gets_its_function_back" {
  assert {
    condition     = length(module.failover) == 1 && output.logscale.node_count == 1
    error_message = "dr = standby must make all of it again."
  }
}

run "a_standby_without_the_policy_of_the_other_workspace" {
  command = plan

  variables {
    manage_global_dns             = false
    other_site_manages_global_dns = true
  }

  expect_failures = [var.steering_policy_id, var.primary_health_check_id]
}

run "the_primarys_workspace_may_not_manage_the_global_dns" {
  command = plan

  variables {
    dr     = "active"
    region = "us-ashburn-1"
  }

  expect_failures = [var.manage_global_dns]
}
