# The failover records of one name, and the health check that decides between them.

locals {
  global_fqdn    = "${var.global_logscale_hostname}.${var.zone_name}"
  primary_fqdn   = "${var.primary_logscale_hostname}.${var.zone_name}"
  secondary_fqdn = "${var.secondary_logscale_hostname}.${var.zone_name}"
  zone_id        = var.zone_id != null ? var.zone_id : one(data.aws_route53_zone.this[*].zone_id)
}

data "aws_route53_zone" "this" {
  count = var.manage_global_dns && var.zone_id == null ? 1 : 0

  name = "${var.zone_name}."
}

# The function locks this check: it swaps the name for failover-locked.invalid, so that the primary stays unhealthy even after it has
# recovered. An apply that set the name or the inversion back would fail traffic back by itself, so both are ignored. A person unlocks:
# `holdfast` with the action failback.
resource "aws_route53_health_check" "primary" {
  count = var.manage_global_dns ? 1 : 0

  type              = "HTTPS"
  fqdn              = local.primary_fqdn
  port              = 443
  resource_path     = "/api/v1/status"
  request_interval  = 10
  failure_threshold = 3

  tags = merge(var.tags, { Name = "${local.global_fqdn}-primary" })

  lifecycle {
    ignore_changes = [fqdn, invert_healthcheck]

    precondition {
      condition     = var.dr == "active"
      error_message = "manage_global_dns is true where dr is not \"active\": only the workspace of the active site may have the failover records."
    }

    precondition {
      condition     = coalesce(var.other_site_manages_global_dns, false) == false
      error_message = "Both sites manage the failover records: set manage_global_dns to false in one of the two workspaces and apply that one first."
    }

    postcondition {
      condition     = self.ip_address == null || self.ip_address == ""
      error_message = "The primary's health check has an IP address. Its name is then only a header, and swapping the name locks nothing."
    }
  }
}

resource "aws_route53_record" "primary" {
  count = var.manage_global_dns ? 1 : 0

  zone_id         = local.zone_id
  name            = local.global_fqdn
  type            = "CNAME"
  ttl             = var.route53_record_ttl
  records         = [local.primary_fqdn]
  set_identifier  = "primary"
  health_check_id = aws_route53_health_check.primary[0].id

  failover_routing_policy {
    type = "PRIMARY"
  }
}

# No health check here, on purpose. When both checks are unhealthy, Route 53 answers with the primary, lock or no lock; and while LogScale
# starts on the standby its check would be unhealthy. Without a check, Route 53 answers with the standby whenever the primary is unhealthy.
# Set to nothing rather than left out, so that a record that had one loses it.
resource "aws_route53_record" "secondary" {
  count = var.manage_global_dns ? 1 : 0

  zone_id         = local.zone_id
  name            = local.global_fqdn
  type            = "CNAME"
  ttl             = var.route53_record_ttl
  records         = [local.secondary_fqdn]
  set_identifier  = "secondary"
  health_check_id = ""

  failover_routing_policy {
    type = "SECONDARY"
  }
}

# For observation only: does the standby's load balancer take connections? No record refers to it.
resource "aws_route53_health_check" "secondary_observed" {
  count = var.manage_global_dns && var.observe_secondary ? 1 : 0

  type              = "TCP"
  fqdn              = local.secondary_fqdn
  port              = 443
  request_interval  = 30
  failure_threshold = 2

  tags = merge(var.tags, { Name = "${local.global_fqdn}-secondary-observed" })
}
