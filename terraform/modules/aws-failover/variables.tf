# The names up to `cooldown_ssm_parameter` are those of the reference's module (dr-failover-lambda), so that its values can be taken over.

variable "enabled" {
  description = "Whether this workspace is a site that has a function while it is the standby. False: the module makes nothing."
  type        = bool
  default     = true
}

variable "dr" {
  description = "\"standby\": the function is there. \"active\" or \"\": it is not; of what the module made only the log group stays."
  type        = string
  default     = "standby"

  validation {
    condition     = contains(["", "active", "standby"], var.dr)
    error_message = "dr must be \"active\", \"standby\" or \"\"."
  }
}

variable "primary_health_check_id" {
  description = "Id of the primary's Route 53 health check: output primary_health_check_id of aws-global-dns in the primary's workspace. Null is for a site that is not the standby."
  type        = string
  default     = null

  validation {
    condition     = var.primary_health_check_id == null || can(regex("^[A-Za-z0-9-]*$", var.primary_health_check_id))
    error_message = "primary_health_check_id must be an id: letters, digits and -."
  }
}

variable "primary_health_check_fqdn" {
  description = "The primary's own name, which the health check watches while it is not locked. The function probes it too."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]*[a-z0-9]$", var.primary_health_check_fqdn)) && !endswith(var.primary_health_check_fqdn, ".invalid")
    error_message = "primary_health_check_fqdn must be a host name in lower case: no scheme, no port, no IP address (a health check with one cannot be locked by its name), not .invalid."
  }
}

variable "secondary_health_check_id" {
  description = "Id of a health check of the standby that must be healthy before a failover. Null, the default: no such gate. LogScale does not run on the standby, so only a check of its load balancer (TCP) can be healthy."
  type        = string
  default     = null

  validation {
    condition     = var.secondary_health_check_id == null || can(regex("^[A-Za-z0-9-]*$", var.secondary_health_check_id))
    error_message = "secondary_health_check_id must be an id: letters, digits and -."
  }
}

variable "skip_secondary_health_check" {
  description = "Leaves out the gate of secondary_health_check_id."
  type        = bool
  default     = false
}

variable "cluster_name" {
  description = "EKS name of the standby cluster."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$", var.cluster_name))
    error_message = "cluster_name must be a name of EKS: letters, digits, - and _, at most 100."
  }
}

variable "cluster_region" {
  description = "Region of the standby cluster. The provider `aws` must have the same: the function runs there."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.cluster_region))
    error_message = "cluster_region must be a region of AWS, such as \"us-west-2\"."
  }
}

variable "cluster_namespace" {
  description = "Namespace of LogScale in the standby cluster."
  type        = string
  default     = "logging"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.cluster_namespace))
    error_message = "cluster_namespace must be a name of Kubernetes."
  }
}

variable "humiocluster_name" {
  description = "Name of the HumioCluster. Empty: no TLS secret is touched, and only the operator is verified."
  type        = string
  default     = ""

  validation {
    condition     = var.humiocluster_name == "" || can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", var.humiocluster_name))
    error_message = "humiocluster_name must be a name of Kubernetes, or empty."
  }
}

variable "operator_target_replicas" {
  description = "The humio-operator is scaled up to this, never down."
  type        = number
  default     = 1

  validation {
    condition     = contains(range(1, 11), var.operator_target_replicas)
    error_message = "operator_target_replicas must be a whole number, 1 to 10."
  }
}

variable "name_prefix" {
  description = "Begins the names of what the module makes: NAME_PREFIX-handler, NAME_PREFIX-sns, NAME_PREFIX-primary-unhealthy."
  type        = string
  default     = "logscale-dr-failover"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,53}$", var.name_prefix)) && !startswith(lower(var.name_prefix), "aws") && !startswith(lower(var.name_prefix), "ssm")
    error_message = "name_prefix must be at most 54 letters, digits, - and _, and not begin with aws or ssm."
  }
}

variable "tags" {
  description = "Tags of everything that can have some."
  type        = map(string)
  default     = {}
}

variable "lambda_timeout_seconds" {
  description = "Time-out of the function. An alarm calls it once, so it waits inside the call: at least the holdoff and 120 s."
  type        = number
  default     = 300

  validation {
    condition     = var.lambda_timeout_seconds >= 1 && var.lambda_timeout_seconds <= 900
    error_message = "lambda_timeout_seconds must be 1 to 900, which is the most that Lambda allows."
  }
}

variable "lambda_memory_mb" {
  description = "Memory of the function in MB. Lambda gives CPU in proportion."
  type        = number
  default     = 256

  validation {
    condition     = var.lambda_memory_mb >= 128 && var.lambda_memory_mb <= 10240
    error_message = "lambda_memory_mb must be 128 to 10240."
  }
}

variable "log_retention_days" {
  description = "How long the function's log is kept, in days."
  type        = number
  default     = 365

  validation {
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of the values of CloudWatch: 0 (for ever), 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "max_retries" {
  description = "Further attempts of one call to the cluster or to AWS."
  type        = number
  default     = 3

  validation {
    condition     = contains(range(0, 11), var.max_retries)
    error_message = "max_retries must be a whole number, 0 to 10."
  }
}

variable "base_delay_seconds" {
  description = "First pause between attempts in seconds; it doubles."
  type        = number
  default     = 1

  validation {
    condition     = var.base_delay_seconds >= 0.1 && var.base_delay_seconds <= 10
    error_message = "base_delay_seconds must be 0.1 to 10."
  }
}

variable "max_delay_seconds" {
  description = "Longest pause between attempts in seconds."
  type        = number
  default     = 30

  validation {
    condition     = var.max_delay_seconds >= 1 && var.max_delay_seconds <= 60
    error_message = "max_delay_seconds must be 1 to 60."
  }
}

variable "pre_failover_failure_seconds" {
  description = "The holdoff: for how many seconds the primary must have been failing without a break."
  type        = number
  default     = 180

  validation {
    condition     = var.pre_failover_failure_seconds >= 0 && var.pre_failover_failure_seconds <= 600 && floor(var.pre_failover_failure_seconds) == var.pre_failover_failure_seconds
    error_message = "pre_failover_failure_seconds must be a whole number, 0 to 600."
  }
}

variable "failover_cooldown_seconds" {
  description = "For how many seconds after the start of a failover another one is refused."
  type        = number
  default     = 300

  validation {
    condition     = var.failover_cooldown_seconds >= 0 && var.failover_cooldown_seconds <= 3600 && floor(var.failover_cooldown_seconds) == var.failover_cooldown_seconds
    error_message = "failover_cooldown_seconds must be a whole number, 0 to 3600."
  }
}

variable "cooldown_ssm_parameter" {
  description = "Name of the parameter with the time of the last failover. Null: /logscale-dr/NAME_PREFIX-handler/last-failover-timestamp. The reference's module calls it /NAME_PREFIX/last-failover-time."
  type        = string
  default     = null

  validation {
    condition     = var.cooldown_ssm_parameter == null || can(regex("^(/[A-Za-z0-9_.-]+){1,15}$", var.cooldown_ssm_parameter))
    error_message = "cooldown_ssm_parameter must be a name of a parameter: /, letters, digits, _ . -, at most 15 levels."
  }
}
