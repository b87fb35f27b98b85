# One root for both sites: a workspace and a file of variables for each (README.md).

provider "oci" {
  region = var.region
}

# Dynamic groups and policies are written in the tenancy's home region.
provider "oci" {
  alias  = "home"
  region = var.home_region
}

# The log of the function, and its copy. Not the function's: they stay when promotion removes it.
resource "oci_logging_log_group" "log" {
  compartment_id = var.compartment_id
  display_name   = "${var.name}-log"
  description    = "Logs of the failover function"
}

data "oci_objectstorage_namespace" "this" {
  compartment_id = var.tenancy_ocid
}

resource "oci_objectstorage_bucket" "archive" {
  compartment_id        = var.archive_compartment_id
  namespace             = data.oci_objectstorage_namespace.this.namespace
  name                  = "${var.name}-log"
  access_type           = "NoPublicAccess"
  object_events_enabled = true
  versioning            = "Enabled"
  kms_key_id            = var.kms_key_id
}

# In one of the two workspaces. It belongs to the standby's: the monitor must not live in the primary's region.
module "global_dns" {
  source = "../../modules/oci-global-dns"

  manage_global_dns             = var.manage_global_dns
  other_site_manages_global_dns = var.other_site_manages_global_dns
  name                          = var.policy_name
  compartment_id                = var.dns_compartment_id
  region                        = var.region
  primary_region                = var.primary_region
  zone_id                       = var.zone_id
  global_hostname               = var.global_hostname
  primary_address               = var.primary_address
  secondary_address             = var.secondary_address
}

# Beside a standby only: promotion (dr = "active") removes all of it.
module "failover" {
  source = "../../modules/oci-failover"
  count  = var.dr == "standby" ? 1 : 0

  providers = {
    oci      = oci
    oci.home = oci.home
  }

  name           = "${var.name}-failover"
  tenancy_ocid   = var.tenancy_ocid
  region         = var.region
  primary_region = var.primary_region
  compartment_id = var.compartment_id
  subnet_ids     = var.subnet_ids
  image          = var.image
  image_digest   = var.image_digest

  cluster_id                  = var.cluster_id
  cluster_compartment_id      = var.cluster_compartment_id
  humiocluster_name           = var.humiocluster_name
  steering_policy_id          = var.manage_global_dns ? module.global_dns.steering_policy_id : var.steering_policy_id
  dns_compartment_id          = var.dns_compartment_id
  primary_health_check_id     = var.manage_global_dns ? module.global_dns.primary_health_check_id : var.primary_health_check_id
  health_check_compartment_id = var.dns_compartment_id
  primary_probe_url           = var.primary_probe_url
  secondary_address           = var.secondary_address

  pre_failover_failure_seconds = var.pre_failover_failure_seconds
  failover_cooldown_seconds    = var.failover_cooldown_seconds
  max_retries                  = var.max_retries
  testing                      = var.testing

  notify_emails = var.notify_emails
  log_group_id  = oci_logging_log_group.log.id
  archive = {
    compartment_id = var.archive_compartment_id
    namespace      = data.oci_objectstorage_namespace.this.namespace
    bucket         = oci_objectstorage_bucket.archive.name
  }
}
