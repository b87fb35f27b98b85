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

variable "subscription_id" {
  description = "Subscription of this site."
  type        = string
}

variable "name" {
  description = "Name of this site, such as logs-standby."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group of this site, in its region."
  type        = string
}

variable "location" {
  description = "Region of this site."
  type        = string
}

variable "primary_region" {
  description = "Region of the primary."
  type        = string
}

variable "humiocluster_name" {
  description = "Name of the HumioCluster."
  type        = string
}

# Global DNS.

variable "manage_global_dns" {
  description = "True in one workspace only."
  type        = bool
}

variable "other_site_manages_global_dns" {
  description = "Output manages_global_dns of the other workspace."
  type        = bool
}

variable "profile_name" {
  description = "Name of the Traffic Manager profile."
  type        = string
}

variable "dns_resource_group_name" {
  description = "Its resource group, not in the primary's region."
  type        = string
}

variable "global_hostname" {
  description = "The name that users type."
  type        = string
}

variable "primary_target" {
  description = "Name or address of the primary's load balancer."
  type        = string
}

variable "secondary_target" {
  description = "Name or address of the standby's load balancer."
  type        = string
}

variable "dns_zone" {
  description = "Zone of Azure DNS for the global name; null where it is elsewhere."
  type        = object({ name = string, resource_group_name = string })
  default     = null
}

variable "traffic_manager_profile_id" {
  description = "Id of the profile where the other workspace manages it (its output traffic_manager_profile_id)."
  type        = string
  default     = null

  validation {
    condition     = var.dr == "active" || var.manage_global_dns || var.traffic_manager_profile_id != null
    error_message = "traffic_manager_profile_id: a standby needs the profile of the other workspace, or manage_global_dns = true."
  }
}

variable "traffic_manager_health_check_interval" {
  description = "Seconds between two probes: 30 or 10."
  type        = number
  default     = 30
}

variable "traffic_manager_health_check_timeout" {
  description = "Seconds that a probe waits."
  type        = number
  default     = 10
}

variable "traffic_manager_tolerated_failures" {
  description = "Probes in a row that may fail."
  type        = number
  default     = 3
}

# The failover function, beside a standby.

variable "aks_cluster_id" {
  description = "Id of this site's AKS cluster."
  type        = string
}

variable "primary_probe_url" {
  description = "Status endpoint of the primary itself."
  type        = string
}

variable "alarm_key" {
  description = "Key of the function Alarm, beside a standby: openssl rand -hex 32, by the environment variable TF_VAR_alarm_key."
  type        = string
  sensitive   = true
  default     = null
}

variable "operator_ip_ranges" {
  description = "Networks from which people call and deploy the function."
  type        = list(string)
}

variable "notify_emails" {
  description = "Addresses that are told."
  type        = list(string)
}

variable "virtual_network_subnet_id" {
  description = "Subnet of the function, for a private cluster."
  type        = string
  default     = null
}

variable "dr_failover_function_pre_failover_failure_seconds" {
  description = "The holdoff."
  type        = number
  default     = 180
}

variable "dr_failover_function_cooldown_seconds" {
  description = "The cooldown."
  type        = number
  default     = 300
}

variable "dr_failover_function_max_retries" {
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
