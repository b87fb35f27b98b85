# Both workspaces, and the promotion of the second in its two phases. The values are those of the tfvars files.

provider "aws" {
  region = "us-east-2"
}

provider "aws" {
  alias  = "route53_region"
  region = "us-east-1"
}

variables {
  region                        = "us-east-2"
  cluster_name                  = "dr-secondary"
  dr                            = "standby"
  dr_use_dedicated_routing      = false
  is_failover_site              = true
  manage_global_dns             = false
  other_site_manages_global_dns = true
  zone_name                     = "example.com"
  primary_health_check_id       = "11111111-2222-3333-4444-555555555555"
  package                       = "../../modules/aws-failover/tests/package.txt"
}

run "the_primary_has_the_records_and_no_function" {
  variables {
    cluster_name                  = "dr-primary"
    dr                            = "active"
    dr_use_dedicated_routing      = true
    is_failover_site              = false
    manage_global_dns             = true
    other_site_manages_global_dns = false
    primary_health_check_id       = null
  }

  assert {
    condition     = output.primary_health_check_id != null && output.manages_global_dns && output.lambda_function_name == null && output.log_group_name == null
    error_message = "The primary must have the records and no function."
  }

  assert {
    condition     = output.service_selectors.ui == tomap({ "humio.com/node-pool" = "dr-primary-ui" })
    error_message = "Production routing goes to the pool's own pods."
  }
}

run "the_standby_has_the_function_and_no_records" {
  assert {
    condition     = output.primary_health_check_id == null && !output.manages_global_dns && output.lambda_function_name == "dr-secondary-dr-failover-handler"
    error_message = "The standby must have the function and no records."
  }

  assert {
    condition     = output.service_selectors.ui == tomap({ "app.kubernetes.io/name" = "humio" }) && output.service_selectors.ingest == output.service_selectors.ui
    error_message = "The standby's one pod must be chosen by every Service."
  }
}

run "phase_one_of_the_promotion_takes_the_function_away_and_keeps_the_one_pod_chosen" {
  variables {
    dr = "active"
  }

  assert {
    condition     = output.lambda_function_name == null && output.log_group_name == "/aws/lambda/dr-secondary-dr-failover-handler"
    error_message = "The function must be gone and its log must be there."
  }

  assert {
    condition     = output.service_selectors.ui == tomap({ "app.kubernetes.io/name" = "humio" })
    error_message = "The pod that serves must still be chosen."
  }
}

run "phase_two_of_the_promotion_routes_to_the_pools" {
  variables {
    dr                       = "active"
    dr_use_dedicated_routing = true
  }

  assert {
    condition     = output.service_selectors.ui == tomap({ "humio.com/node-pool" = "dr-secondary-ui" }) && output.service_selectors.ingest == tomap({ "humio.com/node-pool" = "dr-secondary-ingest" })
    error_message = "Each Service must choose the pods of its pool."
  }

  assert {
    condition     = !output.manages_global_dns
    error_message = "Promotion does not move the records."
  }
}

run "a_promoted_site_cannot_take_the_records_while_the_other_has_them" {
  command = plan

  variables {
    dr                = "active"
    manage_global_dns = true
  }

  expect_failures = [var.manage_global_dns]
}
