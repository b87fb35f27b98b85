# says: "arn" cannot be set
resource "aws_lambda_function" "fault" {
  function_name = "name"
  role          = "arn:aws:iam::111122223333:role/name"
  arn           = "arn:aws:lambda:us-west-2:111122223333:function:name"
}
