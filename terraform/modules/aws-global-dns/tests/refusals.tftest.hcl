# What the module refuses. tests/terraform/refusals.py reads the comments `says:`.

provider "aws" {
  region = "eu-central-1"
}

variables {
  zone_name                   = "example.com"
  global_logscale_hostname    = "logscale"
  primary_logscale_hostname   = "logscale-primary"
  secondary_logscale_hostname = "logscale-secondary"
}

run "records_in_the_standbys_workspace" {
  # says: only the workspace of the active site may have the failover records
  command = plan

  variables {
    dr = "standby"
  }

  expect_failures = [aws_route53_health_check.primary]
}

run "records_in_both_workspaces" {
  # says: Both sites manage the failover records
  command = plan

  variables {
    other_site_manages_global_dns = true
  }

  expect_failures = [aws_route53_health_check.primary]
}

run "an_address_in_the_place_of_the_primarys_name" {
  # says: a check with an IP address looks up none
  command = plan

  variables {
    primary_logscale_hostname = "192.0.2.1"
  }

  expect_failures = [var.primary_logscale_hostname]
}

run "one_name_for_two_sites" {
  # says: must be three different names
  command = plan

  variables {
    secondary_logscale_hostname = "logscale-primary"
  }

  expect_failures = [var.secondary_logscale_hostname]
}

run "a_zone_with_a_dot_at_its_end" {
  # says: without a dot at its end
  command = plan

  variables {
    zone_name = "example.com."
  }

  expect_failures = [var.zone_name]
}

run "a_ttl_of_an_hour" {
  # says: route53_record_ttl must be 1 to 300 seconds
  command = plan

  variables {
    route53_record_ttl = 3600
  }

  expect_failures = [var.route53_record_ttl]
}

run "an_unknown_mode" {
  # says: dr must be "active", "standby" or ""
  command = plan

  variables {
    dr = "passive"
  }

  expect_failures = [var.dr]
}
