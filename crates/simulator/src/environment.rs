//! What the function's process is told on every cloud, all durations paced.

use crate::time::Pace;

/// Name of the standby cluster.
pub(crate) const CLUSTER_NAME: &str = "logscale-standby";
/// Region of the standby cluster, the function and its parameter.
pub(crate) const STANDBY_REGION: &str = "us-west-2";
/// Namespace of LogScale.
pub(crate) const NAMESPACE: &str = "logging";
/// Name of the function, formed as the reference forms it (docs/reference/logscale.md#reference-automation).
pub(crate) const FUNCTION_NAME: &str = "logscale-standby-dr-failover-handler";
/// Keys of the function's role, with which it signs its tokens for EKS. They open nothing but the simulator.
pub(crate) const FUNCTION_KEYS: (&str, &str) = ("AKIDHOLDFASTFUNCTION", "simulated/function+secret");

/// The one thing that the process inherits: where to find programs. Only a bootstrap that is a script needs it.
#[expect(clippy::disallowed_methods, reason = "not configuration of the simulator; handed on as it is")]
fn path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

/// What does not depend on the cloud: the defaults of the function, paced, each with a floor below which real calls on a busy machine
/// would fail.
pub(crate) fn common(set: &mut impl FnMut(&str, &str), pace: Pace) {
    let paced = |simulated: f64, floor: f64| format!("{:.2}", pace.seconds(simulated).as_secs_f64().max(floor));
    set("PATH", &path());
    set("BASE_DELAY_SECONDS", "0.1");
    set("MAX_DELAY_SECONDS", "1");
    set("HOLDFAST_METRIC_PERIOD_SECONDS", &pace.metric_period_seconds().to_string());
    set("HOLDFAST_METRIC_STALE_SECONDS", &paced(180.0, 1.0));
    set("HOLDFAST_TICK_SECONDS", &paced(60.0, 1.0));
    set("HOLDFAST_POLL_SECONDS", &paced(15.0, 0.05));
    set("HOLDFAST_LEASE_SECONDS", &paced(30.0, 2.0));
    set("HOLDFAST_OBSERVE_SECONDS", &paced(10.0, 1.0));
    set("HOLDFAST_VERIFY_SECONDS", &paced(300.0, 2.0));
    set("HOLDFAST_MARGIN_SECONDS", &paced(20.0, 0.3));
    set("HOLDFAST_CALL_TIMEOUT_SECONDS", &paced(5.0, 1.0));
    set("HOLDFAST_PROBE_TIMEOUT_SECONDS", &paced(5.0, 0.5));
}

/// Where the outside is. The clouds' own endpoints are left out: nothing here leaves this machine.
pub(crate) fn outside(set: &mut impl FnMut(&str, &str), primary_port: u16, control_targets: &str) {
    set("HOLDFAST_PRIMARY_PROBE_URL", &format!("https://localhost:{primary_port}/api/v1/status"));
    set("HOLDFAST_CONTROL_TARGETS", control_targets);
    set("HOLDFAST_CONTROL_DEFAULTS", "off");
}
