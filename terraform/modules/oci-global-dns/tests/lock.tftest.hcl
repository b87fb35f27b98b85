# What the function does to the policy's answers outlives every apply.

provider "oci" {
  region = "us-chicago-1"
}

variables {
  manage_global_dns             = true
  other_site_manages_global_dns = false
  name                          = "logs-example-org"
  compartment_id                = "ocid1.compartment.oc1..dns"
  region                        = "us-chicago-1"
  primary_region                = "us-ashburn-1"
  zone_id                       = "ocid1.dns-zone.oc1..example"
  global_hostname               = "logs.example.org"
  primary_address               = "192.0.2.10"
  secondary_address             = "198.51.100.10"
}

run "dns_moves_by_the_lock_only" {
  assert {
    condition     = [for rule in oci_dns_steering_policy.this[0].rules : rule.rule_type] == ["FILTER", "PRIORITY", "LIMIT"] && oci_dns_steering_policy.this[0].health_check_monitor_id == null
    error_message = "A HEALTH rule, or a monitor at the policy, moves DNS without a decision."
  }

  assert {
    condition     = oci_dns_steering_policy.this[0].rules[0].default_answer_data[0].answer_condition == "answer.isDisabled != true" && oci_dns_steering_policy.this[0].rules[0].default_answer_data[0].should_keep
    error_message = "The first rule must keep what is not disabled: the lock is nothing without it."
  }

  assert {
    condition     = { for answer in oci_dns_steering_policy.this[0].answers : answer.pool => [answer.rdata, answer.is_disabled] } == { primary = ["192.0.2.10", false], secondary = ["198.51.100.10", true] }
    error_message = "The primary serves and the standby waits."
  }

  assert {
    condition     = [for value in oci_dns_steering_policy.this[0].rules[1].default_answer_data : value.answer_condition] == ["answer.pool == 'primary'", "answer.pool == 'secondary'"]
    error_message = "The primary must come first."
  }

  assert {
    condition     = oci_health_checks_http_monitor.primary[0].targets == tolist(["192.0.2.10"]) && oci_health_checks_http_monitor.primary[0].path == "/api/v1/status" && oci_health_checks_http_monitor.primary[0].is_enabled
    error_message = "The monitor must watch the primary and nothing else."
  }

  assert {
    condition     = oci_dns_steering_policy_attachment.this[0].domain_name == "logs.example.org"
    error_message = "The policy must answer for the global name."
  }
}

# Proves that what follows can fail: a change of an attribute that is not ignored arrives, and an apply undoes it.
run "somebody_changes_the_ttl" {
  module {
    source = "../../../tests/terraform/changed-outside"
  }

  variables {
    type      = "oci_dns_steering_policy"
    attribute = "ttl"
    value     = "3600"
  }
}

run "an_apply_sets_the_ttl_back" {
  assert {
    condition     = oci_dns_steering_policy.this[0].ttl == 60
    error_message = "The ttl is ${oci_dns_steering_policy.this[0].ttl}."
  }
}

run "the_function_turns_the_answers" {
  module {
    source = "../../../tests/terraform/changed-outside"
  }

  variables {
    type      = "oci_dns_steering_policy"
    attribute = "answers"
    value     = "[{\"name\":\"primary\",\"rtype\":\"A\",\"rdata\":\"192.0.2.10\",\"pool\":\"primary\",\"is_disabled\":true},{\"name\":\"secondary\",\"rtype\":\"A\",\"rdata\":\"198.51.100.10\",\"pool\":\"secondary\",\"is_disabled\":false}]"
  }
}

run "a_second_apply_leaves_the_lock_and_does_its_work" {
  variables {
    ttl = 30
  }

  assert {
    condition     = { for answer in oci_dns_steering_policy.this[0].answers : answer.pool => answer.is_disabled } == { primary = true, secondary = false }
    error_message = "The apply took the lock away."
  }

  assert {
    condition     = oci_dns_steering_policy.this[0].ttl == 30
    error_message = "The apply must have done its work."
  }
}

run "the_other_workspace_makes_nothing" {
  command = plan

  variables {
    manage_global_dns             = false
    other_site_manages_global_dns = true
  }

  assert {
    condition     = length(oci_dns_steering_policy.this) + length(oci_dns_steering_policy_attachment.this) + length(oci_health_checks_http_monitor.primary) == 0
    error_message = "The policy belongs to the other workspace."
  }

  assert {
    condition     = output.steering_policy_id == null && output.primary_health_check_id == null && !output.manages_global_dns
    error_message = "There is nothing to hand on."
  }
}
