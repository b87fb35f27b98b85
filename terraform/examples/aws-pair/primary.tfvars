# Workspace primary. Replace what is of example.com.
region                        = "us-west-2"
cluster_name                  = "dr-primary"
dr                            = "active"
is_failover_site              = false
manage_global_dns             = true
zone_name                     = "example.com"
other_site_manages_global_dns = false
