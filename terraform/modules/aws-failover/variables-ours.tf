# What the reference's module does not have.

variable "package" {
  description = "The zip that `make package` writes. Null: dist/holdfast-aws-lambda-ARCHITECTURE.zip of this repository."
  type        = string
  default     = null
}

variable "architecture" {
  description = "What the zip was built for."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be \"x86_64\" or \"arm64\"."
  }
}

variable "no_holdoff_for_tests" {
  description = "Allows pre_failover_failure_seconds = 0. For tests only: one missed answer of the primary then fails over."
  type        = bool
  default     = false
}

variable "log_level" {
  description = "Level of the function's log. Not above info: alarms that tell people read the log."
  type        = string
  default     = "info"

  validation {
    condition     = contains(["info", "debug", "trace"], var.log_level)
    error_message = "log_level must be info, debug or trace: with less, the alarms that read the log would be silent."
  }
}

variable "reserved_concurrency" {
  description = "How many calls may run at once. Waiting calls must not keep an operator's call out. -1: no reservation."
  type        = number
  default     = 5

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency >= 2
    error_message = "reserved_concurrency must be 2 or more (one call that waits, one of an operator), or -1. 0 would switch the function off."
  }
}

variable "global_fqdn" {
  description = "The name that users type: the function's second witness (HOLDFAST_TRAFFIC_NAME). Null: none. Leave it out where both sites are behind the same addresses."
  type        = string
  default     = null
}

variable "operator_deployment" {
  description = "Name of the operator's Deployment. The Role of infra/kubernetes names it too."
  type        = string
  default     = "humio-operator"
}

variable "object_name" {
  description = "Name of the Lease and of the ConfigMap. The Role of infra/kubernetes names them too."
  type        = string
  default     = "holdfast"
}

variable "kubernetes_group" {
  description = "Group of Kubernetes that the access entry gives the function. The RoleBinding of infra/kubernetes binds it."
  type        = string
  default     = "dr-failover"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]*$", var.kubernetes_group)) && !startswith(var.kubernetes_group, "system:")
    error_message = "kubernetes_group must be a name of its own; EKS allows none that begins with system:."
  }
}

variable "cluster_endpoint" {
  description = "Address of the standby's API server, so that a failover need not ask EKS. Null: it is asked. Set with cluster_ca_data or not at all."
  type        = string
  default     = null

  validation {
    condition     = var.cluster_endpoint == null || can(regex("^https://[^/?#@]+/?$", var.cluster_endpoint))
    error_message = "cluster_endpoint must be an https address without a path."
  }
}

variable "cluster_ca_data" {
  description = "Its certificate authority: PEM in base64, as EKS tells it."
  type        = string
  default     = null

  validation {
    condition     = (var.cluster_ca_data == null) == (var.cluster_endpoint == null)
    error_message = "cluster_endpoint and cluster_ca_data are set together or not at all."
  }
}

variable "settings" {
  description = "Further settings of the function, by their names in docs/CONFIGURATION.md, such as HOLDFAST_CONTROL_TARGETS. Those that other variables set are refused. They are in clear text in the plan, in the state and in the function's configuration: no password in a proxy's address."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^(HOLDFAST_[A-Z_]+|HTTPS_PROXY|ALL_PROXY|NO_PROXY|SSL_CERT_FILE)$", name))])
    error_message = "settings may hold HOLDFAST_..., HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE; the others have variables of their own."
  }
}

variable "dns_role_arn" {
  description = "Role that the function assumes for the health check and its metrics, where these are in another account. Null: its own role."
  type        = string
  default     = null

  validation {
    condition     = var.dns_role_arn == null || can(regex("^arn:aws:iam::[0-9]{12}:role/.+$", var.dns_role_arn))
    error_message = "dns_role_arn must be the ARN of a role."
  }
}

variable "dns_role_external_id" {
  description = "The external id that its trust policy asks for."
  type        = string
  default     = null

  validation {
    condition     = var.dns_role_external_id == null || var.dns_role_arn != null
    error_message = "dns_role_external_id needs dns_role_arn."
  }
}

variable "sns_service_principal" {
  description = "Who may call the function for the topic. For a cluster in an opt-in region: sns.REGION.amazonaws.com of that region."
  type        = string
  default     = "sns.amazonaws.com"
}

variable "alarm_evaluation_periods" {
  description = "After how many failing minutes the alarm calls. 1: the function begins to watch at once and waits out the holdoff itself."
  type        = number
  default     = 1

  validation {
    condition     = contains(range(1, 11), var.alarm_evaluation_periods)
    error_message = "alarm_evaluation_periods must be a whole number, 1 to 10."
  }
}

variable "notification_topic_arn" {
  description = "A topic in the standby's region that tells people. Null: the module makes one."
  type        = string
  default     = null
}

variable "messages_topic_arn" {
  description = "A topic to which the function itself publishes each message of an outage, in words (HOLDFAST_NOTIFY_TOPIC). It may be the one of notification_topic_arn, whose subscribers then get alarms and messages. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.messages_topic_arn == null || can(regex("^arn:aws:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.messages_topic_arn))
    error_message = "messages_topic_arn: the ARN of a topic that is not FIFO, arn:aws:sns:REGION:ACCOUNT:NAME."
  }
}

variable "notification_emails" {
  description = "Addresses that the module's own topic tells. Each gets a message that asks it to confirm."
  type        = set(string)
  default     = []

  validation {
    condition     = length(var.notification_emails) == 0 || var.notification_topic_arn == null
    error_message = "notification_emails are for the module's own topic: leave notification_topic_arn out, or subscribe them to that topic."
  }
}

variable "preflight_schedule" {
  description = "When the function looks whether a failover would succeed. Null: never by itself."
  type        = string
  default     = "rate(1 day)"
}

variable "paused_alarm_hours" {
  description = "People are told when the function has been paused for this many hours."
  type        = number
  default     = 4

  validation {
    condition     = contains(range(1, 25), var.paused_alarm_hours)
    error_message = "paused_alarm_hours must be a whole number, 1 to 24."
  }
}

variable "vpc" {
  description = "For a cluster whose endpoint is private: the function's subnets (private ones with a NAT gateway), their VPC, the cluster's security group, and the services that get an interface endpoint in these subnets (eks, ssm, sts). Null: no VPC."
  type = object({
    vpc_id                    = string
    subnet_ids                = set(string)
    cluster_security_group_id = string
    interface_endpoints       = optional(set(string), [])
  })
  default = null

  validation {
    condition     = var.vpc == null || try(length(var.vpc.subnet_ids) >= 2, false)
    error_message = "vpc.subnet_ids must name two subnets or more, in different zones: one zone may be what fails."
  }

  validation {
    condition     = var.vpc == null || try(alltrue([for service in var.vpc.interface_endpoints : contains(["eks", "ssm", "sts"], service)]), false)
    error_message = "vpc.interface_endpoints may name eks, ssm and sts; the function calls no other service of the standby's region."
  }
}

variable "mode" {
  description = "What becomes of a failover that is due: it begins (automatic), people are asked first (ask), or it is only told and noted (observe)."
  type        = string
  default     = "automatic"

  validation {
    condition     = contains(["automatic", "ask", "observe"], var.mode)
    error_message = "mode must be automatic, ask or observe."
  }
}
