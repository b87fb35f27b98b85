# says: Inappropriate value for attribute "period": a number is required
resource "aws_cloudwatch_metric_alarm" "fault" {
  alarm_name = "alarm"
  period     = "a minute"
}
