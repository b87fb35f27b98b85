# What the function is told stands in tests/terraform/environment/aws-failover.json, which a test of Rust reads with the function's own reader. The
# message of a failure is the new content.

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

run "with_the_modules_defaults" {
  command = plan

  assert {
    condition     = jsondecode(file("../../../tests/terraform/environment/aws-failover.json")).defaults == output.function_environment
    error_message = jsonencode(output.function_environment)
  }
}

run "with_every_variable_that_the_function_is_told" {
  command = plan

  variables {
    mode                         = "ask"
    secondary_health_check_id    = "99999999-2222-3333-4444-555555555555"
    skip_secondary_health_check  = true
    cluster_namespace            = "logscale"
    operator_target_replicas     = 2
    max_retries                  = 4
    base_delay_seconds           = 0.5
    max_delay_seconds            = 20
    pre_failover_failure_seconds = 240
    lambda_timeout_seconds       = 420
    failover_cooldown_seconds    = 600
    cooldown_ssm_parameter       = "/standby-dr-failover/last-failover-time"
    log_level                    = "debug"
    operator_deployment          = "humio-operator-b"
    object_name                  = "holdfast-b"
    global_fqdn                  = "logscale.example.com"
    cluster_endpoint             = "https://ABCDEF0123456789.gr7.us-west-2.eks.amazonaws.com"
    cluster_ca_data              = file("../../../tests/terraform/environment/ca.base64")
    dns_role_arn                 = "arn:aws:iam::444455556666:role/dns-failover"
    dns_role_external_id         = "standby"
    messages_topic_arn           = "arn:aws:sns:us-west-2:111122223333:logscale-people"

    settings = {
      HOLDFAST_CONTROL_TARGETS = "https://control.example.net"
      HOLDFAST_TLS_CLEANUP     = "off"
      HTTPS_PROXY              = "http://proxy.example.net:3128"
      NO_PROXY                 = "10.0.0.0/8"
    }
  }

  assert {
    condition     = jsondecode(file("../../../tests/terraform/environment/aws-failover.json")).everything == output.function_environment
    error_message = jsonencode(output.function_environment)
  }
}
