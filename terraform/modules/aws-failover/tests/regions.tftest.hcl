# Providers of the wrong region are refused.

provider "aws" {
  region = "us-west-2"
}

provider "aws" {
  alias  = "route53_region"
  region = "eu-west-1"
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

run "the_alarms_provider_must_be_of_us_east_1" {
  command = plan

  expect_failures = [terraform_data.preconditions]
}
