# The primary's workspace. Put your own values in: none of these exists.
dr                            = "active"
dr_use_dedicated_routing      = true
manage_global_dns             = false
other_site_manages_global_dns = true

subscription_id     = "00000000-0000-0000-0000-000000000000"
name                = "logs-primary"
resource_group_name = "logs-primary"
location            = "northeurope"
primary_region      = "northeurope"
humiocluster_name   = "logscale"
aks_cluster_id      = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs-primary/providers/Microsoft.ContainerService/managedClusters/logs-primary"

profile_name            = "logs-example-org"
dns_resource_group_name = "logs-standby"
global_hostname         = "logs.example.org"
primary_target          = "primary.logs.example.org"
secondary_target        = "standby.logs.example.org"
primary_probe_url       = "https://primary.logs.example.org/api/v1/status"

operator_ip_ranges = []
notify_emails      = []
