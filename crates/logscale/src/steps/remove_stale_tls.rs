//! Removes TLS secrets of a former CA, before the operator that would choke on them is started.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::future::join_all;
use holdfast_core::{
    Call, Fault, FaultClass, Timestamp,
    step::{Need, Observation, Step, StepState},
};
use holdfast_kubernetes::{
    api::{DELETE_SECRET, is_missing},
    deployment::Deployment,
    secret,
};
use serde_json::json;

use crate::{
    reader::{ClusterReader, Humio},
    tls::{CertManager, Doomed, Judgement, Material, TlsCleanup, judge, told},
};

/// Above the longest run of a function (15 min on AWS Lambda), so that a run that is resumed counts as the same.
///
/// For so long a secret whose name was aimed at is left alone, whatever is issued under it; and with
/// [`TlsCleanup::Always`], a matching secret that is younger counts as the one that was issued after our own delete.
const ONE_RUN: Duration = Duration::from_secs(20 * 60);

/// Secrets that one run deletes at the most, the cluster's own first. What is left are secrets of nodes that are gone:
/// no pod uses them.
const MOST: usize = 50;

/// Deletes stale TLS secrets, each in exactly the version that was judged, and each name once.
///
/// What is stale says [`judge`]. The CA pair is never touched. A deleted secret comes back from cert-manager, signed
/// by the current CA: at once where its Certificate exists, else when the operator has started. So nothing waits for
/// a name to stay away: what was deleted by its uid is gone, whatever bears its name now. What was issued anew is
/// never deleted by the same run, even if it is stale again (cert-manager then issues it from another CA, and would
/// do so for ever): verification judges it, and tells people.
pub struct RemoveStaleTls {
    reader: Arc<ClusterReader>,
    cleanup: TlsCleanup,
    aimed_at: Mutex<BTreeMap<String, Aim>>,
}

/// A secret that was to be deleted.
struct Aim {
    uid: String,
    /// The server has said that it is gone, or that it will go.
    gone: bool,
    /// When the name was last looked after.
    at: Timestamp,
}

impl RemoveStaleTls {
    pub(crate) fn new(reader: Arc<ClusterReader>, cleanup: TlsCleanup) -> Self {
        Self { reader, cleanup, aimed_at: Mutex::default() }
    }

    /// True when the cluster's own secret goes even if it matches.
    fn unconditional(&self, deployment: Option<&Deployment>, humio: &Humio, name: &str, now: Timestamp) -> bool {
        let asleep = match self.cleanup {
            TlsCleanup::Always => deployment.is_none_or(|it| it.wanted() == 0),
            TlsCleanup::StaleOnly | TlsCleanup::Off => false,
        };
        let own = humio.secrets.iter().find(|secret| secret.metadata.name == name);
        let made = own.and_then(|secret| secret.metadata.creation_timestamp);
        asleep && made.is_none_or(|made| is_over(made, now))
    }

    async fn judgement(&self, call: &Call, name: &str) -> Result<Judgement, Fault> {
        let (humio, deployment) = futures_util::join!(self.reader.humio(call, name), self.reader.deployment(call));
        let (humio, deployment) = (humio?, deployment?);
        let Some(cluster) = humio.cluster.as_ref() else {
            let place = self.reader.place("HumioCluster", name);
            return Ok(Judgement::Blocked {
                why: format!("there is no {place}; the operator would have nothing to run"),
            });
        };
        let deployment = deployment.as_ref().as_ref();
        let cert_manager = deployment.map_or(CertManager::Unknown, CertManager::of);
        let material = Material::of(cluster, &humio.secrets, humio.pods.iter(), cert_manager);
        Ok(judge(&material, self.unconditional(deployment, &humio, name, call.clock.now())))
    }

    fn aims(&self) -> MutexGuard<'_, BTreeMap<String, Aim>> {
        self.aimed_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What of the stale secrets is still to go, and a word about what is left.
    fn still_to_go(&self, doomed: Vec<Doomed>, now: Timestamp) -> (Vec<Doomed>, Option<String>) {
        let mut aims = self.aims();
        aims.retain(|_, aim| !is_over(aim.at, now));
        let mut room = MOST.saturating_sub(aims.len());
        let (mut going, mut left) = (Vec::new(), Vec::new());
        for secret in doomed {
            match aims.get_mut(&secret.name) {
                Some(aim) if aim.gone || aim.uid != secret.uid => {
                    let what = if aim.uid == secret.uid { "is being deleted" } else { "was issued anew" };
                    aim.at = now;
                    left.push(format!("secret {} {what}: it is left to verification", secret.name));
                }
                // The answer to its delete was lost, or it was written meanwhile.
                Some(_) => going.push(secret),
                None if room > 0 => {
                    room = usize::saturating_sub(room, 1);
                    going.push(secret);
                }
                None => left.push(format!("secret {} is one too many for one run, and no pod uses it", secret.name)),
            }
        }
        (going, (!left.is_empty()).then(|| told(&left)))
    }

    /// Returns whether the answer says that it is gone.
    async fn delete(&self, call: &Call, doomed: &Doomed) -> Result<bool, Fault> {
        self.note(doomed, false, call.clock.now());
        let Doomed { name, uid, resource_version } = doomed;
        let gone = match secret::delete(&self.reader.api, call, name, uid, resource_version).await {
            Err(fault) if is_missing(&fault) => true,
            answer => answer?,
        };
        self.note(doomed, true, call.clock.now());
        Ok(gone)
    }

    fn note(&self, doomed: &Doomed, gone: bool, at: Timestamp) {
        self.aims().insert(doomed.name.clone(), Aim { uid: doomed.uid.clone(), gone, at });
    }
}

/// True when a run that began at `then` has ended.
fn is_over(then: Timestamp, now: Timestamp) -> bool {
    then.checked_add(ONE_RUN).is_ok_and(|end| end < now)
}

#[async_trait]
impl Step for RemoveStaleTls {
    fn name(&self) -> &'static str {
        "remove-stale-tls"
    }

    /// Owed: a secret that cannot be removed must not keep the operator from being started.
    fn need(&self) -> Need {
        Need::Owed
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        if self.cleanup == TlsCleanup::Off {
            return Ok(Observation::done("clean-up of TLS secrets is off"));
        }
        let Some(name) = self.reader.cluster() else {
            return Ok(Observation::done("no HumioCluster is configured"));
        };
        let (doomed, found, kept) = match self.judgement(call, name).await? {
            Judgement::Clean { found } | Judgement::CannotTell { found } => return Ok(Observation::done(found)),
            Judgement::Blocked { why } => return Ok(Observation::blocked(why)),
            Judgement::Stale { doomed, found, kept } => (doomed, found, kept),
        };
        let (going, left) = self.still_to_go(doomed, call.clock.now());
        let found = [Some(found), kept, left].into_iter().flatten().collect::<Vec<_>>().join("; ");
        Ok(if going.is_empty() { Observation::done(found) } else { Observation::todo(found, json!(going)) })
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        if seen.state != StepState::Todo {
            return Ok(None);
        }
        let doomed: Vec<Doomed> = serde_json::from_value(seen.precondition.clone()).map_err(|_| {
            Fault::new(FaultClass::Invalid, DELETE_SECRET.name, "the observation does not name the secrets to delete")
        })?;
        // Each delete runs to its end, whatever becomes of the others.
        let answers = join_all(doomed.iter().map(|secret| self.delete(call, secret))).await;
        let gone: Vec<bool> = answers.into_iter().collect::<Result<_, Fault>>()?;
        let names: Vec<&str> = doomed.iter().map(|secret| secret.name.as_str()).collect();
        Ok(gone.iter().all(|gone| *gone).then(|| Observation::done(format!("removed {}", names.join(", ")))))
    }
}
