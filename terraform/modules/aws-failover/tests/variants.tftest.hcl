# What is different where the health checks are in another account, and where the cluster's endpoint is private.

provider "aws" {
  region = "us-west-2"
}

provider "aws" {
  alias  = "route53_region"
  region = "us-east-1"
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

run "another_accounts_health_check_is_reached_by_its_role" {
  variables {
    dns_role_arn              = "arn:aws:iam::444455556666:role/dns-failover"
    dns_role_external_id      = "standby"
    secondary_health_check_id = "99999999-2222-3333-4444-555555555555"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.lambda_access[0].policy).Statement : statement.Sid] == ["KeepCooldown", "FindCluster"]
    error_message = "The function's own role must not have the rights of the other: ${aws_iam_role_policy.lambda_access[0].policy}"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.lambda_own[0].policy).Statement : statement.Resource if statement.Sid == "AssumeDnsRole"] == ["arn:aws:iam::444455556666:role/dns-failover"]
    error_message = "The function must be allowed to assume that role."
  }

  assert {
    condition     = [for statement in jsondecode(output.dns_role_policy).Statement : statement.Sid] == ["LockTraffic", "ReadMetrics", "ReadSecondary"]
    error_message = "The other account's policy: ${output.dns_role_policy}"
  }

  assert {
    condition     = output.function_environment.HOLDFAST_TRAFFIC_ROLE_ARN == "arn:aws:iam::444455556666:role/dns-failover" && output.function_environment.HOLDFAST_HISTORY_EXTERNAL_ID == "standby"
    error_message = "The function must be told."
  }
}

run "a_gate_on_the_standbys_check_needs_one_more_right" {
  variables {
    secondary_health_check_id = "99999999-2222-3333-4444-555555555555"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.lambda_own[0].policy).Statement : statement if statement.Sid == "ReadSecondary"] == [{ Sid = "ReadSecondary", Effect = "Allow", Action = "route53:GetHealthCheckStatus", Resource = "arn:aws:route53:::healthcheck/99999999-2222-3333-4444-555555555555" }]
    error_message = "The function must be allowed to read it, and no more."
  }
}

run "a_private_endpoint_is_reached_from_the_vpc" {
  variables {
    vpc = {
      vpc_id                    = "vpc-1"
      subnet_ids                = ["subnet-1", "subnet-2"]
      cluster_security_group_id = "sg-cluster"
      interface_endpoints       = ["eks", "ssm"]
    }
  }

  assert {
    condition     = aws_lambda_function.failover[0].vpc_config[0].subnet_ids == toset(["subnet-1", "subnet-2"]) && aws_lambda_function.failover[0].vpc_config[0].security_group_ids == toset([aws_security_group.function[0].id])
    error_message = "The function must be in the subnets."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.cluster[0].security_group_id == "sg-cluster" && aws_vpc_security_group_ingress_rule.cluster[0].referenced_security_group_id == aws_security_group.function[0].id && aws_vpc_security_group_ingress_rule.cluster[0].to_port == 443
    error_message = "The cluster must let the function in, on 443."
  }

  assert {
    condition     = toset([for endpoint in aws_vpc_endpoint.this : endpoint.service_name]) == toset(["com.amazonaws.us-west-2.eks", "com.amazonaws.us-west-2.ssm"]) && alltrue([for endpoint in aws_vpc_endpoint.this : endpoint.private_dns_enabled])
    error_message = "The endpoints must be there."
  }

  assert {
    condition     = length([for statement in jsondecode(aws_iam_role_policy.lambda_own[0].policy).Statement : statement if statement.Sid == "AttachToVpc" || statement.Sid == "AttachmentIsLambdasWork"]) == 2
    error_message = "Lambda must be allowed to attach the function, and the function's own code must not."
  }
}

run "people_can_have_a_topic_of_their_own" {
  variables {
    notification_topic_arn = "arn:aws:sns:us-west-2:111122223333:oncall"
  }

  assert {
    condition     = length(aws_sns_topic.people) == 0 && alltrue([for alarm in aws_cloudwatch_metric_alarm.people : alarm.alarm_actions == toset(["arn:aws:sns:us-west-2:111122223333:oncall"])])
    error_message = "The alarms must tell the topic that was given."
  }
}
