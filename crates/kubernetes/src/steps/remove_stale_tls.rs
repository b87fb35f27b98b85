//! Removes TLS secrets of a former CA, before the operator that would choke on them is started.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::join_all;
use holdfast_core::{
    Call, Fault, FaultClass,
    clock::later,
    step::{Need, Observation, Standing, Step},
};
use serde_json::json;

use crate::{
    api::{DELETE_SECRET, is_missing},
    look::{Humio, Look},
    tls::{Doomed, Judgement, Material, TlsCleanup, judge},
};

/// With [`TlsCleanup::Always`], a matching secret that is younger than this counts as the one that was issued after
/// our own delete (a matter of seconds where cert-manager runs). Above the longest run of a function (15 min on
/// AWS Lambda), so that a resumed run does not delete it again.
const JUST_ISSUED: Duration = Duration::from_secs(20 * 60);

/// Deletes stale TLS secrets, each in exactly the version that was judged.
///
/// What is stale says [`judge`]. The CA pair is never touched. A deleted secret comes back from cert-manager, signed
/// by the current CA: at once where its Certificate exists, else when the operator has started.
pub struct RemoveStaleTls {
    look: Arc<Look>,
    cleanup: TlsCleanup,
}

impl RemoveStaleTls {
    pub(crate) fn new(look: Arc<Look>, cleanup: TlsCleanup) -> Self {
        Self { look, cleanup }
    }

    /// True when the cluster's own secret goes even if it matches.
    async fn unconditional(&self, call: &Call, name: &str) -> Result<impl Fn(&Humio) -> bool, Fault> {
        let asleep = match self.cleanup {
            TlsCleanup::Always => self.look.deployment(call).await?.as_ref().as_ref().is_none_or(|it| it.wanted() == 0),
            TlsCleanup::StaleOnly | TlsCleanup::Off => false,
        };
        let (name, now) = (name.to_owned(), call.clock.now());
        Ok(move |humio: &Humio| {
            let own = humio.secrets.iter().find(|secret| secret.metadata.name == name);
            let made = own.and_then(|secret| secret.metadata.creation_timestamp);
            asleep && made.is_none_or(|made| later(made, JUST_ISSUED) < now)
        })
    }

    async fn judgement(&self, call: &Call, name: &str) -> Result<Judgement, Fault> {
        let (humio, unconditional) = futures_util::join!(self.look.humio(call, name), self.unconditional(call, name));
        let (humio, unconditional) = (humio?, unconditional?);
        let Some(cluster) = humio.cluster.as_ref() else {
            let place = self.look.place("HumioCluster", name);
            return Ok(Judgement::Blocked {
                why: format!("there is no {place}; the operator would have nothing to run"),
            });
        };
        Ok(judge(&Material::of(cluster, &humio.secrets, &humio.pods), unconditional(&humio)))
    }

    async fn delete(&self, call: &Call, doomed: &Doomed) -> Result<(), Fault> {
        let preconditions = json!({"uid": doomed.uid, "resourceVersion": doomed.resource_version});
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions});
        match self.look.api.write(call, &DELETE_SECRET, &doomed.name, &options).await {
            Err(fault) if !is_missing(&fault) => Err(fault),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

#[async_trait]
impl Step for RemoveStaleTls {
    fn name(&self) -> &'static str {
        "remove-stale-tls"
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        if self.cleanup == TlsCleanup::Off {
            return Ok(Observation::done("clean-up of TLS secrets is off"));
        }
        let Some(name) = self.look.cluster() else {
            return Ok(Observation::done("no HumioCluster is configured"));
        };
        Ok(match self.judgement(call, name).await? {
            Judgement::Clean { found } => Observation::done(found),
            Judgement::Blocked { why } => Observation::blocked(why),
            Judgement::Stale { doomed, found } => Observation::todo(found, json!(doomed)),
        })
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<(), Fault> {
        if seen.standing != Standing::Todo {
            return Ok(());
        }
        let doomed: Vec<Doomed> = serde_json::from_value(seen.fence.clone()).map_err(|_| {
            Fault::new(FaultClass::Invalid, DELETE_SECRET.name, "the observation does not name the secrets to delete")
        })?;
        // Each delete runs to its end, whatever becomes of the others.
        join_all(doomed.iter().map(|secret| self.delete(call, secret))).await.into_iter().collect()
    }
}
