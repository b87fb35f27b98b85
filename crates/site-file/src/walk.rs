//! Which key of the file is which variable. This is the only place that knows.

use crate::{
    file::{Azure, Limits, LogScale, Policy, Site, SiteFile},
    parts::{
        AssumedRole, AzureFunction, Cluster, CooldownStore, Endpoint, Function, HealthCheck, History, Lambda,
        Monitoring, OciFunction, Steering, Switch,
    },
    seconds::Seconds,
};

/// What is done at each key. `variable` is the name of the variable that says the same.
pub trait Visit {
    /// A text that may be absent.
    fn text(&mut self, key: &str, variable: &'static str, value: &mut Option<String>);
    /// A text that must be there.
    fn required(&mut self, key: &str, variable: &'static str, value: &mut String);
    /// A duration.
    fn seconds(&mut self, key: &str, variable: &'static str, value: &mut Option<Seconds>);
    /// A whole number.
    fn whole(&mut self, key: &str, variable: &'static str, value: &mut Option<u64>);
    /// Texts, which the variable separates by commas.
    fn list(&mut self, key: &str, variable: &'static str, value: &mut Vec<String>);
    /// Yes or no, which the variable says by `on` and `off`.
    fn switch(&mut self, key: &str, variable: &'static str, value: &mut Option<bool>);
    /// Yes or no, which the variable says by `true` and `false`.
    fn truth(&mut self, key: &str, variable: &'static str, value: &mut Option<bool>);
}

/// The variables of one role that is filled under a role of another account.
struct Under(&'static str, &'static str);

const CLUSTER: Under = Under("HOLDFAST_CLUSTER_ROLE_ARN", "HOLDFAST_CLUSTER_EXTERNAL_ID");
const HISTORY: Under = Under("HOLDFAST_HISTORY_ROLE_ARN", "HOLDFAST_HISTORY_EXTERNAL_ID");
const TRAFFIC: Under = Under("HOLDFAST_TRAFFIC_ROLE_ARN", "HOLDFAST_TRAFFIC_EXTERNAL_ID");
const NOTE: Under = Under("HOLDFAST_NOTE_ROLE_ARN", "HOLDFAST_NOTE_EXTERNAL_ID");

/// Goes through every key that is a variable.
pub fn walk(file: &mut SiteFile, visit: &mut dyn Visit) {
    logscale(&mut file.system.logscale, visit);
    for (name, site) in &mut file.sites {
        if *name == file.home { home(name, site, visit) } else { standby(name, site, visit) }
    }
    visit.text("traffic.name", "HOLDFAST_TRAFFIC_NAME", &mut file.traffic.name);
    match &mut file.traffic.switch {
        Switch::Route53HealthCheck(check) => {
            let key = "traffic.switch.route53-health-check";
            health_check(key, check, &TRAFFIC, visit);
            visit.text(&format!("{key}.lock_host"), "HOLDFAST_LOCK_FQDN", &mut check.lock_host);
        }
        Switch::TrafficManager(end) => endpoint("traffic.switch.traffic-manager", end, visit),
        Switch::DnsSteering(policy) => steering("traffic.switch.dns-steering", policy, visit),
    }
    match &mut file.cooldown_store {
        Some(CooldownStore::Ssm(ssm)) => {
            visit.text("cooldown_store.ssm.parameter", "COOLDOWN_SSM_PARAMETER", &mut ssm.parameter);
            assumed("cooldown_store.ssm", &mut ssm.role, &NOTE, visit);
        }
        Some(CooldownStore::Blob(blob)) => {
            visit.text("cooldown_store.blob.url", "HOLDFAST_COOLDOWN_BLOB_URL", &mut blob.url);
        }
        None => {}
    }
    let cooldown = match &file.function {
        Function::Lambda(_) | Function::OciFunction(_) => "FAILOVER_COOLDOWN_SECONDS",
        Function::AzureFunction(_) => "COOLDOWN_SECONDS",
    };
    policy(&mut file.policy, cooldown, visit);
    limits(&mut file.limits, visit);
    visit.list("control_targets", "HOLDFAST_CONTROL_TARGETS", &mut file.control_targets);
    visit.switch("control_defaults", "HOLDFAST_CONTROL_DEFAULTS", &mut file.control_defaults);
    azure(&mut file.azure, visit);
    match &mut file.function {
        Function::Lambda(function) => lambda(function, visit),
        Function::AzureFunction(function) => azure_function(function, visit),
        Function::OciFunction(function) => oci_function(function, visit),
    }
}

fn logscale(system: &mut LogScale, visit: &mut dyn Visit) {
    visit.text("system.logscale.namespace", "CLUSTER_NAMESPACE", &mut system.namespace);
    visit.text("system.logscale.cluster", "HUMIOCLUSTER_NAME", &mut system.cluster);
    visit.text("system.logscale.operator", "HOLDFAST_OPERATOR_DEPLOYMENT", &mut system.operator);
    visit.whole("system.logscale.operator_replicas", "TARGET_OPERATOR_REPLICAS", &mut system.operator_replicas);
    visit.text("system.logscale.object_name", "HOLDFAST_OBJECT_NAME", &mut system.object_name);
    visit.text("system.logscale.tls_cleanup", "HOLDFAST_TLS_CLEANUP", &mut system.tls_cleanup);
    visit.text("system.logscale.recover_prefix", "HOLDFAST_RECOVER_PREFIX", &mut system.recover_prefix);
}

fn home(name: &str, site: &mut Site, visit: &mut dyn Visit) {
    let key = format!("sites.{name}");
    visit.text(&format!("{key}.host"), "PRIMARY_HEALTH_CHECK_FQDN", &mut site.host);
    visit.text(&format!("{key}.region"), "HOLDFAST_PRIMARY_REGION", &mut site.region);
    if let Some(probe) = &mut site.probe {
        visit.required(&format!("{key}.probe.url"), "HOLDFAST_PRIMARY_PROBE_URL", &mut probe.url);
    }
    match &mut site.history {
        Some(History::Route53HealthCheck(check)) => {
            let key = format!("{key}.history.route53-health-check");
            health_check(&key, check, &HISTORY, visit);
            visit.text(&format!("{key}.metric_region"), "HOLDFAST_METRIC_REGION", &mut check.metric_region);
        }
        Some(History::TrafficManager(end)) => endpoint(&format!("{key}.history.traffic-manager"), end, visit),
        Some(History::OciMonitoring(metric)) => monitoring(&format!("{key}.history.oci-monitoring"), metric, visit),
        None => {}
    }
}

fn standby(name: &str, site: &mut Site, visit: &mut dyn Visit) {
    let key = format!("sites.{name}");
    visit.text(&format!("{key}.health_check"), "SECONDARY_HEALTH_CHECK_ID", &mut site.health_check);
    let (address, authority) = ("HOLDFAST_CLUSTER_ENDPOINT", "HOLDFAST_CLUSTER_CA_DATA");
    match &mut site.cluster {
        Some(Cluster::Eks(eks)) => {
            let key = format!("{key}.cluster.eks");
            visit.required(&format!("{key}.name"), "CLUSTER_NAME", &mut eks.name);
            visit.text(&format!("{key}.region"), "CLUSTER_REGION", &mut eks.region);
            assumed(&key, &mut eks.role, &CLUSTER, visit);
            visit.text(&format!("{key}.endpoint"), address, &mut eks.endpoint);
            visit.text(&format!("{key}.ca_data"), authority, &mut eks.ca_data);
        }
        Some(Cluster::Aks(aks)) => {
            let key = format!("{key}.cluster.aks");
            visit.text(&format!("{key}.id"), "HOLDFAST_AKS_CLUSTER_ID", &mut aks.id);
            visit.text(&format!("{key}.server_id"), "HOLDFAST_AKS_SERVER_ID", &mut aks.server_id);
            visit.text(&format!("{key}.endpoint"), address, &mut aks.endpoint);
            visit.text(&format!("{key}.ca_data"), authority, &mut aks.ca_data);
        }
        Some(Cluster::Oke(oke)) => {
            let key = format!("{key}.cluster.oke");
            visit.required(&format!("{key}.id"), "CLUSTER_ID", &mut oke.id);
            visit.text(&format!("{key}.region"), "CLUSTER_REGION", &mut oke.region);
            visit.list(&format!("{key}.endpoints"), "HOLDFAST_OKE_ENDPOINTS", &mut oke.endpoints);
            visit.text(&format!("{key}.endpoint"), address, &mut oke.endpoint);
            visit.text(&format!("{key}.ca_data"), authority, &mut oke.ca_data);
        }
        None => {}
    }
}

fn health_check(key: &str, check: &mut HealthCheck, under: &Under, visit: &mut dyn Visit) {
    visit.required(&format!("{key}.id"), "PRIMARY_HEALTH_CHECK_ID", &mut check.id);
    assumed(key, &mut check.role, under, visit);
}

fn endpoint(key: &str, end: &mut Endpoint, visit: &mut dyn Visit) {
    visit.required(&format!("{key}.profile"), "HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", &mut end.profile);
    visit.required(&format!("{key}.endpoint"), "HOLDFAST_PRIMARY_ENDPOINT", &mut end.endpoint);
    visit.text(&format!("{key}.endpoint_type"), "HOLDFAST_PRIMARY_ENDPOINT_TYPE", &mut end.endpoint_type);
}

fn monitoring(key: &str, metric: &mut Monitoring, visit: &mut dyn Visit) {
    let mut text = |name: &str, variable: &'static str, value: &mut Option<String>| {
        visit.text(&format!("{key}.{name}"), variable, value);
    };
    text("health_check", "PRIMARY_HEALTH_CHECK_ID", &mut metric.health_check);
    text("target", "HOLDFAST_PRIMARY_TARGET", &mut metric.target);
    text("load_balancer", "PRIMARY_LB_OCID", &mut metric.load_balancer);
    text("backend_set", "LB_BACKEND_SET_NAME", &mut metric.backend_set);
    text("compartment", "COMPARTMENT_ID", &mut metric.compartment);
    text("metric_compartment", "HOLDFAST_OCI_HISTORY_COMPARTMENT_ID", &mut metric.metric_compartment);
    text("region", "HOLDFAST_OCI_HISTORY_REGION", &mut metric.region);
    text("namespace", "HOLDFAST_OCI_HISTORY_NAMESPACE", &mut metric.namespace);
    text("query", "HOLDFAST_OCI_HISTORY_QUERY", &mut metric.query);
    visit.truth(&format!("{key}.by_load_balancer"), "USE_LB_HEALTH_METRICS", &mut metric.by_load_balancer);
}

fn steering(key: &str, steering: &mut Steering, visit: &mut dyn Visit) {
    visit.required(&format!("{key}.policy"), "STEERING_POLICY_ID", &mut steering.policy);
    visit.text(&format!("{key}.primary_pool"), "HOLDFAST_PRIMARY_POOL", &mut steering.primary_pool);
    visit.text(&format!("{key}.secondary_pool"), "SECONDARY_POOL_NAME", &mut steering.secondary_pool);
    visit.text(&format!("{key}.secondary_address"), "HOLDFAST_SECONDARY_ADDRESS", &mut steering.secondary_address);
    visit.text(&format!("{key}.regions"), "HOLDFAST_OCI_DNS_REGIONS", &mut steering.regions);
}

fn assumed(key: &str, role: &mut AssumedRole, under: &Under, visit: &mut dyn Visit) {
    visit.text(&format!("{key}.role.arn"), under.0, &mut role.arn);
    visit.text(&format!("{key}.role.external_id"), under.1, &mut role.external_id);
}

fn policy(policy: &mut Policy, cooldown: &'static str, visit: &mut dyn Visit) {
    visit.seconds("policy.holdoff", "PRE_FAILOVER_FAILURE_SECONDS", &mut policy.holdoff);
    visit.seconds("policy.cooldown", cooldown, &mut policy.cooldown);
    visit.seconds("policy.well_for", "HOLDFAST_WELL_SECONDS", &mut policy.well_for);
    visit.seconds("policy.stands_still", "HOLDFAST_STANDS_STILL_SECONDS", &mut policy.stands_still);
    visit.seconds("policy.tick", "HOLDFAST_TICK_SECONDS", &mut policy.tick);
    visit.text("policy.mode", "HOLDFAST_MODE", &mut policy.mode);
    visit.seconds("policy.ask_for", "HOLDFAST_ASK_SECONDS", &mut policy.ask_for);
    visit.text("policy.ask_then", "HOLDFAST_ASK_THEN", &mut policy.ask_then);
    visit.seconds("policy.metric_period", "HOLDFAST_METRIC_PERIOD_SECONDS", &mut policy.metric_period);
    visit.seconds("policy.metric_stale", "HOLDFAST_METRIC_STALE_SECONDS", &mut policy.metric_stale);
    visit.text("policy.missing_data", "HOLDFAST_MISSING_DATA", &mut policy.missing_data);
    visit.seconds("policy.poll", "HOLDFAST_POLL_SECONDS", &mut policy.poll);
}

fn limits(limits: &mut Limits, visit: &mut dyn Visit) {
    visit.seconds("limits.look", "HOLDFAST_OBSERVE_SECONDS", &mut limits.look);
    visit.seconds("limits.call_timeout", "HOLDFAST_CALL_TIMEOUT_SECONDS", &mut limits.call_timeout);
    visit.seconds("limits.probe_timeout", "HOLDFAST_PROBE_TIMEOUT_SECONDS", &mut limits.probe_timeout);
    visit.seconds("limits.lease", "HOLDFAST_LEASE_SECONDS", &mut limits.lease);
    visit.seconds("limits.verify", "HOLDFAST_VERIFY_SECONDS", &mut limits.verify);
    visit.seconds("limits.margin", "HOLDFAST_MARGIN_SECONDS", &mut limits.margin);
    visit.whole("limits.max_retries", "MAX_RETRIES", &mut limits.max_retries);
    visit.seconds("limits.base_delay", "BASE_DELAY_SECONDS", &mut limits.base_delay);
    visit.seconds("limits.max_delay", "MAX_DELAY_SECONDS", &mut limits.max_delay);
    visit.text("limits.log_level", "LOG_LEVEL", &mut limits.log_level);
}

fn azure(azure: &mut Azure, visit: &mut dyn Visit) {
    visit.text("azure.resource_manager", "HOLDFAST_ARM_ENDPOINT", &mut azure.resource_manager);
    visit.text("azure.audience", "HOLDFAST_ARM_AUDIENCE", &mut azure.audience);
}

fn lambda(function: &mut Lambda, visit: &mut dyn Visit) {
    visit.text("function.lambda.topic", "HOLDFAST_SNS_TOPIC_ARN", &mut function.topic);
    visit.list("function.lambda.alarms", "HOLDFAST_ALARM_NAMES", &mut function.alarms);
    visit.text("function.lambda.admits", "HOLDFAST_ADMITS", &mut function.admits);
}

fn azure_function(function: &mut AzureFunction, visit: &mut dyn Visit) {
    visit.text("function.azure-function.queue", "HOLDFAST_QUEUE_URL", &mut function.queue);
    let timeout = "HOLDFAST_FUNCTION_TIMEOUT_SECONDS";
    visit.seconds("function.azure-function.timeout", timeout, &mut function.timeout);
    visit.list("function.azure-function.alarms", "HOLDFAST_ALARM_NAMES", &mut function.alarms);
    visit.text("function.azure-function.admits", "HOLDFAST_ADMITS", &mut function.admits);
}

fn oci_function(function: &mut OciFunction, visit: &mut dyn Visit) {
    visit.list("function.oci-function.alarms", "HOLDFAST_ALARM_NAMES", &mut function.alarms);
    visit.list("function.oci-function.ticks", "HOLDFAST_TICK_ALARM_NAMES", &mut function.ticks);
    visit.seconds("function.oci-function.margin", "HOLDFAST_FN_MARGIN_SECONDS", &mut function.margin);
    visit.text("function.oci-function.admits", "HOLDFAST_ADMITS", &mut function.admits);
}
