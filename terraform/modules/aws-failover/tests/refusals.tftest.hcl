# What is refused, and what is said. tests/terraform/refusals.py reads the comments `says:`.

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

run "a_time_out_below_the_holdoff" {
  # says: lambda_timeout_seconds is 60 and must be at least pre_failover_failure_seconds + 120 = 300
  command = plan

  variables {
    lambda_timeout_seconds = 60
  }

  expect_failures = [terraform_data.preconditions]
}

run "a_time_out_that_a_longer_holdoff_makes_too_short" {
  # says: lambda_timeout_seconds is 300 and must be at least pre_failover_failure_seconds + 120 = 301
  command = plan

  variables {
    pre_failover_failure_seconds = 181
  }

  expect_failures = [terraform_data.preconditions]
}

run "no_holdoff_outside_of_tests" {
  # says: pre_failover_failure_seconds is 0: one missed answer of the primary would fail over
  command = plan

  variables {
    pre_failover_failure_seconds = 0
  }

  expect_failures = [terraform_data.preconditions]
}

run "an_address_in_the_place_of_the_primarys_name" {
  # says: a health check with one cannot be locked by its name
  command = plan

  variables {
    primary_health_check_fqdn = "192.0.2.1"
  }

  expect_failures = [var.primary_health_check_fqdn]
}

run "the_name_that_locks_in_the_place_of_the_primarys" {
  # says: not .invalid
  command = plan

  variables {
    primary_health_check_fqdn = "failover-locked.invalid"
  }

  expect_failures = [var.primary_health_check_fqdn]
}

run "a_standby_without_the_primarys_health_check" {
  # says: primary_health_check_id is not set
  command = plan

  variables {
    primary_health_check_id = ""
  }

  expect_failures = [terraform_data.preconditions]
}

run "the_primarys_check_as_the_standbys" {
  # says: secondary_health_check_id is the primary's health check
  command = plan

  variables {
    secondary_health_check_id = "11111111-2222-3333-4444-555555555555"
  }

  expect_failures = [terraform_data.preconditions]
}

run "a_function_in_another_region_than_the_standby" {
  # says: the function must run in the standby's region
  command = plan

  variables {
    cluster_region = "eu-west-1"
  }

  expect_failures = [terraform_data.preconditions]
}

run "the_primarys_own_name_as_the_name_of_users" {
  # says: global_fqdn is the primary's own name
  command = plan

  variables {
    global_fqdn = "logscale-primary.example.com"
  }

  expect_failures = [terraform_data.preconditions]
}

run "a_package_that_is_not_there" {
  # says: run `make package`
  command = plan

  variables {
    package = "tests/nowhere.zip"
  }

  expect_failures = [terraform_data.preconditions]
}

run "a_setting_that_another_variable_makes" {
  # says: settings holds what other variables set: HOLDFAST_OBJECT_NAME
  command = plan

  variables {
    settings = { HOLDFAST_OBJECT_NAME = "other" }
  }

  expect_failures = [terraform_data.preconditions]
}

run "a_setting_of_the_reference_outside_of_its_variable" {
  # says: the others have variables of their own
  command = plan

  variables {
    settings = { PRE_FAILOVER_FAILURE_SECONDS = "0" }
  }

  expect_failures = [var.settings]
}

run "an_environment_of_more_than_4_kb" {
  # says: larger than the 4 KB that Lambda allows
  command = plan

  variables {
    settings = { HOLDFAST_CONTROL_TARGETS = join(",", [for n in range(200) : "https://control-${n}.example.com"]) }
  }

  expect_failures = [terraform_data.preconditions]
}

run "a_switched_off_function" {
  # says: 0 would switch the function off
  command = plan

  variables {
    reserved_concurrency = 0
  }

  expect_failures = [var.reserved_concurrency]
}

run "a_holdoff_of_an_hour" {
  # says: pre_failover_failure_seconds must be a whole number, 0 to 600
  command = plan

  variables {
    pre_failover_failure_seconds = 3600
  }

  expect_failures = [var.pre_failover_failure_seconds]
}

run "half_a_way_to_the_cluster" {
  # says: cluster_endpoint and cluster_ca_data are set together or not at all
  command = plan

  variables {
    cluster_ca_data = "LS0tLS1CRUdJTg=="
  }

  expect_failures = [var.cluster_ca_data]
}

run "one_subnet" {
  # says: must name two subnets or more
  command = plan

  variables {
    vpc = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], cluster_security_group_id = "sg-1" }
  }

  expect_failures = [var.vpc]
}

run "an_endpoint_of_a_service_that_is_not_called" {
  # says: may name eks, ssm and sts
  command = plan

  variables {
    vpc = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"], cluster_security_group_id = "sg-1", interface_endpoints = ["s3"] }
  }

  expect_failures = [var.vpc]
}

run "a_group_that_kubernetes_keeps" {
  # says: EKS allows none that begins with system:
  command = plan

  variables {
    kubernetes_group = "system:masters"
  }

  expect_failures = [var.kubernetes_group]
}

run "addresses_of_people_and_a_topic_of_ones_own" {
  # says: notification_emails are for the module's own topic
  command = plan

  variables {
    notification_emails    = ["oncall@example.com"]
    notification_topic_arn = "arn:aws:sns:us-west-2:111122223333:oncall"
  }

  expect_failures = [var.notification_emails]
}

run "an_external_id_without_a_role" {
  # says: dns_role_external_id needs dns_role_arn
  command = plan

  variables {
    dns_role_external_id = "shared"
  }

  expect_failures = [var.dns_role_external_id]
}

run "a_log_that_is_silent_about_what_alarms_read" {
  # says: the alarms that read the log would be silent
  command = plan

  variables {
    log_level = "error"
  }

  expect_failures = [var.log_level]
}
