//! What differs from cloud to cloud. A new cloud is one more entry here, and a test of one line.

use holdfast_simulator::{CloudName, timeline::What};

/// A cloud, as far as the stand has to know it.
pub struct Cloud {
    /// The simulator's name for it.
    pub name: CloudName,
    /// The function's executable.
    pub program: &'static str,
    /// The package that it is built from.
    pub package: &'static str,
    /// The call with which traffic is locked.
    pub lock: &'static str,
    /// Whether traffic was locked just then.
    pub locks: fn(&What) -> bool,
    /// The error with which that call says that somebody else has written: a 409.
    pub conflict: &'static str,
    /// The error with which it is forbidden: a 403.
    pub denied: &'static str,
}

/// Route 53: the health check's configuration is written, fenced by its version.
pub const AWS: Cloud = Cloud {
    name: CloudName::Aws,
    program: "bootstrap",
    package: "holdfast-aws-lambda",
    lock: "route53:UpdateHealthCheck",
    locks: |what| matches!(what, What::HealthCheckUpdated { .. }),
    conflict: "HealthCheckVersionMismatch",
    denied: "AccessDenied",
};

/// Traffic Manager: the primary's endpoint is disabled. There is no fence (facts azure 4.1), so two workers are kept apart by the lease
/// alone; 409 is what Resource Manager says while another operation is on the resource.
pub const AZURE: Cloud = Cloud {
    name: CloudName::Azure,
    program: "handler",
    package: "holdfast-azure-function",
    lock: "arm:PATCH:trafficManagerProfiles/externalEndpoints",
    locks: |what| matches!(what, What::EndpointUpdated { enabled: false, .. }),
    conflict: "Conflict",
    denied: "AuthorizationFailed",
};

/// The step that locks traffic.
pub const LOCK: &str = "lock-traffic";

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

impl Cloud {
    /// How the steps show. One that is not named here ends the test.
    pub fn shown(&self) -> [Shown; 4] {
        let shown = |step, call, resource| Shown { step, call, resource, after: None };
        [
            shown("remove-stale-tls", "kubernetes:delete:secrets", Some("secrets")),
            shown("scale-operator", "kubernetes:patch:deployments/scale", Some("deployments/scale")),
            shown(LOCK, self.lock, None),
            // The first look is everybody's; whoever looks at pods once traffic is being locked is this one.
            Shown { after: Some(self.lock), ..shown("verify-standby", "kubernetes:list:pods", None) },
        ]
    }

    /// The code that goes with `status` on `call`: the API server has its words, the cloud has others.
    pub fn code(&self, call: &str, status: u16) -> String {
        let kubernetes = call.starts_with("kubernetes");
        let code = match status {
            409 if kubernetes => "Conflict",
            409 => self.conflict,
            403 if kubernetes => "Forbidden",
            403 => self.denied,
            _ => "ServiceUnavailable",
        };
        code.to_owned()
    }
}
