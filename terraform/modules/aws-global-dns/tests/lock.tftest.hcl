# What the function does to the health check outlives every apply.

provider "aws" {
  region = "eu-central-1"
}

variables {
  zone_name                   = "example.com"
  global_logscale_hostname    = "logscale"
  primary_logscale_hostname   = "logscale-primary"
  secondary_logscale_hostname = "logscale-secondary"
}

run "the_check_watches_the_primary" {
  assert {
    condition     = aws_route53_health_check.primary[0].fqdn == "logscale-primary.example.com"
    error_message = "The check watches ${aws_route53_health_check.primary[0].fqdn}."
  }

  assert {
    condition     = aws_route53_health_check.primary[0].type == "HTTPS" && aws_route53_health_check.primary[0].resource_path == "/api/v1/status"
    error_message = "The check must ask for the status page."
  }

  assert {
    condition     = aws_route53_health_check.primary[0].request_interval == 10 && aws_route53_health_check.primary[0].failure_threshold == 3
    error_message = "The check must fail after 30 s."
  }

  assert {
    condition     = aws_route53_record.primary[0].health_check_id == aws_route53_health_check.primary[0].id
    error_message = "The primary's record must depend on the check."
  }
}

# Proves that what follows can fail: a change of an attribute that is not ignored arrives, and an apply undoes it.
run "somebody_changes_the_path" {
  module {
    source = "../../../tests/terraform/changed-outside"
  }

  variables {
    type      = "aws_route53_health_check"
    attribute = "resource_path"
    value     = "\"/elsewhere\""
    where     = { type = "HTTPS" }
  }
}

run "an_apply_sets_the_path_back" {
  assert {
    condition     = aws_route53_health_check.primary[0].resource_path == "/api/v1/status"
    error_message = "The path is ${aws_route53_health_check.primary[0].resource_path}."
  }
}

run "the_function_swaps_the_name" {
  module {
    source = "../../../tests/terraform/changed-outside"
  }

  variables {
    type      = "aws_route53_health_check"
    attribute = "fqdn"
    value     = "\"failover-locked.invalid\""
    where     = { type = "HTTPS" }
  }
}

run "a_second_apply_leaves_the_lock" {
  variables {
    route53_record_ttl = 30
  }

  assert {
    condition     = aws_route53_health_check.primary[0].fqdn == "failover-locked.invalid"
    error_message = "The apply took the lock away: ${aws_route53_health_check.primary[0].fqdn}."
  }

  assert {
    condition     = aws_route53_record.primary[0].ttl == 30
    error_message = "The apply must have done its work."
  }
}

run "somebody_inverts_the_check" {
  module {
    source = "../../../tests/terraform/changed-outside"
  }

  variables {
    type      = "aws_route53_health_check"
    attribute = "invert_healthcheck"
    value     = "true"
    where     = { type = "HTTPS" }
  }
}

run "a_third_apply_leaves_the_inversion" {
  assert {
    condition     = aws_route53_health_check.primary[0].invert_healthcheck && aws_route53_health_check.primary[0].fqdn == "failover-locked.invalid"
    error_message = "The apply undid what was set outside."
  }
}

run "somebody_gives_the_check_an_address" {
  module {
    source = "../../../tests/terraform/changed-outside"
  }

  variables {
    type      = "aws_route53_health_check"
    attribute = "ip_address"
    value     = "\"192.0.2.1\""
    where     = { type = "HTTPS" }
  }
}

run "an_address_is_refused_because_the_name_would_lock_nothing" {
  command         = plan
  expect_failures = [aws_route53_health_check.primary]
}
