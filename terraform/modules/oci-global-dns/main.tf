# The global name: a steering policy with the primary first and the standby second, and the monitor of the primary.

locals {
  count = var.manage_global_dns ? 1 : 0
}

# Watches the primary itself. The policy does not follow it: DNS moves by the lock only, and stays.
resource "oci_health_checks_http_monitor" "primary" {
  count               = local.count
  compartment_id      = var.compartment_id
  display_name        = "${var.name}-primary"
  targets             = [var.primary_address]
  protocol            = "HTTPS"
  port                = 443
  path                = "/api/v1/status"
  method              = "GET"
  headers             = { Host = var.global_hostname }
  interval_in_seconds = var.health_check_interval
  timeout_in_seconds  = 10
  is_enabled          = true
  freeform_tags       = var.freeform_tags
}

resource "oci_dns_steering_policy" "this" {
  count          = local.count
  compartment_id = var.compartment_id
  display_name   = var.name
  template       = "FAILOVER"
  ttl            = var.ttl
  freeform_tags  = var.freeform_tags
  # No health_check_monitor_id and no HEALTH rule: with them DNS goes to a standby that does not run yet, and back to a primary that
  # recovers, before anybody decided so.

  answers {
    name        = "primary"
    rtype       = "A"
    rdata       = var.primary_address
    pool        = "primary"
    is_disabled = false
  }

  # The lock enables it in the update that disables the primary's.
  answers {
    name        = "secondary"
    rtype       = "A"
    rdata       = var.secondary_address
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
    rule_type = "PRIORITY"
    default_answer_data {
      answer_condition = "answer.pool == 'primary'"
      value            = 1
    }
    default_answer_data {
      answer_condition = "answer.pool == 'secondary'"
      value            = 2
    }
  }

  rules {
    rule_type     = "LIMIT"
    default_count = 1
  }

  # The lock: the function disables and enables answers. Terraform can ignore the whole list only, so a changed address is written by
  # `oci dns steering-policy update`, outside of a failover (README.md).
  lifecycle {
    ignore_changes = [answers]
  }
}

resource "oci_dns_steering_policy_attachment" "this" {
  count              = local.count
  display_name       = var.name
  domain_name        = var.global_hostname
  steering_policy_id = oci_dns_steering_policy.this[0].id
  zone_id            = var.zone_id
}
