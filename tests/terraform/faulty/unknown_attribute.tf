# says: An argument named "fdqn" is not expected here
resource "aws_route53_health_check" "fault" {
  type = "HTTPS"
  fdqn = "www.example.com"
}
