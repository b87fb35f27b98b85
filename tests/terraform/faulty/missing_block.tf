# says: At least 1 "target" blocks are required
resource "aws_scheduler_schedule" "fault" {
  schedule_expression = "rate(1 minutes)"

  flexible_time_window {
    mode = "OFF"
  }
}
