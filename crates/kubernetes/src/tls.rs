//! Which TLS secrets of the standby would break a failover.
//!
//! The operator trusts only `ca.crt` of the secret that has the cluster's name. That secret outlives its CA: when the
//! HumioCluster is made anew, the CA pair is made anew with it, while cert-manager leaves the old secret alone. The
//! operator then refuses every connection to its own pods. Observed with the real operator and cert-manager.

use serde::{Deserialize, Serialize};

mod certificate;
mod judge;
#[cfg(test)]
mod judge_tests;

pub use judge::{Doomed, Judgement, Material, OwnSecret, judge, own_secret};

/// What is done about TLS secrets before the operator is started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsCleanup {
    /// Secrets that the current CA did not sign are deleted, others kept.
    #[default]
    StaleOnly,
    /// The cluster's own secret is deleted before each start of the operator, stale or not, as the published
    /// function does; per-node secrets only when stale.
    Always,
    /// Nothing is deleted.
    Off,
}
