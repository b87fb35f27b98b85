variable "dr" {
  description = "What this site is: active, or standby with a failover function beside it."
  type        = string

  validation {
    condition     = contains(["active", "standby"], var.dr)
    error_message = "dr: active or standby."
  }
}

variable "dr_use_dedicated_routing" {
  description = "true sends users to the pools of their service, false to every LogScale pod: phase 1 of a promotion, and a standby."
  type        = bool
}

variable "tenancy_ocid" {
  description = "The tenancy."
  type        = string
}

variable "home_region" {
  description = "Its home region."
  type        = string
}

variable "region" {
  description = "Region of this site."
  type        = string
}

variable "primary_region" {
  description = "Region of the primary."
  type        = string
}

variable "name" {
  description = "Name of this site, such as logs-standby."
  type        = string
}

variable "compartment_id" {
  description = "Compartment of the function, its topic and alarms, and nothing else."
  type        = string
}

variable "archive_compartment_id" {
  description = "Compartment of the bucket that keeps the log."
  type        = string
}

variable "kms_key_id" {
  description = "Key of Vault that the bucket is encrypted with; null is Oracle's."
  type        = string
  default     = null
}

variable "humiocluster_name" {
  description = "Name of the HumioCluster."
  type        = string
}

# Global DNS.

variable "manage_global_dns" {
  description = "True in one workspace only."
  type        = bool

  validation {
    condition     = !var.manage_global_dns || var.region != var.primary_region
    error_message = "manage_global_dns: the standby's workspace manages the global DNS; the monitor must not live in the primary's region."
  }
}

variable "other_site_manages_global_dns" {
  description = "Output manages_global_dns of the other workspace."
  type        = bool
}

variable "policy_name" {
  description = "Name of the steering policy."
  type        = string
}

variable "dns_compartment_id" {
  description = "Compartment of the steering policy and the monitor."
  type        = string
}

variable "zone_id" {
  description = "OCID of the public zone of the global name."
  type        = string
}

variable "global_hostname" {
  description = "The name that users type."
  type        = string
}

variable "primary_address" {
  description = "IPv4 address of the primary's load balancer."
  type        = string
}

variable "secondary_address" {
  description = "IPv4 address of the standby's load balancer."
  type        = string
}

variable "steering_policy_id" {
  description = "OCID of the policy where the other workspace manages it (its output)."
  type        = string
  default     = null

  validation {
    condition     = var.dr == "active" || var.manage_global_dns || var.steering_policy_id != null
    error_message = "steering_policy_id: a standby needs that of the other workspace, or manage_global_dns = true."
  }
}

variable "primary_health_check_id" {
  description = "OCID of the monitor where the other workspace manages it (its output)."
  type        = string
  default     = null

  validation {
    condition     = var.dr == "active" || var.manage_global_dns || var.primary_health_check_id != null
    error_message = "primary_health_check_id: a standby needs that of the other workspace, or manage_global_dns = true."
  }
}

# The failover function, beside a standby.

variable "subnet_ids" {
  description = "Subnets of the function."
  type        = list(string)
}

variable "image" {
  description = "Its image, in the registry of this site's region."
  type        = string
}

variable "image_digest" {
  description = "The digest of the image: what `make package` writes to dist/holdfast-oci-function.digest."
  type        = string
}

variable "cluster_id" {
  description = "OCID of this site's OKE cluster."
  type        = string
}

variable "cluster_compartment_id" {
  description = "Its compartment."
  type        = string
}

variable "primary_probe_url" {
  description = "Status endpoint of the primary itself."
  type        = string
}

variable "notify_emails" {
  description = "Addresses that are told."
  type        = list(string)
}

variable "pre_failover_failure_seconds" {
  description = "The holdoff."
  type        = number
  default     = 180
}

variable "failover_cooldown_seconds" {
  description = "The cooldown."
  type        = number
  default     = 300
}

variable "max_retries" {
  description = "Further attempts of one call."
  type        = number
  default     = 3
}

variable "testing" {
  description = "Allows a holdoff of 0."
  type        = bool
  default     = false
}

# LogScale in production.

variable "node_count" {
  description = "Digest nodes of an active site."
  type        = number
  default     = 3
}

variable "replication_factor" {
  description = "Replication factor of an active site."
  type        = number
  default     = 2
}
