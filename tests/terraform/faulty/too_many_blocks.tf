# says: No more than 1 "failover_routing_policy" blocks are allowed
resource "aws_route53_record" "too_many_blocks" {
  zone_id = "Z0EXAMPLE"
  name    = "www.example.com"
  type    = "CNAME"

  failover_routing_policy {
    type = "PRIMARY"
  }

  failover_routing_policy {
    type = "SECONDARY"
  }
}
