# What the module refuses. tests/terraform/refusals.py reads the comments `says:`.

provider "azurerm" {
  features {}
}

variables {
  manage_global_dns             = true
  other_site_manages_global_dns = false
  name                          = "logs-example-org"
  resource_group_name           = "logs-standby"
  primary_region                = "northeurope"
  global_hostname               = "logs.example.org"
  primary_target                = "192.0.2.10"
  secondary_target              = "198.51.100.10"
}

run "records_in_both_workspaces" {
  # says: the other site manages the global DNS already
  command = plan

  variables {
    other_site_manages_global_dns = true
  }

  expect_failures = [var.manage_global_dns]
}

run "a_profile_in_the_primarys_region" {
  # says: resource_group_name lies in the primary's region
  command = plan

  override_data {
    target = data.azurerm_resource_group.this
    values = { location = "North Europe" }
  }

  expect_failures = [azurerm_traffic_manager_profile.this]
}

run "the_global_name_as_the_primarys" {
  # says: Neither the global name, which leads to whichever site is active, nor the secondary's
  command = plan

  variables {
    primary_target = "logs.example.org"
  }

  expect_failures = [var.primary_target]
}

run "one_target_for_both_sites" {
  # says: Neither the global name, which leads to whichever site is active, nor the secondary's
  command = plan

  variables {
    primary_target = "198.51.100.10"
  }

  expect_failures = [var.primary_target]
}

run "the_global_name_as_the_standbys" {
  # says: the standby's own name or address, not the global name
  command = plan

  variables {
    secondary_target = "logs.example.org"
  }

  expect_failures = [var.secondary_target]
}

run "an_interval_that_azure_does_not_know" {
  # says: traffic_manager_health_check_interval: 10 or 30
  command = plan

  variables {
    traffic_manager_health_check_interval = 20
  }

  expect_failures = [var.traffic_manager_health_check_interval]
}

run "a_probe_that_waits_longer_than_its_interval" {
  # says: 5 to 9 with an interval of 10
  command = plan

  variables {
    traffic_manager_health_check_interval = 10
    traffic_manager_health_check_timeout  = 10
  }

  expect_failures = [var.traffic_manager_health_check_timeout]
}

run "too_many_tolerated_failures" {
  # says: a whole number, 0 to 9
  command = plan

  variables {
    traffic_manager_tolerated_failures = 10
  }

  expect_failures = [var.traffic_manager_tolerated_failures]
}

run "a_ttl_of_a_day" {
  # says: clients stay at the old site for as long
  command = plan

  variables {
    ttl = 86400
  }

  expect_failures = [var.ttl]
}

run "an_alias_at_the_apex" {
  # says: may not be its apex, where no CNAME can be
  command = plan

  variables {
    dns_zone = { name = "logs.example.org", resource_group_name = "dns" }
  }

  expect_failures = [var.dns_zone]
}

run "a_name_that_is_none" {
  # says: name: 1 to 63 letters, digits and dashes
  command = plan

  variables {
    name = "logs.example.org"
  }

  expect_failures = [var.name]
}

run "an_address_as_the_global_name" {
  # says: global_hostname: a host name
  command = plan

  variables {
    global_hostname = "https://logs.example.org/"
  }

  expect_failures = [var.global_hostname]
}
