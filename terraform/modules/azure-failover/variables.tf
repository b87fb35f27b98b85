# Where it is. Everything belongs into the standby's region: what lies in the primary's is gone with it.

variable "name" {
  description = "Name of the function app. The name of the function in its record, its log and its lease."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "name: 2 to 32 lower-case letters, digits and dashes; a longer name may collide with another app's host id."
  }
}

variable "resource_group_name" {
  description = "Resource group of everything that this module makes, in the standby's region."
  type        = string
}

variable "location" {
  description = "Region of the standby, such as westeurope."
  type        = string

  validation {
    condition     = lower(replace(var.location, " ", "")) != lower(replace(var.primary_region, " ", ""))
    error_message = "location: the function must not be in the primary's region (primary_region), or it is gone with it."
  }
}

variable "primary_region" {
  description = "Region of the primary, such as northeurope."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9 ]{2,40}$", var.primary_region))
    error_message = "primary_region: a region of Azure, such as northeurope."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}

# What is failed over.

variable "traffic_manager_profile_id" {
  description = "Id of the Traffic Manager profile (output profile_id of azure-global-dns)."
  type        = string

  validation {
    condition     = can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Network/trafficManagerProfiles/[^/]+$", var.traffic_manager_profile_id))
    error_message = "traffic_manager_profile_id: the id of a Traffic Manager profile, /subscriptions/.../Microsoft.Network/trafficManagerProfiles/NAME."
  }
}

variable "primary_endpoint" {
  description = "Name of the primary's endpoint in the profile."
  type        = string
  default     = "primary"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.()-]{1,260}$", var.primary_endpoint))
    error_message = "primary_endpoint: letters, digits and - _ . ( )."
  }
}

variable "primary_endpoint_type" {
  description = "Its kind: externalEndpoints, azureEndpoints or nestedEndpoints."
  type        = string
  default     = "externalEndpoints"

  validation {
    condition     = contains(["externalEndpoints", "azureEndpoints", "nestedEndpoints"], var.primary_endpoint_type)
    error_message = "primary_endpoint_type: externalEndpoints, azureEndpoints or nestedEndpoints."
  }
}

variable "primary_probe_url" {
  description = "Status endpoint of the primary itself, under a name that no traffic routing touches; \"off\" leaves the probe out, and then an outage that takes Azure Monitor's data along is never proven."
  type        = string

  validation {
    condition     = var.primary_probe_url == "off" || can(regex("^https://[^/@\\s]+(/\\S*)?$", var.primary_probe_url))
    error_message = "primary_probe_url: an https address without a password, or off."
  }
}

variable "traffic_name" {
  description = "The name that users type, as a second witness; null leaves it out."
  type        = string
  default     = null
}

variable "aks_cluster_id" {
  description = "Id of the standby's AKS cluster."
  type        = string

  validation {
    condition     = can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.ContainerService/managedClusters/[^/]+$", var.aks_cluster_id))
    error_message = "aks_cluster_id: the id of an AKS cluster, /subscriptions/.../Microsoft.ContainerService/managedClusters/NAME."
  }
}

variable "cluster_endpoint" {
  description = "Address of its API server, https. With cluster_ca_data a failover needs nothing of Resource Manager to get in."
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

# When. The names are the reference's.

variable "dr_failover_function_pre_failover_failure_seconds" {
  description = "The holdoff: how long the primary must have been failing, proven."
  type        = number
  default     = 180

  validation {
    condition     = var.dr_failover_function_pre_failover_failure_seconds >= 0 && var.dr_failover_function_pre_failover_failure_seconds <= 600 && floor(var.dr_failover_function_pre_failover_failure_seconds) == var.dr_failover_function_pre_failover_failure_seconds
    error_message = "dr_failover_function_pre_failover_failure_seconds: whole seconds, 0 to 600."
  }

  validation {
    condition     = var.dr_failover_function_pre_failover_failure_seconds > 0 || var.testing
    error_message = "dr_failover_function_pre_failover_failure_seconds: 0 fails over at the first bad answer; it is for tests, with testing = true."
  }
}

variable "dr_failover_function_cooldown_seconds" {
  description = "How long after the start of a failover another one is refused."
  type        = number
  default     = 300

  validation {
    condition     = var.dr_failover_function_cooldown_seconds >= 0 && var.dr_failover_function_cooldown_seconds <= 3600 && floor(var.dr_failover_function_cooldown_seconds) == var.dr_failover_function_cooldown_seconds
    error_message = "dr_failover_function_cooldown_seconds: whole seconds, 0 to 3600."
  }
}

variable "dr_failover_function_max_retries" {
  description = "Further attempts of one call."
  type        = number
  default     = 3

  validation {
    condition     = contains(range(0, 11), var.dr_failover_function_max_retries)
    error_message = "dr_failover_function_max_retries: a whole number, 0 to 10."
  }
}

variable "function_timeout_seconds" {
  description = "How long the host lets one invocation run. It waits inside the call: at least the holdoff and 120 s."
  type        = number
  default     = 600

  validation {
    condition     = var.function_timeout_seconds <= 3600 && floor(var.function_timeout_seconds) == var.function_timeout_seconds
    error_message = "function_timeout_seconds: whole seconds, at most 3600."
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
  description = "Further variables of docs/CONFIGURATION.md, such as HOLDFAST_CONTROL_TARGETS."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^(HOLDFAST_|HTTPS?_PROXY$|ALL_PROXY$|NO_PROXY$|BASE_DELAY_SECONDS$|MAX_DELAY_SECONDS$|SSL_CERT_FILE$)", name))])
    error_message = "settings: names that begin with HOLDFAST_, or proxies, BASE_DELAY_SECONDS, MAX_DELAY_SECONDS, SSL_CERT_FILE."
  }
}

# Who may call it.

variable "alarm_key" {
  description = "Key of the function Alarm, for the action group and nobody else. Make one with: openssl rand -hex 32"
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{40,128}$", var.alarm_key))
    error_message = "alarm_key: 40 to 128 letters, digits, - and _; make one with: openssl rand -hex 32"
  }
}

variable "operator_keys" {
  description = "Keys of the function Operator by name, and the actions that each admits. Their values are made at installation and are in no state."
  type        = map(list(string))
  default     = { on-call = ["all"] }

  validation {
    condition     = alltrue([for name in keys(var.operator_keys) : can(regex("^[A-Za-z0-9_-]{1,100}$", name)) && name != "default"])
    error_message = "operator_keys: names of letters, digits, - and _; the key `default` exists already and admits what only reads."
  }

  validation {
    condition     = alltrue([for actions in values(var.operator_keys) : length(actions) > 0])
    error_message = "operator_keys: each key needs at least one action, or all."
  }
}

variable "operator_ip_ranges" {
  description = "Networks from which people call the function and deploy it. Everybody else but Azure's action groups is refused. [] refuses all people; [\"0.0.0.0/0\"] leaves it to the keys."
  type        = list(string)

  validation {
    condition     = alltrue([for range in var.operator_ip_ranges : can(cidrhost(range, 0))])
    error_message = "operator_ip_ranges: networks such as 192.0.2.0/24."
  }
}

# How it reaches the cluster.

variable "virtual_network_subnet_id" {
  description = "Subnet for the way out, delegated to Microsoft.App/environments; for a private cluster. It must reach the API server, and by a NAT gateway the primary's probe and the control targets."
  type        = string
  default     = null
}

# How it runs.

variable "always_ready" {
  description = "Instances kept warm, by http or function:NAME. The tick keeps one warm by itself."
  type        = map(number)
  default     = {}
}

variable "maximum_instance_count" {
  description = "Most instances at once."
  type        = number
  default     = 40
}

variable "storage_account_name" {
  description = "Name of the storage account; null makes one from name and resource group."
  type        = string
  default     = null

  validation {
    condition     = var.storage_account_name == null || can(regex("^[a-z0-9]{3,24}$", var.storage_account_name))
    error_message = "storage_account_name: 3 to 24 lower-case letters and digits."
  }
}

variable "storage_replication_type" {
  description = "Replication of the storage account within the standby's region: ZRS or LRS."
  type        = string
  default     = "ZRS"

  validation {
    condition     = contains(["ZRS", "LRS"], var.storage_replication_type)
    error_message = "storage_replication_type: ZRS or LRS; a copy in another region is of no use here."
  }
}

# Who is told.

variable "log_analytics_workspace_id" {
  description = "Workspace of the log. It is not this module's: the log of a failover must outlive the function, which promotion removes."
  type        = string

  validation {
    condition     = can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.OperationalInsights/workspaces/[^/]+$", var.log_analytics_workspace_id))
    error_message = "log_analytics_workspace_id: the id of a workspace, /subscriptions/.../Microsoft.OperationalInsights/workspaces/NAME."
  }
}

variable "notify_emails" {
  description = "Addresses that are told of everything."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.notify_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "notify_emails: addresses of people."
  }

  validation {
    condition     = length(var.notify_emails) + length(var.notify_webhooks) > 0
    error_message = "notify_emails, notify_webhooks: somebody must be told of a failover."
  }
}

variable "notify_webhooks" {
  description = "Addresses of https by name that are called with the common alert schema, such as those of a paging service."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for address in values(var.notify_webhooks) : startswith(address, "https://")])
    error_message = "notify_webhooks: https addresses."
  }
}

variable "paused_longer_than" {
  description = "How long a pause may last before people are reminded of it: PT1H, PT2H or PT6H."
  type        = string
  default     = "PT6H"

  validation {
    condition     = contains(["PT1H", "PT2H", "PT6H"], var.paused_longer_than)
    error_message = "paused_longer_than: PT1H, PT2H or PT6H."
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
