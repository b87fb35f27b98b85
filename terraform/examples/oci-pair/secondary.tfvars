# The standby's workspace. Put your own values in: none of these exists.
dr                            = "standby"
dr_use_dedicated_routing      = false
manage_global_dns             = true
other_site_manages_global_dns = false

tenancy_ocid           = "ocid1.tenancy.oc1..example"
home_region            = "us-ashburn-1"
region                 = "us-chicago-1"
primary_region         = "us-ashburn-1"
name                   = "logs-standby"
compartment_id         = "ocid1.compartment.oc1..failover"
archive_compartment_id = "ocid1.compartment.oc1..logs"
humiocluster_name      = "logscale"

policy_name        = "logs-example-org"
dns_compartment_id = "ocid1.compartment.oc1..dns"
zone_id            = "ocid1.dns-zone.oc1..example"
global_hostname    = "logs.example.org"
primary_address    = "192.0.2.10"
secondary_address  = "198.51.100.10"

subnet_ids             = ["ocid1.subnet.oc1.us-chicago-1.example"]
image                  = "us-chicago-1.ocir.io/example/holdfast:1"
image_digest           = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
cluster_id             = "ocid1.cluster.oc1.us-chicago-1.example"
cluster_compartment_id = "ocid1.compartment.oc1..standby"
primary_probe_url      = "https://primary.logs.example.org/api/v1/status"
notify_emails          = ["on-call@example.org"]
