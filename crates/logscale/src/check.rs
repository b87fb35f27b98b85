//! Whether the standby could take over now: everything that a failover would trip over, found beforehand.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault,
    evidence::{Check, Readiness},
    ports::Standby,
};

use holdfast_kubernetes::{
    check::{self, error, good, warning},
    deployment::Deployment,
    lease::KubernetesLease,
    secret::Secret,
};

use crate::{
    reader::{ClusterReader, Humio, REFERRED},
    tls::{CertManager, Judgement, Material, TlsCleanup, judge, out_of_date},
};

mod cluster;
mod declared;
mod findings;
mod keys;
mod recovery;
mod secrets;
#[cfg(test)]
mod tests;
mod unchecked;
mod variables;

use variables::Variables;

/// [`Standby`] by looking at the operator's Deployment, the HumioCluster, and the secrets that they need.
pub struct StandbyCheck {
    reader: Arc<ClusterReader>,
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

    /// The LogScale that brought the recovery variables of this provider (their pages in its documentation).
    fn known_since(self) -> [u64; 3] {
        match self {
            Self::S3 | Self::Gcp => [1, 235, 0],
            Self::Azure => [1, 231, 0],
        }
    }
}

impl StandbyCheck {
    pub(crate) fn new(
        reader: Arc<ClusterReader>,
        lease: Arc<KubernetesLease>,
        cleanup: TlsCleanup,
        prefix: RecoverPrefix,
    ) -> Self {
        Self { reader, lease, cleanup, prefix }
    }

    fn operator(&self, deployment: Option<&Deployment>) -> Vec<Check> {
        let name = "operator-deployment";
        let Some(deployment) = deployment else { return vec![error(name, self.reader.operator.missing())] };
        let place = self.reader.operator.place();
        let replicas = match deployment.wanted() {
            0 => good("operator-replicas", "0 replicas, as on a standby that waits"),
            n => warning(
                "operator-replicas",
                format!("{n} replicas: the standby is already active, or a Helm upgrade has put them back"),
            ),
        };
        vec![good(name, format!("{place} is there")), replicas, check::managed_by(deployment)]
    }

    fn humio(&self, name: &str, seen: &Seen, deployment: Option<&Deployment>, call: &Call) -> Vec<Check> {
        let place = self.reader.place("HumioCluster", name);
        let Some(declared) = seen.humio.cluster.as_ref() else {
            return vec![error("humiocluster", format!("there is no {place}"))];
        };
        let (secrets, pods) = (seen.secrets.as_slice(), seen.humio.pods.as_slice());
        let running = declared.running_pools();
        let pools: Vec<_> = running.iter().map(|pool| Variables::of(pool, secrets, &seen.unread)).collect();
        let mut checks = vec![good("humiocluster", format!("{place} is there"))];
        let (operator_runs, now) = (deployment.is_some_and(|it| it.available() > 0), call.clock.now());
        checks.extend(cluster::checks(declared, &pools, self.prefix, operator_runs, now));
        checks.extend(declared::checks(&pools, self.prefix));
        checks.extend(recovery::checks(&pools, self.prefix));
        checks.extend(secrets::checks(declared, secrets));
        checks.extend(keys::checks(&pools, self.prefix));
        let cert_manager = deployment.map_or(CertManager::Unknown, CertManager::of);
        let material = Material::of(declared, secrets, pods.iter(), cert_manager);
        checks.push(tls(&judge(&material, false), self.cleanup));
        checks.extend(out_of_date(&material, now).map(|found| warning("tls-dates", found)));
        checks.push(unchecked::check(&pools, seen.all_nodes));
        checks
    }

    /// The HumioCluster with the secrets that it refers to.
    async fn look(&self, call: &Call, name: &str) -> Result<Seen, Fault> {
        let all_nodes = self.reader.has_read_all_nodes(call, name);
        let (humio, all_nodes) = futures_util::join!(self.reader.humio(call, name), all_nodes);
        let (humio, all_nodes) = (humio?, all_nodes?);
        let mut referred = match humio.cluster.as_ref() {
            Some(declared) => variables::referred(declared, &keys::variables(self.prefix)),
            None => Vec::new(),
        };
        let unread = referred.split_off(referred.len().min(REFERRED));
        let secrets = self.reader.with(call, &humio.secrets, referred).await?;
        Ok(Seen { humio, secrets, unread, all_nodes })
    }
}

/// What was read of a declared cluster.
struct Seen {
    humio: Humio,
    /// Those of `humio`, and those that the cluster refers to.
    secrets: Arc<Vec<Secret>>,
    /// Those that it refers to and that were not asked for.
    unread: Vec<String>,
    all_nodes: bool,
}

#[async_trait]
impl Standby for StandbyCheck {
    async fn fitness(&self, call: &Call) -> Result<Readiness, Fault> {
        let humio = async {
            match self.reader.cluster() {
                Some(name) => self.look(call, name).await.map(|seen| Some((name, seen))),
                None => Ok(None),
            }
        };
        let lease = check::lease(&self.lease, call);
        let (deployment, humio, lease) = futures_util::join!(self.reader.deployment(call), humio, lease);
        let (deployment, humio) = (deployment?, humio?);
        let deployment = deployment.as_ref().as_ref();
        let mut checks = self.operator(deployment);
        checks.extend(match humio {
            Some((name, seen)) => self.humio(name, &seen, deployment, call),
            None => vec![warning("humiocluster", "no HumioCluster is configured: only the operator was looked at")],
        });
        checks.extend(lease);
        Ok(Readiness { checks })
    }
}

fn tls(judgement: &Judgement, cleanup: TlsCleanup) -> Check {
    let name = "tls-secrets";
    match (judgement, cleanup) {
        (Judgement::Clean { found }, _) => good(name, found),
        (Judgement::CannotTell { found }, _) => warning(name, found),
        (Judgement::Blocked { why }, _) => error(name, why),
        (Judgement::Stale { found, .. }, TlsCleanup::Off) => {
            error(name, format!("{found}; clean-up is off, so the operator would refuse its own pods"))
        }
        (Judgement::Stale { found, kept: Some(kept), .. }, _) => {
            warning(name, format!("{found}; will be removed. {kept}"))
        }
        (Judgement::Stale { found, kept: None, .. }, _) => good(name, format!("{found}; will be removed")),
    }
}
