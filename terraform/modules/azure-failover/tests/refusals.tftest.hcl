# What the module refuses. tests/terraform/refusals.py reads the comments `says:`.

provider "azurerm" {
  features {}
}

variables {
  name                       = "logs-standby-failover"
  resource_group_name        = "logs-standby"
  location                   = "westeurope"
  primary_region             = "northeurope"
  traffic_manager_profile_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/dns/providers/Microsoft.Network/trafficManagerProfiles/logs"
  aks_cluster_id             = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs-standby/providers/Microsoft.ContainerService/managedClusters/logs-standby"
  log_analytics_workspace_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs-standby/providers/Microsoft.OperationalInsights/workspaces/logs"
  humiocluster_name          = "logscale"
  primary_probe_url          = "https://primary.logs.example.org/api/v1/status"
  alarm_key                  = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  operator_ip_ranges         = ["192.0.2.0/24"]
  notify_emails              = ["on-call@example.org"]
}

run "a_function_in_the_primarys_region" {
  # says: the function must not be in the primary's region
  command = plan

  variables {
    location = "North Europe"
  }

  expect_failures = [var.location]
}

run "a_primary_region_that_is_none" {
  # says: primary_region: a region of Azure
  command = plan

  variables {
    primary_region = "north-europe!"
  }

  expect_failures = [var.primary_region]
}

run "a_time_limit_below_the_holdoff" {
  # says: must be the holdoff (dr_failover_function_pre_failover_failure_seconds) and 120 s at least
  command = plan

  variables {
    function_timeout_seconds = 299
  }

  expect_failures = [azurerm_function_app_flex_consumption.this]
}

run "a_time_limit_of_two_hours" {
  # says: function_timeout_seconds: whole seconds, at most 3600
  command = plan

  variables {
    function_timeout_seconds = 7200
  }

  expect_failures = [var.function_timeout_seconds]
}

run "no_holdoff_outside_of_a_test" {
  # says: 0 fails over at the first bad answer; it is for tests
  command = plan

  variables {
    dr_failover_function_pre_failover_failure_seconds = 0
  }

  expect_failures = [var.dr_failover_function_pre_failover_failure_seconds]
}

run "a_holdoff_of_an_hour" {
  # says: whole seconds, 0 to 600
  command = plan

  variables {
    dr_failover_function_pre_failover_failure_seconds = 3600
  }

  expect_failures = [var.dr_failover_function_pre_failover_failure_seconds]
}

run "a_cooldown_of_a_day" {
  # says: dr_failover_function_cooldown_seconds: whole seconds, 0 to 3600
  command = plan

  variables {
    dr_failover_function_cooldown_seconds = 86400
  }

  expect_failures = [var.dr_failover_function_cooldown_seconds]
}

run "too_many_retries" {
  # says: dr_failover_function_max_retries: a whole number, 0 to 10
  command = plan

  variables {
    dr_failover_function_max_retries = 11
  }

  expect_failures = [var.dr_failover_function_max_retries]
}

run "no_operator_at_all" {
  # says: operator_target_replicas: a whole number, 1 to 10
  command = plan

  variables {
    operator_target_replicas = 0
  }

  expect_failures = [var.operator_target_replicas]
}

run "nobody_is_told" {
  # says: somebody must be told of a failover
  command = plan

  variables {
    notify_emails = []
  }

  expect_failures = [var.notify_emails]
}

run "a_person_without_an_address" {
  # says: notify_emails: addresses of people
  command = plan

  variables {
    notify_emails = ["on-call"]
  }

  expect_failures = [var.notify_emails]
}

run "a_webhook_without_tls" {
  # says: notify_webhooks: https addresses
  command = plan

  variables {
    notify_webhooks = { page = "http://page.example.org/" }
  }

  expect_failures = [var.notify_webhooks]
}

run "a_log_level_at_which_nobody_is_told" {
  # says: at a higher level nobody would be told of a failover
  command = plan

  variables {
    log_level = "warn"
  }

  expect_failures = [var.log_level]
}

run "a_short_key_of_the_alarm" {
  # says: alarm_key: 40 to 128 letters, digits
  command = plan

  variables {
    alarm_key = "secret"
  }

  expect_failures = [var.alarm_key]
}

run "a_key_that_admits_nothing" {
  # says: each key needs at least one action
  command = plan

  variables {
    operator_keys = { on-call = [] }
  }

  expect_failures = [var.operator_keys]
}

run "the_default_key_as_an_operators" {
  # says: the key `default` exists already
  command = plan

  variables {
    operator_keys = { default = ["all"] }
  }

  expect_failures = [var.operator_keys]
}

run "an_address_in_the_place_of_a_network" {
  # says: operator_ip_ranges: networks such as
  command = plan

  variables {
    operator_ip_ranges = ["192.0.2.1"]
  }

  expect_failures = [var.operator_ip_ranges]
}

run "a_probe_with_a_password" {
  # says: primary_probe_url: an https address without a password, or off
  command = plan

  variables {
    primary_probe_url = "https://me:secret@primary.example.org/"
  }

  expect_failures = [var.primary_probe_url]
}

run "a_probe_without_tls" {
  # says: primary_probe_url: an https address without a password, or off
  command = plan

  variables {
    primary_probe_url = "http://primary.example.org/"
  }

  expect_failures = [var.primary_probe_url]
}

run "an_endpoint_without_its_authority" {
  # says: cluster_endpoint and cluster_ca_data: set both or neither
  command = plan

  variables {
    cluster_endpoint = "https://cluster.example.org"
  }

  expect_failures = [var.cluster_endpoint]
}

run "a_profile_that_is_none" {
  # says: traffic_manager_profile_id: the id of a Traffic Manager profile
  command = plan

  variables {
    traffic_manager_profile_id = "logs"
  }

  expect_failures = [var.traffic_manager_profile_id]
}

run "a_cluster_that_is_none" {
  # says: aks_cluster_id: the id of an AKS cluster
  command = plan

  variables {
    aks_cluster_id = "logs"
  }

  expect_failures = [var.aks_cluster_id]
}

run "a_workspace_that_is_none" {
  # says: log_analytics_workspace_id: the id of a workspace
  command = plan

  variables {
    log_analytics_workspace_id = "logs"
  }

  expect_failures = [var.log_analytics_workspace_id]
}

run "an_endpoint_with_a_slash" {
  # says: primary_endpoint: letters, digits and
  command = plan

  variables {
    primary_endpoint = "a/b"
  }

  expect_failures = [var.primary_endpoint]
}

run "a_kind_of_endpoint_that_is_none" {
  # says: primary_endpoint_type: externalEndpoints, azureEndpoints or nestedEndpoints
  command = plan

  variables {
    primary_endpoint_type = "external"
  }

  expect_failures = [var.primary_endpoint_type]
}

run "a_name_that_is_too_long" {
  # says: a longer name may collide with another app's host id
  command = plan

  variables {
    name = "a23456789012345678901234567890123"
  }

  expect_failures = [var.name]
}

run "a_storage_account_with_a_dash" {
  # says: storage_account_name: 3 to 24 lower-case letters and digits
  command = plan

  variables {
    storage_account_name = "logs-standby"
  }

  expect_failures = [var.storage_account_name]
}

run "a_copy_in_another_region" {
  # says: a copy in another region is of no use here
  command = plan

  variables {
    storage_replication_type = "GRS"
  }

  expect_failures = [var.storage_replication_type]
}

run "a_pause_of_a_week" {
  # says: paused_longer_than: PT1H, PT2H or PT6H
  command = plan

  variables {
    paused_longer_than = "P7D"
  }

  expect_failures = [var.paused_longer_than]
}

run "a_variable_of_somebody_else" {
  # says: settings: names that begin with HOLDFAST_
  command = plan

  variables {
    settings = { AzureWebJobsStorage = "x" }
  }

  expect_failures = [var.settings]
}

run "a_variable_that_the_module_sets" {
  # says: settings holds HOLDFAST_ADMITS, which this module sets from a variable of its own
  command = plan

  variables {
    settings = { HOLDFAST_ADMITS = "all" }
  }

  expect_failures = [azurerm_function_app_flex_consumption.this]
}

run "a_profile_in_a_group_of_the_primarys_region" {
  # says: The resource group of the Traffic Manager profile is in the primary's region
  command = plan

  override_data {
    target = data.azurerm_resource_group.profile
    values = { location = "northeurope" }
  }

  expect_failures = [azurerm_function_app_flex_consumption.this]
}
