variable "manage_global_dns" {
  description = "True in one workspace only: the one that owns the profile and both endpoints."
  type        = bool

  validation {
    condition     = !(var.manage_global_dns && var.other_site_manages_global_dns)
    error_message = "manage_global_dns: the other site manages the global DNS already (other_site_manages_global_dns). Two states that manage one profile undo each other's changes, and the lock with them."
  }
}

variable "other_site_manages_global_dns" {
  description = "What the other workspace says (its output manages_global_dns)."
  type        = bool
}

variable "name" {
  description = "Name of the Traffic Manager profile. NAME.trafficmanager.net must be free."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$", var.name))
    error_message = "name: 1 to 63 letters, digits and dashes."
  }
}

variable "resource_group_name" {
  description = "Resource group of the profile. Not in the primary's region: while a region is down, Resource Manager may not write what lies in its groups, and the lock is such a write."
  type        = string
}

variable "primary_region" {
  description = "Region of the primary, such as northeurope."
  type        = string
}

variable "global_hostname" {
  description = "The name that users type, such as logs.example.org. Sent as Host by the probes."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.global_hostname))
    error_message = "global_hostname: a host name, such as logs.example.org."
  }
}

variable "primary_target" {
  description = "Name or address of the primary's load balancer."
  type        = string

  validation {
    condition     = var.primary_target != var.global_hostname && var.primary_target != var.secondary_target
    error_message = "primary_target: the primary's own name or address. Neither the global name, which leads to whichever site is active, nor the secondary's."
  }
}

variable "secondary_target" {
  description = "Name or address of the standby's load balancer."
  type        = string

  validation {
    condition     = var.secondary_target != var.global_hostname
    error_message = "secondary_target: the standby's own name or address, not the global name."
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

# The names are the reference's.

variable "traffic_manager_health_check_interval" {
  description = "Seconds between two probes: 30 or 10."
  type        = number
  default     = 30

  validation {
    condition     = contains([10, 30], var.traffic_manager_health_check_interval)
    error_message = "traffic_manager_health_check_interval: 10 or 30."
  }
}

variable "traffic_manager_health_check_timeout" {
  description = "Seconds that a probe waits for an answer: 5 to 10, and to 9 when they come each 10 s."
  type        = number
  default     = 10

  validation {
    condition     = var.traffic_manager_health_check_timeout >= 5 && var.traffic_manager_health_check_timeout <= (var.traffic_manager_health_check_interval == 10 ? 9 : 10)
    error_message = "traffic_manager_health_check_timeout: 5 to 10 seconds, and 5 to 9 with an interval of 10."
  }
}

variable "traffic_manager_tolerated_failures" {
  description = "Probes in a row that may fail before an endpoint counts as down."
  type        = number
  default     = 3

  validation {
    condition     = contains(range(0, 10), var.traffic_manager_tolerated_failures)
    error_message = "traffic_manager_tolerated_failures: a whole number, 0 to 9."
  }
}

variable "dns_zone" {
  description = "Zone of Azure DNS in which the global name is made an alias of the profile; null where DNS is elsewhere: then make the record of output cname there."
  type = object({
    name                = string
    resource_group_name = string
  })
  default = null

  validation {
    condition     = var.dns_zone == null || endswith(var.global_hostname, ".${try(var.dns_zone.name, "")}")
    error_message = "dns_zone: global_hostname must lie in the zone, and may not be its apex, where no CNAME can be."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}
