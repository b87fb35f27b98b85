//! What the engine needs of the world. Adapters implement these; fakes stand in `crate::fakes`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::{
    clock::{Call, Clock},
    evidence::{Control, History, LiveStatus, ProbeResult, Readiness, TrafficAnswer},
    fault::Fault,
    news::News,
    record::State,
};

/// A grant of the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The fencing number: changes with every change of holder, and stays the same over renewals.
    pub fence: u64,
    /// When the grant ends unless renewed.
    pub expires: Timestamp,
    /// The store's own version of the lease, for renewal and release.
    pub version: String,
}

/// Answer to a wish for the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours.
    Granted(Grant),
    /// Somebody else has it.
    Held {
        /// Who.
        holder: String,
        /// Until when, unless renewed.
        until: Timestamp,
    },
}

/// Elects one worker.
///
/// Guarantees: of several callers at most one gets a grant for the same time, by compare-and-set on the stored
/// lease. A grant that is over by the store's own clock (by the caller's, where the store says too little) can be taken by
/// anybody and then carries another fence. Clocks may differ between callers, so a lease alone is no mutual exclusion:
/// every effect carries its own precondition too.
#[async_trait]
pub trait Lease: Send + Sync {
    /// Reads the lease ahead, beside other reads, so that the next `acquire` needs one round trip. Optional, and
    /// without consequence when it fails: `acquire` then reads for itself.
    async fn prime(&self, _call: &Call) {}

    /// Takes the lease for `ttl` if it is free, expired or already `holder`'s.
    ///
    /// # Errors
    /// Faults of the store. A lost race is not an error but [`Claim::Held`].
    async fn acquire(&self, call: &Call, holder: &str, ttl: Duration) -> Result<Claim, Fault>;

    /// Prolongs `grant`.
    ///
    /// # Errors
    /// [`Conflict`](crate::FaultClass::Conflict) when somebody else has taken it meanwhile.
    async fn renew(&self, call: &Call, holder: &str, grant: &Grant, ttl: Duration) -> Result<Grant, Fault>;

    /// Gives it back. A release that fails is harmless: the lease expires.
    ///
    /// # Errors
    /// Faults of the store.
    async fn release(&self, call: &Call, holder: &str, grant: &Grant) -> Result<(), Fault>;
}

/// A state together with the version it was read at.
#[derive(Clone, Debug, PartialEq)]
pub struct Versioned {
    /// The document.
    pub state: State,
    /// The store's version of it, opaque.
    pub version: String,
    /// The server's own time when it answered (`Date`), where it said.
    pub server_time: Option<Timestamp>,
}

/// Keeps the one document.
///
/// Guarantees: `save` is a compare-and-set on the version. A successful save is durable and seen by every later
/// `load`. A document that cannot be read is an [`Invalid`](crate::FaultClass::Invalid) fault, never an empty state.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// Reads the document.
    ///
    /// # Errors
    /// Faults of the store, or a document that cannot be understood.
    async fn load(&self, call: &Call) -> Result<Versioned, Fault>;

    /// Replaces the document that had `version`; returns the new version.
    ///
    /// # Errors
    /// [`Conflict`](crate::FaultClass::Conflict) when it has changed since.
    async fn save(&self, call: &Call, state: &State, version: &str) -> Result<String, Fault>;
}

/// Keeps the time of the last failover where the cloud's operators look for it. Supporting: the record is the authority.
#[async_trait]
pub trait CooldownStore: Send + Sync {
    /// When a failover last began, if ever.
    ///
    /// # Errors
    /// Faults of the store, or a value that cannot be understood.
    async fn last(&self, call: &Call) -> Result<Option<Timestamp>, Fault>;

    /// Notes that one begins.
    ///
    /// # Errors
    /// Faults of the store.
    async fn set(&self, call: &Call, at: Timestamp) -> Result<(), Fault>;
}

/// Reads the primary's health history.
#[async_trait]
pub trait HistorySource: Send + Sync {
    /// The points of the last `window`, in any order.
    ///
    /// # Errors
    /// Faults of the source. "No data" is an empty history, not an error.
    async fn history(&self, call: &Call, window: Duration) -> Result<History, Fault>;

    /// The end of the newest period with a healthy sample, as far back as the source reaches, in coarse periods.
    /// Periods that begin before `not_before` are left out. Asked for only while the site is not armed.
    ///
    /// # Errors
    /// Faults of the source. "Never" is `None`, not an error.
    async fn last_well(&self, call: &Call, not_before: Option<Timestamp>) -> Result<Option<Timestamp>, Fault>;
}

/// Asks the primary itself.
#[async_trait]
pub trait Prober: Send + Sync {
    /// One probe. Never fails: what cannot be told is [`ProbeResult::Inconclusive`].
    async fn probe(&self, call: &Call) -> ProbeResult;
}

/// Asks control targets: addresses outside that are independent of primary and standby, by the way that probes take.
#[async_trait]
pub trait Controls: Send + Sync {
    /// Asks all of them side by side, each on a new connection. Never fails: what did not answer says so.
    async fn ask(&self, call: &Call) -> Vec<Control>;
}

/// Resolves the name that users type. The DNS service answers by its own checkers, and resolvers can be reached
/// without a way out: a second witness where our path to the primary alone is broken.
#[async_trait]
pub trait TrafficWitness: Send + Sync {
    /// The answer now.
    ///
    /// # Errors
    /// A name that does not resolve says nothing.
    async fn answer(&self, call: &Call) -> Result<TrafficAnswer, Fault>;
}

/// Asks what independent checkers see at this moment.
#[async_trait]
pub trait LiveSource: Send + Sync {
    /// The status now.
    ///
    /// # Errors
    /// Faults of the source.
    async fn live(&self, call: &Call) -> Result<LiveStatus, Fault>;
}

/// Looks whether the standby can take over. Reads only.
#[async_trait]
pub trait Standby: Send + Sync {
    /// Everything that a failover would need of the standby.
    ///
    /// # Errors
    /// Faults of the cluster's API; what is wrong *with* the standby is in the checks.
    async fn fitness(&self, call: &Call) -> Result<Readiness, Fault>;
}

/// Tells people. A message must never hold up the work: sending goes on beside it.
pub trait Announcer: Send + Sync {
    /// The name of the receiver, the same for ever: the record keeps what it was told.
    fn name(&self) -> &'static str;

    /// Begins to send, and returns at once. Messages arrive in the order in which they were begun. The future tells how
    /// that ended; whoever drops it does not stop the sending, which ends by itself after the time of one call.
    fn announce(&self, news: News) -> BoxFuture<'static, Result<(), Fault>>;
}

/// All ports of one site.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Elects one worker.
    pub lease: Arc<dyn Lease>,
    /// The record.
    pub store: Arc<dyn StateStore>,
    /// The cloud's note of the last failover, where there is one.
    pub cooldown: Option<Arc<dyn CooldownStore>>,
    /// The primary's history, where there is one.
    pub history: Option<Arc<dyn HistorySource>>,
    /// Our own probe of the primary, where one is configured.
    pub prober: Option<Arc<dyn Prober>>,
    /// The control targets of the probe. Without any, a failing probe proves nothing.
    pub controls: Option<Arc<dyn Controls>>,
    /// Where users are led, where their name is configured.
    pub traffic: Option<Arc<dyn TrafficWitness>>,
    /// Checkers' status, where there is one.
    pub live: Option<Arc<dyn LiveSource>>,
    /// Readiness of the standby.
    pub standby: Arc<dyn Standby>,
    /// Who is told; nobody where it is empty.
    pub announcers: Vec<Arc<dyn Announcer>>,
}
