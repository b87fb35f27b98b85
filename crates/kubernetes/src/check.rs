//! Whether the standby could take over now: everything that a failover would trip over, found beforehand.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault,
    evidence::{Check, Fitness, Level},
    ports::Standby,
};

use crate::{
    deployment::Deployment,
    lease::KubernetesLease,
    look::{Humio, Look},
    steps::missing_operator,
    tls::{Judgement, Material, TlsCleanup, judge},
};

mod cluster;
mod lease;
mod recovery;
mod secrets;
#[cfg(test)]
mod tests;

/// [`Standby`] by looking at the operator's Deployment, the HumioCluster, and the secrets that they need.
pub struct StandbyCheck {
    look: Arc<Look>,
    lease: Arc<KubernetesLease>,
    cleanup: TlsCleanup,
    prefix: RecoverPrefix,
}

/// The provider's part in the names of the recovery variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecoverPrefix {
    /// `S3_`: AWS and OCI.
    #[default]
    S3,
    /// `AZURE_`
    Azure,
    /// `GCP_`
    Gcp,
}

impl RecoverPrefix {
    /// The full name of a variable, such as `S3_RECOVER_FROM_BUCKET`.
    pub fn variable(self, rest: &str) -> String {
        let prefix = match self {
            Self::S3 => "S3_",
            Self::Azure => "AZURE_",
            Self::Gcp => "GCP_",
        };
        format!("{prefix}{rest}")
    }
}

impl StandbyCheck {
    pub(crate) fn new(
        look: Arc<Look>,
        lease: Arc<KubernetesLease>,
        cleanup: TlsCleanup,
        prefix: RecoverPrefix,
    ) -> Self {
        Self { look, lease, cleanup, prefix }
    }

    fn operator(&self, deployment: Option<&Deployment>) -> Vec<Check> {
        let name = "operator-deployment";
        let Some(deployment) = deployment else { return vec![error(name, missing_operator(&self.look))] };
        let place = self.look.place("Deployment", self.look.operator());
        let replicas = match deployment.wanted() {
            0 => good("operator-replicas", "0 replicas, as on a standby that waits"),
            n => warning(
                "operator-replicas",
                format!("{n} replicas: the standby is already active, or a Helm upgrade has put them back"),
            ),
        };
        vec![good(name, format!("{place} is there")), replicas]
    }

    fn humio(&self, name: &str, humio: &Humio, operator_runs: bool, call: &Call) -> Vec<Check> {
        let place = self.look.place("HumioCluster", name);
        let Some(declared) = humio.cluster.as_ref() else {
            return vec![error("humiocluster", format!("there is no {place}"))];
        };
        let mut checks = vec![good("humiocluster", format!("{place} is there"))];
        checks.extend(cluster::checks(declared, operator_runs, call.clock.now()));
        checks.extend(recovery::checks(declared, self.prefix));
        checks.extend(secrets::checks(declared, &humio.secrets, self.prefix));
        checks.push(tls(&judge(&Material::of(declared, &humio.secrets, &humio.pods), false), self.cleanup));
        checks
    }
}

#[async_trait]
impl Standby for StandbyCheck {
    async fn fitness(&self, call: &Call) -> Result<Fitness, Fault> {
        let humio = async {
            match self.look.cluster() {
                Some(name) => self.look.humio(call, name).await.map(|humio| Some((name, humio))),
                None => Ok(None),
            }
        };
        let lease = lease::checks(&self.lease, call);
        let (deployment, humio, lease) = futures_util::join!(self.look.deployment(call), humio, lease);
        let (deployment, humio) = (deployment?, humio?);
        let mut checks = self.operator(deployment.as_ref().as_ref());
        let operator_runs = deployment.as_ref().as_ref().is_some_and(|it| it.available() > 0);
        checks.extend(match humio {
            Some((name, humio)) => self.humio(name, &humio, operator_runs, call),
            None => vec![warning("humiocluster", "no HumioCluster is configured: only the operator was looked at")],
        });
        checks.extend(lease);
        Ok(Fitness { checks })
    }
}

fn tls(judgement: &Judgement, cleanup: TlsCleanup) -> Check {
    let name = "tls-secrets";
    match (judgement, cleanup) {
        (Judgement::Clean { found }, _) => good(name, found),
        (Judgement::Blocked { why }, _) => error(name, why),
        (Judgement::Stale { found, .. }, TlsCleanup::Off) => {
            error(name, format!("{found}; clean-up is off, so the operator would refuse its own pods"))
        }
        (Judgement::Stale { found, .. }, _) => good(name, format!("{found}; will be removed")),
    }
}

fn check(name: &str, level: Level, found: impl Into<String>) -> Check {
    Check { name: name.to_owned(), level, found: found.into() }
}

fn good(name: &str, found: impl Into<String>) -> Check {
    check(name, Level::Good, found)
}

fn warning(name: &str, found: impl Into<String>) -> Check {
    check(name, Level::Warning, found)
}

fn error(name: &str, found: impl Into<String>) -> Check {
    check(name, Level::Error, found)
}
