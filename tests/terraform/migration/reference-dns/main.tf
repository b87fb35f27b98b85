# Stands for the reference's module global-dns: the addresses of its resources and what matters of their values.
resource "aws_route53_health_check" "logscale_global_primary" {
  count = 1

  type              = "HTTPS"
  fqdn              = "logscale-primary.example.com"
  port              = 443
  resource_path     = "/api/v1/status"
  request_interval  = 10
  failure_threshold = 3
  tags              = { Name = "logscale.example.com-primary" }

  lifecycle {
    ignore_changes = [fqdn, invert_healthcheck]
  }
}

resource "aws_route53_health_check" "logscale_global_secondary" {
  count = 1

  type              = "TCP"
  fqdn              = "logscale-secondary.example.com"
  port              = 443
  request_interval  = 30
  failure_threshold = 2
  tags              = { Name = "logscale.example.com-secondary" }
}

resource "aws_route53_record" "logscale_global_primary" {
  count = 1

  zone_id         = "Z0EXAMPLE"
  name            = "logscale.example.com"
  type            = "CNAME"
  ttl             = 60
  set_identifier  = "primary"
  records         = ["logscale-primary.example.com"]
  health_check_id = aws_route53_health_check.logscale_global_primary[0].id

  failover_routing_policy {
    type = "PRIMARY"
  }
}

resource "aws_route53_record" "logscale_global_secondary" {
  count = 1

  zone_id         = "Z0EXAMPLE"
  name            = "logscale.example.com"
  type            = "CNAME"
  ttl             = 60
  set_identifier  = "secondary"
  records         = ["logscale-secondary.example.com"]
  health_check_id = aws_route53_health_check.logscale_global_secondary[0].id

  failover_routing_policy {
    type = "SECONDARY"
  }
}
