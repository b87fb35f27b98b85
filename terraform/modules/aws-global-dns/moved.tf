# Where the reference's module (global-dns) has the same things: whoever puts this module in its place keeps them.

moved {
  from = aws_route53_health_check.logscale_global_primary
  to   = aws_route53_health_check.primary
}

moved {
  from = aws_route53_health_check.logscale_global_secondary
  to   = aws_route53_health_check.secondary_observed
}

moved {
  from = aws_route53_record.logscale_global_primary
  to   = aws_route53_record.primary
}

moved {
  from = aws_route53_record.logscale_global_secondary
  to   = aws_route53_record.secondary
}
