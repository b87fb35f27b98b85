# What the module refuses. tests/terraform/refusals.py reads the comments `says:`.

provider "oci" {
  region = "us-chicago-1"
}

variables {
  manage_global_dns             = true
  other_site_manages_global_dns = false
  name                          = "logs-example-org"
  compartment_id                = "ocid1.compartment.oc1..dns"
  region                        = "us-chicago-1"
  primary_region                = "us-ashburn-1"
  zone_id                       = "ocid1.dns-zone.oc1..example"
  global_hostname               = "logs.example.org"
  primary_address               = "192.0.2.10"
  secondary_address             = "198.51.100.10"
}

run "a_policy_in_both_workspaces" {
  # says: the other site manages the global DNS already
  command = plan

  variables {
    other_site_manages_global_dns = true
  }

  expect_failures = [var.manage_global_dns]
}

run "a_monitor_in_the_primarys_region" {
  # says: the monitor's points are gone with the primary's region
  command = plan

  variables {
    region = "us-ashburn-1"
  }

  expect_failures = [var.region]
}

run "one_address_for_both_sites" {
  # says: primary_address: an IPv4 address, and not the secondary's
  command = plan

  variables {
    primary_address = "198.51.100.10"
  }

  expect_failures = [var.primary_address]
}

run "a_name_as_an_address" {
  # says: secondary_address: an IPv4 address
  command = plan

  variables {
    secondary_address = "standby.logs.example.org"
  }

  expect_failures = [var.secondary_address]
}

run "an_interval_that_oci_does_not_know" {
  # says: health_check_interval: 10, 30 or 60
  command = plan

  variables {
    health_check_interval = 15
  }

  expect_failures = [var.health_check_interval]
}

run "a_ttl_of_a_day" {
  # says: clients stay at the old site for as long
  command = plan

  variables {
    ttl = 86400
  }

  expect_failures = [var.ttl]
}

run "an_address_as_the_global_name" {
  # says: global_hostname: a host name
  command = plan

  variables {
    global_hostname = "https://logs.example.org/"
  }

  expect_failures = [var.global_hostname]
}
