# The names are those of the reference's module, so that its values can be taken over.

variable "zone_name" {
  description = "Domain name of the hosted zone, without a dot at its end."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]*[a-z0-9]$", var.zone_name))
    error_message = "zone_name must be a domain name in lower case, such as \"example.com\", without a dot at its end and no IP address."
  }
}

variable "zone_id" {
  description = "Id of the hosted zone. Null: it is looked up by its name."
  type        = string
  default     = null
}

variable "manage_global_dns" {
  description = "Whether this workspace has the failover records. True in exactly one workspace."
  type        = bool
  default     = true
}

variable "other_site_manages_global_dns" {
  description = "Output manages_global_dns of the other workspace, so that two states never fight over the same records. Null: not known."
  type        = bool
  default     = null
}

variable "dr" {
  description = "\"active\" for the primary, \"standby\" for the standby, \"\" for a cluster without disaster recovery."
  type        = string
  default     = "active"

  validation {
    condition     = contains(["", "active", "standby"], var.dr)
    error_message = "dr must be \"active\", \"standby\" or \"\"."
  }
}

variable "global_logscale_hostname" {
  description = "First label of the name that users type, such as \"logscale\"."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.global_logscale_hostname))
    error_message = "global_logscale_hostname must be one label of a host name in lower case, without the zone and no IP address."
  }
}

variable "primary_logscale_hostname" {
  description = "First label of the primary's own name, such as \"logscale-primary\". Its health check watches this name."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.primary_logscale_hostname))
    error_message = "primary_logscale_hostname must be one label of a host name in lower case, without the zone and no IP address: the lock swaps the name that the health check looks up, and a check with an IP address looks up none."
  }
}

variable "secondary_logscale_hostname" {
  description = "First label of the standby's own name, such as \"logscale-secondary\"."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.secondary_logscale_hostname))
    error_message = "secondary_logscale_hostname must be one label of a host name in lower case, without the zone and no IP address."
  }

  validation {
    condition     = length(distinct([var.global_logscale_hostname, var.primary_logscale_hostname, var.secondary_logscale_hostname])) == 3
    error_message = "global_logscale_hostname, primary_logscale_hostname and secondary_logscale_hostname must be three different names."
  }
}

variable "route53_record_ttl" {
  description = "TTL of the failover records in seconds: how long resolvers go on with the old answer after a failover."
  type        = number
  default     = 60

  validation {
    condition     = var.route53_record_ttl >= 1 && var.route53_record_ttl <= 300
    error_message = "route53_record_ttl must be 1 to 300 seconds; 60 is what AWS advises for records with a health check."
  }
}

variable "observe_secondary" {
  description = "Whether a health check watches the standby's name. It is attached to no record."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of the health checks."
  type        = map(string)
  default     = {}
}
