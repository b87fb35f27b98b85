# For a cluster whose endpoint is private only.

locals {
  vpc       = local.on ? var.vpc : null
  endpoints = local.vpc == null ? toset([]) : local.vpc.interface_endpoints
}

resource "aws_security_group" "function" {
  count = local.vpc == null ? 0 : 1

  name        = "${var.name_prefix}-function"
  description = "The failover function: no way in, HTTPS out."
  vpc_id      = local.vpc.vpc_id
  tags        = var.tags
}

# To the cluster, to AWS, to the primary's status page and to the control targets: all by HTTPS. Route 53 and its metrics are outside the VPC, so
# the subnets need a way out (NAT) whatever endpoints there are.
resource "aws_vpc_security_group_egress_rule" "https" {
  count = local.vpc == null ? 0 : 1

  security_group_id = aws_security_group.function[0].id
  description       = "HTTPS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "cluster" {
  count = local.vpc == null ? 0 : 1

  security_group_id            = local.vpc.cluster_security_group_id
  description                  = "The failover function to the API server"
  referenced_security_group_id = aws_security_group.function[0].id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_security_group" "endpoints" {
  count = length(local.endpoints) == 0 ? 0 : 1

  name        = "${var.name_prefix}-endpoints"
  description = "Interface endpoints for the failover function."
  vpc_id      = local.vpc.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = length(local.endpoints) == 0 ? 0 : 1

  security_group_id            = aws_security_group.endpoints[0].id
  description                  = "The failover function"
  referenced_security_group_id = aws_security_group.function[0].id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_endpoint" "this" {
  for_each = local.endpoints

  vpc_id              = local.vpc.vpc_id
  service_name        = "com.amazonaws.${var.cluster_region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = local.vpc.subnet_ids
  security_group_ids  = [aws_security_group.endpoints[0].id]
  private_dns_enabled = true
  tags                = merge(var.tags, { Name = "${var.name_prefix}-${each.key}" })
}
