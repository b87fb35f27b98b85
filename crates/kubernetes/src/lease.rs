//! Elects one worker, by compare-and-set on a Lease of the standby cluster.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault, FaultClass, Timestamp,
    ports::{Claim, Grant, Lease},
};
use serde_json::Value;

use crate::api::{Api, GET_LEASE, PUT_LEASE, not_applied, version_of};

mod document;
#[cfg(test)]
mod tests;

use document::{Held, held, hold, let_go, transitions};

/// How often a lost race for a lease that turns out to be free is run again.
const RACES: usize = 3;

/// [`Lease`] on a `coordination.k8s.io/v1` Lease that exists beforehand (`infra/kubernetes/role.yaml`).
///
/// One object serves one process; it keeps the last document that it saw, so that a write needs no read before it.
pub struct KubernetesLease {
    api: Api,
    name: String,
    seen: Mutex<Option<Value>>,
}

impl KubernetesLease {
    pub(crate) fn new(api: Api, name: String) -> Self {
        Self { api, name, seen: Mutex::new(None) }
    }

    /// Reads the Lease, so that the next [`acquire`](Lease::acquire) can write at once.
    ///
    /// # Errors
    /// Faults of the API server; [`NotFound`](FaultClass::NotFound) when the manifest was not applied.
    pub async fn look(&self, call: &Call) -> Result<(), Fault> {
        let document = self.read(call).await?;
        self.keep(document);
        Ok(())
    }

    async fn read(&self, call: &Call) -> Result<Value, Fault> {
        let document = self.api.get(call, &GET_LEASE, &self.name).await?;
        document.ok_or_else(|| not_applied(&GET_LEASE, "Lease", self.api.namespace(), &self.name))
    }

    /// Writes `document`, which carries the version that it replaces.
    async fn write(&self, call: &Call, document: &Value) -> Result<String, Fault> {
        let written = self.api.write(call, &PUT_LEASE, &self.name, document).await?;
        let version = version_of(&PUT_LEASE, &written)?;
        self.keep(written);
        Ok(version)
    }

    fn keep(&self, document: Value) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(document);
    }

    /// Takes the document that was seen last: whoever fails with it must read for himself.
    fn take(&self) -> Option<Value> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The document at `version`, without a read when it is the one that was seen last.
    async fn at(&self, call: &Call, version: &str) -> Result<Value, Fault> {
        match self.take().filter(|document| document["metadata"]["resourceVersion"] == version) {
            Some(document) => Ok(document),
            None => self.read(call).await,
        }
    }

    async fn grant(&self, call: &Call, holder: &str, mut document: Value, ttl: Duration) -> Result<Grant, Fault> {
        let now = call.clock.now();
        let expires = hold(&mut document, holder, now, ttl);
        let fence = transitions(&document);
        let version = self.write(call, &document).await?;
        Ok(Grant { fence, expires, version })
    }
}

/// True when `document` still says what `grant` says: this holder, this fencing number.
fn is_still(document: &Value, holder: &str, grant: &Grant) -> bool {
    transitions(document) == grant.fence && held(document).is_some_and(|held| held.holder == holder)
}

fn taken(document: &Value) -> Fault {
    let by = held(document).map_or_else(|| "nobody".to_owned(), |held| held.holder);
    Fault::new(FaultClass::Conflict, PUT_LEASE.name, format!("the lease is no longer ours, it is held by {by}"))
}

/// Who else holds it now, if anybody.
fn other(document: &Value, holder: &str, now: Timestamp) -> Option<Claim> {
    let Held { holder: by, until } = held(document)?;
    (by != holder && until > now).then_some(Claim::Held { holder: by, until })
}

#[async_trait]
impl Lease for KubernetesLease {
    async fn prime(&self, call: &Call) {
        if let Err(fault) = self.look(call).await {
            tracing::debug!(call = fault.call, class = fault.class.label(), "{}", fault.message);
        }
    }

    async fn acquire(&self, call: &Call, holder: &str, ttl: Duration) -> Result<Claim, Fault> {
        // A document from an earlier look may say "held" of a lease that is free by now; only a fresh one may.
        let seen = self.take().filter(|document| other(document, holder, call.clock.now()).is_none());
        let mut document = match seen {
            Some(document) => document,
            None => self.read(call).await?,
        };
        for _ in 0..RACES {
            if let Some(held) = other(&document, holder, call.clock.now()) {
                self.keep(document);
                return Ok(held);
            }
            match self.grant(call, holder, document, ttl).await {
                Ok(grant) => return Ok(Claim::Granted(grant)),
                Err(fault) if fault.class == FaultClass::Conflict => document = self.read(call).await?,
                Err(fault) => return Err(fault),
            }
        }
        let message = format!("the lease was written by others {RACES} times while it was free; try again");
        other(&document, holder, call.clock.now())
            .ok_or_else(|| Fault::new(FaultClass::Conflict, PUT_LEASE.name, message))
    }

    async fn renew(&self, call: &Call, holder: &str, grant: &Grant, ttl: Duration) -> Result<Grant, Fault> {
        let document = self.at(call, &grant.version).await?;
        if !is_still(&document, holder, grant) {
            return Err(taken(&document));
        }
        match self.grant(call, holder, document, ttl).await {
            // An earlier renewal of ours may have taken effect without an answer.
            Err(fault) if fault.class == FaultClass::Conflict => {
                let document = self.read(call).await?;
                if !is_still(&document, holder, grant) {
                    return Err(taken(&document));
                }
                self.grant(call, holder, document, ttl).await
            }
            result => result,
        }
    }

    async fn release(&self, call: &Call, holder: &str, grant: &Grant) -> Result<(), Fault> {
        let mut document = self.at(call, &grant.version).await?;
        for _ in 0..RACES {
            if !is_still(&document, holder, grant) {
                return Ok(());
            }
            let_go(&mut document);
            match self.write(call, &document).await {
                Err(fault) if fault.class == FaultClass::Conflict => document = self.read(call).await?,
                result => return result.map(drop),
            }
        }
        Ok(())
    }
}
