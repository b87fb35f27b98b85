//! Our own look at the primary, at the address that no traffic routing touches: the same from every cloud.
//!
//! # Layout
//!
//! * this file: [`StatusProbe`], behind the port of `holdfast-core`.
//! * `target`: where the status endpoint is.
//! * `exchange`: one request on one new connection.
//! * `verdict`: what an answer, or its absence, says about the primary.
//!
//! A probe stands in for the metrics when those are lost with their region, so it must not call a primary dead that
//! is not. What may be our own fault (no name resolution, no route, no trust in a certificate) is *inconclusive*.

// Nothing that others write may stop the process: what can fail is a value here, and sums of foreign numbers and times
// are checked or end at the end of their range (`holdfast_core::clock::later`).
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::todo
    )
)]

mod exchange;
mod target;
mod verdict;

use std::time::Duration;

use async_trait::async_trait;
use holdfast_core::{Call, evidence::ProbeResult, ports::Prober, retry::RetryPolicy};

pub use target::{BadTarget, Target};
pub use verdict::of_answer;

const CALL: &str = "probe:Get";

/// Asks the status endpoint of the primary, on a new connection each time: a kept one proves little.
pub struct StatusProbe {
    target: Target,
    timeout: Duration,
    exchange: exchange::Exchange,
}

impl StatusProbe {
    /// A probe of `target` that waits for at most `timeout` for the name to resolve, and as long for the answer.
    pub fn new(target: Target, timeout: Duration) -> Self {
        Self { target, timeout, exchange: exchange::Exchange::default() }
    }
}

#[async_trait]
impl Prober for StatusProbe {
    async fn probe(&self, call: &Call) -> ProbeResult {
        let patience = Call { retry: RetryPolicy { attempt_timeout: self.timeout, ..call.retry }, ..call.clone() };
        // Resolving has a patience of its own: a resolver that hangs is no silence of the primary.
        let addresses = match patience.once(CALL, async { Ok(exchange::resolve(&self.target).await) }).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(why)) => return unresolved(&why),
            Err(fault) => return unresolved(&fault.message),
        };
        let cut_short = patience.remaining() < self.timeout;
        match patience.once(CALL, async { Ok(self.exchange.get(&self.target, &addresses).await) }).await {
            Ok(outcome) => verdict::of(outcome),
            // A primary that was not given its time has not failed to answer in time.
            Err(_) if cut_short => {
                ProbeResult::Inconclusive { why: "our own deadline came before the answer".to_owned() }
            }
            Err(fault) => ProbeResult::Failing { why: fault.message },
        }
    }
}

fn unresolved(why: &str) -> ProbeResult {
    ProbeResult::Inconclusive { why: format!("the name cannot be resolved: {why}") }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
