//! Elects one worker, by compare-and-set on a Lease of the standby cluster.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault, FaultClass, Timestamp,
    fault::quoted,
    ports::{Claim, Grant, Lease},
};
use serde_json::Value;

use crate::{
    api::{Api, Dated, GET_LEASE, PUT_LEASE, not_applied, version_of},
    json::{self, field},
    single_flight::SingleFlight,
};

mod document;
#[cfg(test)]
mod foreign_tests;
#[cfg(test)]
mod tests;
mod times;

use document::{fence, hold, holder, let_go};

/// How often a lost race for a lease that turns out to be free is run again.
const RACES: usize = 3;

/// [`Lease`] on a `coordination.k8s.io/v1` Lease that exists beforehand (`infra/kubernetes/role.yaml`).
///
/// One object serves one process; it keeps the last document that it saw, so that a write needs no read before it.
///
/// How old a grant is, is said by the API server alone: its time of the last write against its time now. Where it says
/// too little, a grant ends once the lease has not changed for its duration by our clock, from call to call.
pub struct KubernetesLease {
    api: Api,
    name: String,
    seen: Mutex<Option<Dated<Value>>>,
    /// The version that was seen last, and since when, by our clock.
    unchanged: Mutex<Option<(Value, Timestamp)>>,
    reads: SingleFlight<Dated<Value>>,
}

/// A lease as it stands, for those who look and do not take it.
pub struct LeaseStatus {
    /// Who holds it and until when, in a few words.
    pub described: String,
    /// What in it is not believed, with value, writer and what counts instead.
    pub oddities: Vec<String>,
}

impl KubernetesLease {
    /// The Lease `name`.
    pub fn new(api: Api, name: String) -> Self {
        let (seen, unchanged) = (Mutex::new(None), Mutex::new(None));
        Self { api, name, seen, unchanged, reads: SingleFlight::new() }
    }

    /// Reads the Lease, so that the next [`acquire`](Lease::acquire) can write at once.
    ///
    /// # Errors
    /// Faults of the API server; [`NotFound`](FaultClass::NotFound) when the manifest was not applied.
    pub async fn look(&self, call: &Call) -> Result<(), Fault> {
        self.shared(call).await.map(drop)
    }

    /// How it stands, and what in it is not believed.
    ///
    /// # Errors
    /// Faults of the API server; [`NotFound`](FaultClass::NotFound) when the manifest was not applied.
    pub async fn status(&self, call: &Call) -> Result<LeaseStatus, Fault> {
        let read = self.shared(call).await?;
        let until = self.held_until(&read);
        Ok(LeaseStatus { described: times::described(&read, until), oddities: times::oddities(&read) })
    }

    /// One read for all who look at the same moment; the next `acquire` has it too.
    async fn shared(&self, call: &Call) -> Result<std::sync::Arc<Dated<Value>>, Fault> {
        let (api, call, name) = (self.api.clone(), call.clone(), self.name.clone());
        let read = self.reads.get(|| async move { fetch(&api, &call, &name).await }).await?;
        self.notice(&read);
        self.keep(Dated::clone(&read));
        Ok(read)
    }

    async fn read(&self, call: &Call) -> Result<Dated<Value>, Fault> {
        let read = fetch(&self.api, call, &self.name).await?;
        self.notice(&read);
        Ok(read)
    }

    /// Remembers since when it says what it says: its version changes with every label too.
    fn notice(&self, read: &Dated<Value>) {
        let now_at = field(&read.object, "spec");
        let mut unchanged = self.unchanged.lock().unwrap_or_else(PoisonError::into_inner);
        if unchanged.as_ref().is_none_or(|(seen, _)| seen != now_at) {
            *unchanged = Some((now_at.clone(), read.at));
        }
    }

    /// Until when it is held, by our clock. What was not noticed stands since it was read.
    fn held_until(&self, read: &Dated<Value>) -> Option<Timestamp> {
        let unchanged = self.unchanged.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = unchanged.as_ref().filter(|(seen, _)| field(&read.object, "spec") == seen);
        times::held_until(read, of_it.map_or(read.at, |(_, since)| *since))
    }

    /// Who else holds it now, if anybody.
    fn other(&self, read: &Dated<Value>, us: &str, now: Timestamp) -> Option<Claim> {
        let by = holder(&read.object).filter(|by| *by != us)?;
        let until = self.held_until(read).filter(|until| *until > now)?;
        Some(Claim::Held { holder: quoted(by), until })
    }

    /// Writes `document`, which carries the version that it replaces.
    async fn write(&self, call: &Call, document: &Value) -> Result<String, Fault> {
        let object = self.api.write(call, &PUT_LEASE, &self.name, document).await?;
        let version = version_of(&PUT_LEASE, &object)?;
        self.keep(Dated { object, server: None, at: call.clock.now() });
        Ok(version)
    }

    fn keep(&self, read: Dated<Value>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
    }

    /// Takes the document that was seen last: whoever fails with it must read for himself.
    fn take(&self) -> Option<Dated<Value>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The document at `version`, without a read when it is the one that was seen last.
    async fn at(&self, call: &Call, version: &str) -> Result<Value, Fault> {
        match self.take().filter(|read| json::version(&read.object) == Some(version)) {
            Some(read) => Ok(read.object),
            None => Ok(self.read(call).await?.object),
        }
    }

    async fn grant(&self, call: &Call, holder: &str, mut document: Value, ttl: Duration) -> Result<Grant, Fault> {
        let now = call.clock.now();
        let expires = hold(&mut document, holder, now, ttl);
        let fence = fence(&document);
        let version = self.write(call, &document).await?;
        Ok(Grant { fence, expires, version })
    }
}

/// What stands in a lease document that was read at `at`, from a server whose time was `server`: until when it is held,
/// and what in it is not believed. Whatever the document holds, it is held for some 12 minutes at most.
pub fn judge(document: Value, server: Option<Timestamp>, at: Timestamp) -> (Option<Timestamp>, Vec<String>) {
    let read = Dated { object: document, server, at };
    (times::held_until(&read, at), times::oddities(&read))
}

/// The document with which `holder` takes the lease at `now`, and its fencing number.
pub fn taken_by(mut document: Value, holder: &str, now: Timestamp, ttl: Duration) -> (Value, u64) {
    hold(&mut document, holder, now, ttl);
    let fence = fence(&document);
    (document, fence)
}

async fn fetch(api: &Api, call: &Call, name: &str) -> Result<Dated<Value>, Fault> {
    let read = api.get_dated(call, &GET_LEASE, name).await?;
    read.ok_or_else(|| not_applied(&GET_LEASE, "Lease", api.namespace(), name))
}

/// True when `document` still says what `grant` says: this holder, this fencing number.
fn is_still(document: &Value, us: &str, grant: &Grant) -> bool {
    fence(document) == grant.fence && holder(document) == Some(us)
}

fn taken(document: &Value) -> Fault {
    let by = quoted(holder(document).unwrap_or("nobody"));
    Fault::new(FaultClass::Conflict, PUT_LEASE.name, format!("the lease is no longer ours, it is held by {by}"))
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
        let seen = self.take().filter(|read| self.other(read, holder, call.clock.now()).is_none());
        let mut read = match seen {
            Some(read) => read,
            None => self.read(call).await?,
        };
        for _ in 0..RACES {
            if let Some(held) = self.other(&read, holder, call.clock.now()) {
                for oddity in times::oddities(&read) {
                    tracing::warn!(lease = self.name, "not believed of the lease: {oddity}");
                }
                self.keep(read);
                return Ok(held);
            }
            match self.grant(call, holder, read.object, ttl).await {
                Ok(grant) => return Ok(Claim::Granted(grant)),
                Err(fault) if fault.class == FaultClass::Conflict => read = self.read(call).await?,
                Err(fault) => return Err(fault),
            }
        }
        let message = format!("the lease was written by others {RACES} times while it was free; try again");
        self.other(&read, holder, call.clock.now())
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
                let document = self.read(call).await?.object;
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
                Err(fault) if fault.class == FaultClass::Conflict => document = self.read(call).await?.object,
                result => return result.map(drop),
            }
        }
        Ok(())
    }
}
