//! Whether the lease says what can be believed. Nothing in it holds a failover back.

use holdfast_core::{Call, evidence::Check};

use super::{good, warning};
use crate::lease::KubernetesLease;

const NAME: &str = "lease";

/// How the lease stands. What is not believed of it is a warning that names value and writer, as is a lease that cannot
/// be read: the claim meets it again, and tries again.
pub async fn checks(lease: &KubernetesLease, call: &Call) -> Vec<Check> {
    match lease.status(call).await {
        Ok(standing) if standing.oddities.is_empty() => vec![good(NAME, standing.described)],
        Ok(standing) => standing.oddities.into_iter().map(|odd| warning(NAME, odd)).collect(),
        Err(fault) => vec![warning(NAME, fault.to_string())],
    }
}
