# Workspace secondary. Replace what is of example.com.
region                        = "us-east-2"
cluster_name                  = "dr-secondary"
dr                            = "standby"
dr_use_dedicated_routing      = false
is_failover_site              = true
manage_global_dns             = false
zone_name                     = "example.com"
other_site_manages_global_dns = true
