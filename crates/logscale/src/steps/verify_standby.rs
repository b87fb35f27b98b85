//! Watches the standby come up.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault,
    step::{Need, Observation, Step},
};
use holdfast_kubernetes::{deployment::Deployment, pod::Pod};
use serde_json::Value;

use crate::{
    humio::{HumioCluster, ready_by_pool},
    reader::{ClusterReader, Humio},
    tls::{CertManager, Material, OwnSecret, own_secret, told, used_secrets},
};

/// Done when the operator is available, has seen the declared cluster, and the declared number of nodes is ready
/// under certificates of the current CA: the cluster's own, by which the operator reaches the nodes, and those that
/// the running pods use. A certificate that cannot be judged is told and not waited for. Changes nothing.
///
/// `status.state` alone proves nothing: the operator writes `Running` before a pod exists. `ConfigError` from a
/// running operator about what is declared now is final until a person acts, so it is reported at once; about an
/// earlier generation it is waited out.
pub struct VerifyStandby {
    reader: Arc<ClusterReader>,
    target: i32,
}

impl VerifyStandby {
    pub(crate) fn new(reader: Arc<ClusterReader>, target: i32) -> Self {
        Self { reader, target }
    }
}

#[async_trait]
impl Step for VerifyStandby {
    fn name(&self) -> &'static str {
        "verify-standby"
    }

    fn need(&self) -> Need {
        Need::Owed
    }

    fn is_verification(&self) -> bool {
        true
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        let humio = async {
            match self.reader.cluster() {
                Some(name) => self.reader.humio(call, name).await.map(Some),
                None => Ok(None),
            }
        };
        let (deployment, humio) = futures_util::join!(self.reader.deployment(call), humio);
        let (deployment, humio) = (deployment?, humio?);
        let Some(deployment) = deployment.as_ref() else {
            return Ok(Observation::blocked(self.reader.operator.missing()));
        };
        let Some(humio) = humio else { return Ok(verdict(operator(deployment, self.target), "operator available")) };
        let Some(cluster) = humio.cluster.as_ref() else {
            let place = self.reader.place("HumioCluster", self.reader.cluster().unwrap_or_default());
            return Ok(Observation::blocked(format!("there is no {place}")));
        };
        Ok(judged(deployment, self.target, cluster, &humio))
    }

    async fn apply(&self, _call: &Call, _seen: &Observation) -> Result<Option<Observation>, Fault> {
        Ok(None)
    }
}

fn judged(deployment: &Deployment, target: i32, cluster: &HumioCluster, humio: &Humio) -> Observation {
    let status = &cluster.status;
    let operator_missing = operator(deployment, target);
    let operator_runs = operator_missing.is_empty();
    let name = &cluster.metadata.name;
    if cluster.is_config_error() && operator_runs {
        return Observation::blocked(format!("HumioCluster {name}: ConfigError: {}", status.message));
    }
    if cluster.nodes() == 0 {
        return Observation::blocked(format!("HumioCluster {name} declares no nodes"));
    }
    let mut missing = operator_missing;
    missing.extend(nodes(cluster, &humio.pods));
    let staying = humio.pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
    let certificates = certificates(&Material::of(cluster, &humio.secrets, staying, CertManager::of(deployment)));
    missing.extend(certificates.missing);
    if !cluster.status_is_current() {
        let (seen, now) = (&status.observed_generation, cluster.metadata.generation.unwrap_or_default());
        missing.push(format!("the operator has seen generation {seen:?} of HumioCluster, not {now}"));
    }
    let mut ready = format!("operator available, {0} of {0} nodes ready, state {1}", cluster.nodes(), status.state);
    if !certificates.unclear.is_empty() {
        ready = format!("{ready}; {}", told(&certificates.unclear));
    }
    // What an operator that sleeps said last is stale.
    if !missing.is_empty() && operator_runs && !status.message.is_empty() {
        missing.push(format!("the operator says: {}", status.message));
    }
    verdict(missing, &ready)
}

fn verdict(missing: Vec<String>, ready: &str) -> Observation {
    // Nothing is written, so nothing needs a precondition.
    if missing.is_empty() { Observation::done(ready) } else { Observation::todo(missing.join("; "), Value::Bool(true)) }
}

fn operator(deployment: &Deployment, target: i32) -> Vec<String> {
    let available = deployment.available();
    if available >= target { Vec::new() } else { vec![format!("{available} of {target} operators available")] }
}

fn nodes(cluster: &HumioCluster, pods: &[Pod]) -> Vec<String> {
    let ready = ready_by_pool(pods);
    cluster
        .pools()
        .into_iter()
        .map(|(pool, wanted)| (ready.get(pool.as_str()).copied().unwrap_or(0), wanted, pool))
        .filter(|(ready, wanted, _)| ready < wanted)
        .map(|(ready, wanted, pool)| format!("{ready} of {wanted} nodes of pool {pool} ready"))
        .collect()
}

/// What is said of the certificates.
#[derive(Default)]
struct Certificates {
    /// What keeps the standby from being verified.
    missing: Option<String>,
    /// What cannot be judged.
    unclear: Vec<String>,
}

fn certificates(material: &Material<'_>) -> Certificates {
    let judged = own_secret(material).and_then(|own| Ok((own, used_secrets(material)?)));
    let (own, used) = match judged {
        Ok(judged) => judged,
        Err(why) => return Certificates { missing: Some(why), ..Certificates::default() },
    };
    let (mut missing, mut unclear) = (Vec::new(), Vec::new());
    let of_pods = used.into_iter().map(|(name, secret)| (format!("{name}, which a pod uses,"), secret));
    for (name, secret) in std::iter::once((material.cluster.to_owned(), own)).chain(of_pods) {
        match secret {
            OwnSecret::Unused | OwnSecret::Matching { .. } => {}
            OwnSecret::Absent => missing.push(format!("TLS secret {name} not issued yet")),
            OwnSecret::Stale { why } => missing.push(format!("TLS secret {name} {why}")),
            OwnSecret::CannotTell { why } => unclear.push(format!("TLS secret {name} {why}")),
        }
    }
    Certificates { missing: (!missing.is_empty()).then(|| told(&missing)), unclear }
}

#[cfg(test)]
#[path = "verify_standby_tests.rs"]
mod tests;
