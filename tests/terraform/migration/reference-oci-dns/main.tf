# Stands for the reference's steering policy, which follows a monitor, and its attachment.
terraform {
  required_providers {
    oci = { source = "oracle/oci" }
  }
}

resource "oci_health_checks_http_monitor" "primary" {
  compartment_id      = "ocid1.compartment.oc1..example"
  display_name        = "logs-primary"
  targets             = ["192.0.2.10"]
  protocol            = "HTTPS"
  port                = 443
  path                = "/api/v1/status"
  interval_in_seconds = 30
}

resource "oci_dns_steering_policy" "this" {
  compartment_id          = "ocid1.compartment.oc1..example"
  display_name            = "logs"
  template                = "FAILOVER"
  ttl                     = 60
  health_check_monitor_id = oci_health_checks_http_monitor.primary.id

  answers {
    name        = "primary"
    rtype       = "A"
    rdata       = "192.0.2.10"
    pool        = "primary"
    is_disabled = false
  }

  answers {
    name        = "secondary"
    rtype       = "A"
    rdata       = "198.51.100.10"
    pool        = "secondary"
    is_disabled = true
  }

  rules {
    rule_type = "FILTER"
    default_answer_data {
      answer_condition = "answer.isDisabled != true"
      should_keep      = true
    }
  }

  rules {
    rule_type = "HEALTH"
  }

  rules {
    rule_type = "PRIORITY"
    default_answer_data {
      answer_condition = "answer.pool == 'primary'"
      value            = 1
    }
    default_answer_data {
      answer_condition = "answer.pool == 'secondary'"
      value            = 99
    }
  }

  rules {
    rule_type     = "LIMIT"
    default_count = 1
  }
}

resource "oci_dns_steering_policy_attachment" "this" {
  display_name       = "logs"
  domain_name        = "logs.example.org"
  steering_policy_id = oci_dns_steering_policy.this.id
  zone_id            = "ocid1.dns-zone.oc1..example"
}
