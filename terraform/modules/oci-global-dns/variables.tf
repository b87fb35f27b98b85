variable "manage_global_dns" {
  description = "True in one workspace only: the one that owns the steering policy."
  type        = bool

  validation {
    condition     = !(var.manage_global_dns && var.other_site_manages_global_dns)
    error_message = "manage_global_dns: the other site manages the global DNS already (other_site_manages_global_dns). Two states that manage one policy undo each other's changes, and the lock with them."
  }
}

variable "other_site_manages_global_dns" {
  description = "What the other workspace says (its output manages_global_dns)."
  type        = bool
}

variable "name" {
  description = "Name of the policy and of the monitor."
  type        = string
}

variable "compartment_id" {
  description = "Compartment of the policy and the monitor."
  type        = string
}

variable "region" {
  description = "Region of the provider: the standby's. A monitor lives in the region that it was made in, and must outlive the primary's."
  type        = string

  validation {
    condition     = !var.manage_global_dns || var.region != var.primary_region
    error_message = "region: make the global DNS with a provider of the standby's region; the monitor's points are gone with the primary's region (primary_region) otherwise."
  }
}

variable "primary_region" {
  description = "Region of the primary, such as us-ashburn-1."
  type        = string
}

variable "zone_id" {
  description = "OCID of the public zone of the global name."
  type        = string
}

variable "global_hostname" {
  description = "The name that users type, such as logs.example.org."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.global_hostname))
    error_message = "global_hostname: a host name, such as logs.example.org."
  }
}

variable "primary_address" {
  description = "IPv4 address of the primary's load balancer."
  type        = string

  validation {
    condition     = can(cidrhost("${var.primary_address}/32", 0)) && var.primary_address != var.secondary_address
    error_message = "primary_address: an IPv4 address, and not the secondary's."
  }
}

variable "secondary_address" {
  description = "IPv4 address of the standby's load balancer."
  type        = string

  validation {
    condition     = can(cidrhost("${var.secondary_address}/32", 0))
    error_message = "secondary_address: an IPv4 address."
  }
}

variable "ttl" {
  description = "Seconds that resolvers keep an answer."
  type        = number
  default     = 60

  validation {
    condition     = var.ttl >= 10 && var.ttl <= 3600
    error_message = "ttl: 10 to 3600 seconds; clients stay at the old site for as long."
  }
}

variable "health_check_interval" {
  description = "Seconds between two probes of each vantage point: 10, 30 or 60."
  type        = number
  default     = 30

  validation {
    condition     = contains([10, 30, 60], var.health_check_interval)
    error_message = "health_check_interval: 10, 30 or 60. At 60 a minute may be without a point, and the tick with it."
  }
}

variable "freeform_tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}
