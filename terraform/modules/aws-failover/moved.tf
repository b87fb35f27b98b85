# Where the reference's module (dr-failover-lambda) has the same things: whoever puts this module in its place keeps them. The others have the
# same addresses already.

moved {
  from = aws_sns_topic_policy.failover_cross_region
  to   = aws_sns_topic_policy.failover
}
