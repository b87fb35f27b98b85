//! Which TLS secrets of the standby would break a failover.
//!
//! The operator trusts only `ca.crt` of the secret that has the cluster's name. That secret outlives its CA: when the
//! HumioCluster is made anew, the CA pair is made anew with it, while cert-manager leaves the old secret alone. The
//! operator then refuses every connection to its own pods. Observed with the real operator and cert-manager.
//!
//! There are three answers: stale, proven, and deleted; matching, proven, and kept; and "cannot tell", kept and told
//! to people.

use serde::{Deserialize, Serialize};

mod authority;
mod cert_manager;
mod certificate;
#[cfg(test)]
mod chain_tests;
mod issued;
mod judge;
#[cfg(test)]
mod judge_tests;
mod signature;

pub use cert_manager::CertManager;
pub(crate) use judge::told;
pub use judge::{Doomed, Judgement, Material, OwnSecret, judge, out_of_date, own_secret, used_secrets};

/// What is done about TLS secrets before the operator is started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsCleanup {
    /// Secrets that the current CA is proven not to have signed are deleted, others kept.
    #[default]
    StaleOnly,
    /// The cluster's own secret is deleted before each start of the operator, stale or not, as the published
    /// function does; per-node secrets only when stale. That holds for an own secret that cannot be judged as well:
    /// who chooses this asks for no judgement, and a secret that matches goes too. It does not hold where nothing
    /// could issue the secret again: without cert-manager, or while the CA is missing a part.
    Always,
    /// Nothing is deleted.
    Off,
}
