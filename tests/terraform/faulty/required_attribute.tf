# says: The argument "zone_id" is required
resource "aws_route53_record" "fault" {
  name = "www.example.com"
  type = "CNAME"
}
