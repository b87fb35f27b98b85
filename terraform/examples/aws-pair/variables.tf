variable "region" {
  description = "Region of this workspace's site."
  type        = string
}

variable "cluster_name" {
  description = "EKS name of this workspace's cluster; the HumioCluster has the same name unless humiocluster_name says otherwise."
  type        = string
}

variable "humiocluster_name" {
  description = "Name of the HumioCluster. Null: cluster_name."
  type        = string
  default     = null
}

variable "dr" {
  description = "\"active\" or \"standby\": what this workspace's site is now."
  type        = string

  validation {
    condition     = contains(["active", "standby"], var.dr)
    error_message = "dr must be \"active\" or \"standby\"."
  }
}

variable "dr_use_dedicated_routing" {
  description = "Whether Services choose the pods of their own node pool. False while a promotion scales up: then they choose every LogScale pod."
  type        = bool
  default     = true
}

variable "is_failover_site" {
  description = "Whether this workspace's site has the function while it is the standby."
  type        = bool
}

variable "manage_global_dns" {
  description = "Whether this workspace has the failover records. True in one workspace; promotion does not move it."
  type        = bool

  validation {
    condition     = !var.manage_global_dns || !var.other_site_manages_global_dns
    error_message = "Both workspaces would have the failover records: set manage_global_dns to false in the other one, apply it, and set other_site_manages_global_dns to false here."
  }
}

variable "other_site_manages_global_dns" {
  description = "Whether the other workspace has them (its output manages_global_dns)."
  type        = bool
}

variable "zone_name" {
  description = "Domain name of the hosted zone."
  type        = string
}

variable "global_logscale_hostname" {
  description = "First label of the name that users type."
  type        = string
  default     = "logscale"
}

variable "primary_logscale_hostname" {
  description = "First label of the primary's own name."
  type        = string
  default     = "logscale-primary"
}

variable "secondary_logscale_hostname" {
  description = "First label of the standby's own name."
  type        = string
  default     = "logscale-secondary"
}

variable "route53_record_ttl" {
  description = "TTL of the failover records, in seconds."
  type        = number
  default     = 60
}

variable "primary_health_check_id" {
  description = "Output primary_health_check_id of the workspace that manages the DNS. Not needed in that workspace."
  type        = string
  default     = null
}

variable "dr_failover_lambda_pre_failover_failure_seconds" {
  description = "The holdoff in seconds."
  type        = number
  default     = 180
}

variable "notification_emails" {
  description = "Who is told."
  type        = set(string)
  default     = []
}

variable "package" {
  description = "The function's zip. Null: what `make package` writes."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
