# Where it is. The provider `oci` is that of the standby's region: what lies in the primary's is gone with it.

variable "name" {
  description = "Name of the function, and what the names of everything else begin with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,50}[a-z0-9]$", var.name))
    error_message = "name: 2 to 52 lower-case letters, digits and dashes."
  }
}

variable "tenancy_ocid" {
  description = "The tenancy, where dynamic groups and policies are kept."
  type        = string
}

variable "region" {
  description = "Region of the standby, such as us-chicago-1; that of the provider `oci`."
  type        = string

  validation {
    condition     = var.region != var.primary_region
    error_message = "region: the function must not be in the primary's region (primary_region), or it is gone with it."
  }
}

variable "primary_region" {
  description = "Region of the primary, such as us-ashburn-1."
  type        = string
}

variable "compartment_id" {
  description = "Compartment of the function, its topic and its alarms, and of nothing else: every subscription in it may call the function."
  type        = string

  validation {
    condition     = var.compartment_id != var.cluster_compartment_id && var.compartment_id != var.tenancy_ocid
    error_message = "compartment_id: the function needs a compartment of its own. Whoever may make a topic beside it could call it as an alarm."
  }
}

variable "subnet_ids" {
  description = "Subnets of the application. They must reach the cluster's API (TCP 6443), OCI's API by a service gateway, and by a NAT gateway the primary's endpoint and the control targets in other regions."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "subnet_ids: at least one subnet."
  }
}

variable "network_security_group_ids" {
  description = "Security groups of the function."
  type        = list(string)
  default     = []
}

variable "freeform_tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}

# The image.

variable "image" {
  description = "The function's image in the standby's region: REGION.ocir.io/NAMESPACE/REPOSITORY:TAG."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.ocir\\.io/[^/]+/.+:[^:@/]+$", var.image))
    error_message = "image: REGION.ocir.io/NAMESPACE/REPOSITORY:TAG."
  }
}

variable "image_digest" {
  description = "Its digest: `make package` writes it to dist/holdfast-oci-function.digest. The function runs these bytes whatever becomes of the tag."
  type        = string

  validation {
    condition     = can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "image_digest: sha256: and 64 hexadecimal digits."
  }
}

variable "shape" {
  description = "Architecture of the image: GENERIC_X86, which `make package` builds for, or GENERIC_ARM."
  type        = string
  default     = "GENERIC_X86"

  validation {
    condition     = contains(["GENERIC_X86", "GENERIC_ARM"], var.shape)
    error_message = "shape: GENERIC_X86 or GENERIC_ARM."
  }
}

# What is failed over. The names are the reference's where it has one.

variable "cluster_id" {
  description = "OCID of the standby's OKE cluster."
  type        = string

  validation {
    condition     = can(regex("^ocid1\\.cluster\\.", var.cluster_id))
    error_message = "cluster_id: the OCID of a cluster, ocid1.cluster...."
  }
}

variable "cluster_compartment_id" {
  description = "Its compartment."
  type        = string
}

variable "cluster_endpoint" {
  description = "Address of its API server, https. With cluster_ca_data a failover asks nothing of OKE to get in."
  type        = string
  default     = null

  validation {
    condition     = (var.cluster_endpoint == null) == (var.cluster_ca_data == null)
    error_message = "cluster_endpoint and cluster_ca_data: set both or neither."
  }
}

variable "cluster_ca_data" {
  description = "Its certificate authority, PEM in base64."
  type        = string
  default     = null
}

variable "cluster_namespace" {
  description = "Namespace of LogScale on the standby cluster."
  type        = string
  default     = "logging"
}

variable "humiocluster_name" {
  description = "Name of the HumioCluster. Without it no TLS secret is touched and only the operator is verified."
  type        = string
}

variable "operator_target_replicas" {
  description = "The operator is scaled up to this, never down."
  type        = number
  default     = 1

  validation {
    condition     = contains(range(1, 11), var.operator_target_replicas)
    error_message = "operator_target_replicas: a whole number, 1 to 10."
  }
}

variable "steering_policy_id" {
  description = "OCID of the steering policy (output steering_policy_id of oci-global-dns)."
  type        = string

  validation {
    condition     = can(regex("^ocid1\\.dnspolicy\\.", var.steering_policy_id))
    error_message = "steering_policy_id: the OCID of a steering policy, ocid1.dnspolicy...."
  }
}

variable "dns_compartment_id" {
  description = "Its compartment."
  type        = string
}

variable "primary_health_check_id" {
  description = "OCID of the HTTP monitor of the primary, made in the standby's region (output primary_health_check_id of oci-global-dns). It watches, and its points keep the tick going."
  type        = string

  validation {
    condition     = can(regex("^ocid1\\.httpmonitor\\.", var.primary_health_check_id))
    error_message = "primary_health_check_id: the OCID of an HTTP monitor, ocid1.httpmonitor...."
  }
}

variable "health_check_compartment_id" {
  description = "Its compartment."
  type        = string
}

variable "primary_target" {
  description = "Which target of the monitor is the primary; null when it has one."
  type        = string
  default     = null
}

variable "use_lb_health_metrics" {
  description = "Takes the history from the primary's load balancer, in the primary's region, and not from the monitor. The alarm stays with the monitor: an alarm cannot see another region."
  type        = bool
  default     = false

  validation {
    condition     = !var.use_lb_health_metrics || var.primary_lb_ocid != null
    error_message = "use_lb_health_metrics: needs primary_lb_ocid."
  }
}

variable "primary_lb_ocid" {
  description = "OCID of the primary's load balancer."
  type        = string
  default     = null

  validation {
    condition     = var.primary_lb_ocid == null || can(regex("^ocid1\\.loadbalancer\\.", var.primary_lb_ocid))
    error_message = "primary_lb_ocid: the OCID of a load balancer, ocid1.loadbalancer....; a network load balancer has other metrics."
  }
}

variable "lb_backend_set_name" {
  description = "Backend set of it that serves users."
  type        = string
  default     = "TCP-443"
}

variable "primary_lb_compartment_id" {
  description = "Its compartment; null is that of the health check."
  type        = string
  default     = null
}

variable "primary_probe_url" {
  description = "Status endpoint of the primary itself, under a name that no traffic routing touches. A region that is gone takes its metrics along: then this is the evidence."
  type        = string

  validation {
    condition     = var.primary_probe_url == "off" || can(regex("^https://[^/@\\s]+(/\\S*)?$", var.primary_probe_url))
    error_message = "primary_probe_url: an https address without a password, or off."
  }
}

variable "secondary_address" {
  description = "Address of the standby's ingress, for the secondary answer; null asks the ingress Service (infra/oci/ingress.yaml is then among the manifests)."
  type        = string
  default     = null
}

variable "messages_topic" {
  description = "A topic to which the function itself publishes each message of an outage, in words (HOLDFAST_NOTIFY_TOPIC), and its compartment, in which the function may then publish to every topic. Not in compartment_id: every subscription in there may call the function. Null: none."
  type        = object({ id = string, compartment_id = string })
  default     = null

  validation {
    condition     = var.messages_topic == null || can(regex("^ocid1\\.onstopic\\.", var.messages_topic.id))
    error_message = "messages_topic: id must be the OCID of a topic, ocid1.onstopic...."
  }

  validation {
    condition     = try(var.messages_topic.compartment_id, null) != var.compartment_id
    error_message = "messages_topic: not in compartment_id, in which the function has a compartment of its own."
  }
}

# When.

variable "pre_failover_failure_seconds" {
  description = "The holdoff: how long the primary must have been failing, proven."
  type        = number
  default     = 180

  validation {
    condition     = var.pre_failover_failure_seconds >= 0 && var.pre_failover_failure_seconds <= 600 && floor(var.pre_failover_failure_seconds) == var.pre_failover_failure_seconds
    error_message = "pre_failover_failure_seconds: whole seconds, 0 to 600."
  }

  validation {
    condition     = var.pre_failover_failure_seconds > 0 || var.testing
    error_message = "pre_failover_failure_seconds: 0 fails over at the first bad answer; it is for tests, with testing = true."
  }
}

variable "failover_cooldown_seconds" {
  description = "How long after the start of a failover another one is refused."
  type        = number
  default     = 300

  validation {
    condition     = var.failover_cooldown_seconds >= 0 && var.failover_cooldown_seconds <= 3600 && floor(var.failover_cooldown_seconds) == var.failover_cooldown_seconds
    error_message = "failover_cooldown_seconds: whole seconds, 0 to 3600."
  }
}

variable "max_retries" {
  description = "Further attempts of one call."
  type        = number
  default     = 3

  validation {
    condition     = contains(range(0, 11), var.max_retries)
    error_message = "max_retries: a whole number, 0 to 10."
  }
}

variable "alarm_repeat_minutes" {
  description = "Minutes between two notifications of an alarm that still fires."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 2, 3, 4, 5], var.alarm_repeat_minutes)
    error_message = "alarm_repeat_minutes: 1 to 5. OCI ends a call after 300 s, so one call may not see the holdoff's end: the alarm must come again within the next five minutes."
  }
}

variable "timeout_in_seconds" {
  description = "How long one call may run. 300 is the most that OCI allows; less leaves less of it to wait in."
  type        = number
  default     = 300

  validation {
    condition     = var.timeout_in_seconds >= 120 && var.timeout_in_seconds <= 300 && floor(var.timeout_in_seconds) == var.timeout_in_seconds
    error_message = "timeout_in_seconds: whole seconds, 120 to 300; OCI ends every call after 300 s."
  }
}

variable "testing" {
  description = "Allows a holdoff of 0. Never in production."
  type        = bool
  default     = false
}

variable "log_level" {
  description = "Level of the log. What people are told is read from lines of level info."
  type        = string
  default     = "info"

  validation {
    condition     = contains(["info", "debug", "trace"], var.log_level)
    error_message = "log_level: info, debug or trace; at a higher level nobody would be told of a failover."
  }
}

variable "settings" {
  description = "Further variables of docs/CONFIGURATION.md, such as HOLDFAST_CONTROL_TARGETS. All keys and values together have 4,096 bytes at most."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^(HOLDFAST_|INGRESS_|SECONDARY_|SKIP_|HTTPS?_PROXY$|ALL_PROXY$|NO_PROXY$|COOLDOWN_ANNOTATION_KEY$|BASE_DELAY_SECONDS$|MAX_DELAY_SECONDS$|SSL_CERT_FILE$)[A-Z0-9_]*$", name))])
    error_message = "settings: names that begin with HOLDFAST_, INGRESS_, SECONDARY_, SKIP_, or proxies, COOLDOWN_ANNOTATION_KEY, BASE_DELAY_SECONDS, MAX_DELAY_SECONDS, SSL_CERT_FILE."
  }
}

# Who is told, and what is kept.

variable "notify_emails" {
  description = "Addresses that are told of everything. Each has to confirm its subscription once."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.notify_emails) + length(var.notify_endpoints) > 0
    error_message = "notify_emails, notify_endpoints: somebody must be told of a failover."
  }
}

variable "notify_endpoints" {
  description = "Further subscriptions of people by name: protocol (PAGERDUTY, SLACK, CUSTOM_HTTPS, SMS) and endpoint."
  type        = map(object({ protocol = string, endpoint = string }))
  default     = {}

  validation {
    condition     = alltrue([for one in values(var.notify_endpoints) : contains(["PAGERDUTY", "SLACK", "CUSTOM_HTTPS", "SMS"], one.protocol)])
    error_message = "notify_endpoints: protocols PAGERDUTY, SLACK, CUSTOM_HTTPS or SMS."
  }
}

variable "log_group_id" {
  description = "Log group of the function's log."
  type        = string
}

variable "archive" {
  description = "Bucket that the log is copied to. It is not this module's: the log of a failover must outlive the function, which promotion removes."
  type = object({
    compartment_id = string
    namespace      = string
    bucket         = string
  })
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
