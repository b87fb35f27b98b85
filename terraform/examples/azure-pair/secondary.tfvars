# The standby's workspace. Put your own values in: none of these exists.
dr                            = "standby"
dr_use_dedicated_routing      = false
manage_global_dns             = true
other_site_manages_global_dns = false

subscription_id     = "00000000-0000-0000-0000-000000000000"
name                = "logs-standby"
resource_group_name = "logs-standby"
location            = "westeurope"
primary_region      = "northeurope"
humiocluster_name   = "logscale"
aks_cluster_id      = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs-standby/providers/Microsoft.ContainerService/managedClusters/logs-standby"

profile_name            = "logs-example-org"
dns_resource_group_name = "logs-standby"
global_hostname         = "logs.example.org"
primary_target          = "primary.logs.example.org"
secondary_target        = "standby.logs.example.org"
primary_probe_url       = "https://primary.logs.example.org/api/v1/status"

operator_ip_ranges = ["192.0.2.0/24"]
notify_emails      = ["on-call@example.org"]
