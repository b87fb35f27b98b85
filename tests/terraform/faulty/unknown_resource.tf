# says: does not support resource type "aws_route53_healthcheck"
resource "aws_route53_healthcheck" "fault" {
  type = "HTTPS"
}
