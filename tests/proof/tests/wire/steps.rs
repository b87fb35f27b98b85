//! How the steps show on the wire: in the calls of the clouds, which the simulator's list has, and in those of the cluster.

use holdfast_simulator::backend::TrafficCalls;

/// The step that locks traffic.
pub const LOCK: &str = "lock-traffic";

/// The step that unlocks it again.
pub const UNLOCK: &str = "unlock-traffic";

/// The step that puts the standby's operator to rest.
pub const REST: &str = "rest-operator";

/// How a step shows on the wire.
pub struct Shown {
    /// Its name in the runbook.
    pub step: &'static str,
    /// The call that it is met in.
    pub call: &'static str,
    /// The resource that the cluster sees changed, where it does.
    pub resource: Option<&'static str>,
    /// The call after which `call` is this step's and nobody else's.
    pub after: Option<&'static str>,
}

/// How the steps show. One that is not named here ends the test.
pub fn shown(traffic: TrafficCalls) -> [Shown; 6] {
    let shown = |step, call, resource| Shown { step, call, resource, after: None };
    [
        shown("remove-stale-tls", "kubernetes:delete:secrets", Some("secrets")),
        shown("scale-operator", "kubernetes:patch:deployments/scale", Some("deployments/scale")),
        shown(LOCK, traffic.lock, None),
        // They are met once the failover that they take back is done; the resource is told by when it changed.
        shown(UNLOCK, traffic.lock, None),
        shown(REST, "kubernetes:patch:deployments/scale", None),
        // The first look is everybody's; whoever looks at pods once traffic is being locked is this one.
        Shown { after: Some(traffic.lock), ..shown("verify-standby", "kubernetes:list:pods", None) },
    ]
}

/// The code that goes with `status` on `call`: the API server has its words, the cloud has others.
pub fn code(traffic: TrafficCalls, call: &str, status: u16) -> String {
    let kubernetes = call.starts_with("kubernetes");
    let code = match status {
        409 if kubernetes => "Conflict",
        409 => traffic.conflict,
        403 if kubernetes => "Forbidden",
        403 => traffic.denied,
        _ => "ServiceUnavailable",
    };
    code.to_owned()
}
