//! The environment of the function's process on AWS: what Lambda sets, the reference's variables, and our own, all durations paced.

use std::collections::BTreeMap;

use crate::environment::{CLUSTER_NAME, FUNCTION_NAME, NAMESPACE, STANDBY_REGION, common, outside};
use crate::time::Pace;
use crate::world::PRIMARY_NAME;

/// Memory of the function in megabytes (docs/reference/aws.md#lambda-limits: the reference's).
const MEMORY_MB: &str = "256";

/// Where things are and who the function is.
pub(crate) struct Facts<'a> {
    pub(crate) access_key: &'a str,
    pub(crate) secret_key: &'a str,
    pub(crate) session_token: String,
    pub(crate) aws_endpoint: &'a str,
    pub(crate) ca_file: String,
    pub(crate) health_check: &'a str,
    pub(crate) humio_cluster: &'a str,
    pub(crate) topic_arn: String,
    pub(crate) primary_port: u16,
    /// The control targets, separated by commas.
    pub(crate) control_targets: String,
    /// Endpoint and base64 of the CA's PEM, when the function shall not ask EKS.
    pub(crate) known_cluster: Option<(String, String)>,
}

/// The whole environment. The address of the Runtime API is one that refuses; each process gets its own instead.
pub(crate) fn build(facts: &Facts<'_>, pace: Pace) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: &str| drop(variables.insert(name.to_owned(), value.to_owned()));
    lambda(&mut set, facts);
    reference(&mut set, facts, pace);
    own(&mut set, facts, pace);
    variables
}

/// What Lambda sets for an OS-only runtime (docs/reference/aws.md#lambda-runtime), and the way to the simulated services.
fn lambda(set: &mut impl FnMut(&str, &str), facts: &Facts<'_>) {
    set("AWS_REGION", STANDBY_REGION);
    set("AWS_DEFAULT_REGION", STANDBY_REGION);
    set("AWS_ACCESS_KEY_ID", facts.access_key);
    set("AWS_SECRET_ACCESS_KEY", facts.secret_key);
    set("AWS_SESSION_TOKEN", &facts.session_token);
    set("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9");
    set("AWS_LAMBDA_FUNCTION_NAME", FUNCTION_NAME);
    set("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_MB);
    set("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{FUNCTION_NAME}"));
    set("AWS_LAMBDA_LOG_STREAM_NAME", "simulated");
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set("_HANDLER", "bootstrap");
    for service in ["ROUTE_53", "CLOUDWATCH", "SSM", "EKS", "STS", "SNS"] {
        set(&format!("AWS_ENDPOINT_URL_{service}"), facts.aws_endpoint);
    }
    set("SSL_CERT_FILE", &facts.ca_file);
}

/// The reference's variables with its defaults (docs/reference/aws.md#reference-function), paced.
fn reference(set: &mut impl FnMut(&str, &str), facts: &Facts<'_>, pace: Pace) {
    let whole = |simulated: f64| pace.seconds(simulated).as_secs_f64().round().max(1.0).to_string();
    set("CLUSTER_NAME", CLUSTER_NAME);
    set("CLUSTER_REGION", STANDBY_REGION);
    set("CLUSTER_NAMESPACE", NAMESPACE);
    set("HUMIOCLUSTER_NAME", facts.humio_cluster);
    set("PRIMARY_HEALTH_CHECK_ID", facts.health_check);
    set("PRIMARY_HEALTH_CHECK_FQDN", PRIMARY_NAME);
    set("PRE_FAILOVER_FAILURE_SECONDS", &whole(180.0));
    set("FAILOVER_COOLDOWN_SECONDS", &whole(300.0));
}

/// Our own variables on AWS.
fn own(set: &mut impl FnMut(&str, &str), facts: &Facts<'_>, pace: Pace) {
    common(set, pace);
    outside(set, facts.primary_port, &facts.control_targets);
    set("HOLDFAST_SNS_TOPIC_ARN", &facts.topic_arn);
    if let Some((endpoint, ca_data)) = &facts.known_cluster {
        set("HOLDFAST_CLUSTER_ENDPOINT", endpoint);
        set("HOLDFAST_CLUSTER_CA_DATA", ca_data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_pace_sixty_three_minutes_of_holdoff_are_three_seconds() {
        let facts = Facts {
            access_key: "k",
            secret_key: "s",
            session_token: "t".to_owned(),
            aws_endpoint: "https://localhost:1",
            ca_file: "ca.pem".to_owned(),
            health_check: "h",
            humio_cluster: "logscale",
            topic_arn: "arn".to_owned(),
            primary_port: 2,
            control_targets: "https://localhost:3/ping".to_owned(),
            known_cluster: None,
        };
        let variables = build(&facts, Pace::new(60.0));
        assert_eq!(variables["PRE_FAILOVER_FAILURE_SECONDS"], "3");
        assert_eq!(variables["HOLDFAST_METRIC_PERIOD_SECONDS"], "1");
        assert_eq!(variables["HOLDFAST_METRIC_STALE_SECONDS"], "3.00");
        assert_eq!(variables["HOLDFAST_LEASE_SECONDS"], "2.00");
        assert_eq!(variables["AWS_ENDPOINT_URL_ROUTE_53"], "https://localhost:1");
        assert!(!variables.contains_key("HOLDFAST_CLUSTER_ENDPOINT"));
        assert_eq!(variables["HOLDFAST_CONTROL_DEFAULTS"], "off");
    }
}
