# The zone, the health checks and so the alarm are in account 444455556666, the standby is in 111122223333.

provider "aws" {
  region = "us-west-2"
}

provider "aws" {
  alias  = "route53_region"
  region = "us-east-1"

  assume_role {
    role_arn = "arn:aws:iam::444455556666:role/deploy"
  }
}

variables {
  primary_health_check_id   = "11111111-2222-3333-4444-555555555555"
  primary_health_check_fqdn = "logscale-primary.example.com"
  cluster_name              = "standby"
  cluster_region            = "us-west-2"
  humiocluster_name         = "standby"
  name_prefix               = "standby-dr-failover"
  package                   = "tests/package.txt"
}

run "a_function_without_a_role_there_is_refused" {
  command = plan

  expect_failures = [terraform_data.preconditions]
}

run "the_alarm_is_there_and_the_standbys_account_subscribes" {
  variables {
    dns_role_arn = "arn:aws:iam::444455556666:role/dns-failover"
  }

  assert {
    condition     = [for statement in jsondecode(aws_sns_topic_policy.failover[0].policy).Statement : statement.Sid] == ["TheAlarmPublishes", "TheStandbySubscribes"]
    error_message = "The topic's policy: ${aws_sns_topic_policy.failover[0].policy}"
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.failover[0].policy).Statement[0].Condition.StringEquals == { "aws:SourceAccount" = "444455556666" } && jsondecode(aws_sns_topic_policy.failover[0].policy).Statement[1].Principal == { AWS = "arn:aws:iam::111122223333:root" }
    error_message = "CloudWatch of the one account publishes, the other one subscribes."
  }

  assert {
    condition     = output.function_environment.HOLDFAST_SNS_TOPIC_ARN == "arn:aws:sns:us-east-1:444455556666:standby-dr-failover-sns" && aws_lambda_permission.sns_invoke[0].source_account == "444455556666"
    error_message = "The function must take notifications of that topic only."
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.lambda_own[0].policy, "arn:aws:logs:us-west-2:111122223333:")
    error_message = "The function's own rights are in its own account."
  }
}
