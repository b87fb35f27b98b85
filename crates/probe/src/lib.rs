//! Our own look at the primary, at the address that no traffic routing touches, and at what is beside it: the same
//! from every cloud.
//!
//! # Layout
//!
//! * this file: [`Client`], which all of them share, and [`StatusProbe`], behind a port of `holdfast-core`.
//! * [`controls`]: addresses that have nothing to do with the primary, asked by the same way.
//! * [`traffic`]: where the name that users type leads.
//! * `target`: an address that is asked; `public`: whether it is one of the public internet.
//! * `verdict`: what an answer, or its absence, says about the primary.
//!
//! A probe stands in for the metrics when those are lost with their region, so it must not call a primary dead that
//! is not. What may be our own fault (no name resolution, no route, no trust in a certificate, a proxy that refuses
//! us) and what something in front of the primary says to us alone is *inconclusive*.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]
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

pub mod controls;
mod public;
mod target;
pub mod traffic;
mod verdict;

use std::time::Duration;

use async_trait::async_trait;
use holdfast_core::{Call, evidence::ProbeResult, ports::Prober, retry::RetryPolicy};
use holdfast_http::{Client, Proxies, Wanted, Way};
use http::{Request, header};
use hyper::body::Bytes;

pub use controls::{Control, ControlTargets};
pub use target::{BadTarget, Target};
pub use traffic::TrafficName;
pub use verdict::Judge;

const CALL: &str = "probe:Get";

const USER_AGENT: &str = concat!("holdfast/", env!("CARGO_PKG_VERSION"));

/// Asks one target on a new connection, and waits for at most `timeout` for the way to it, and as long for the answer.
async fn ask(client: &Client, call: &Call, target: &Target, timeout: Duration, wanted: Wanted) -> Asked {
    let patience = patience(call, timeout);
    // The way has a patience of its own: a resolver or a proxy that hangs is no silence of the other side.
    let way = match patience.once(CALL, async { Ok(client.way(target.uri()).await) }).await {
        Ok(Ok(way)) => way,
        Ok(Err(why)) => return Asked::Came(Err(why)),
        Err(fault) => return Asked::NoWay(format!("the way out: {}", fault.message)),
    };
    go(client, &patience, target, way, wanted).await
}

/// The second half: the way is known.
async fn go(client: &Client, patience: &Call, target: &Target, way: Way, wanted: Wanted) -> Asked {
    let cut_short = patience.remaining() < patience.retry.attempt_timeout;
    let request = Request::get(target.uri())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "application/json")
        .body(Bytes::new());
    let Ok(request) = request else { return Asked::NoWay("the address makes no request".to_owned()) };
    match patience.once(CALL, async { Ok(client.once(way, request, wanted).await) }).await {
        Ok(outcome) => Asked::Came(outcome),
        // Who was not given the time has not failed to answer in time.
        Err(_) if cut_short => Asked::CutShort,
        Err(fault) => Asked::Silent(fault.message),
    }
}

/// What came of asking.
enum Asked {
    /// Something came back, or nothing will.
    Came(verdict::Outcome),
    /// No answer in time.
    Silent(String),
    /// Our own deadline came first.
    CutShort,
    /// No way to the target was found in time.
    NoWay(String),
}

fn patience(call: &Call, timeout: Duration) -> Call {
    Call { retry: RetryPolicy { attempt_timeout: timeout, ..call.retry }, ..call.clone() }
}

/// Asks the status endpoint of the primary, on a new connection each time: a kept one proves little.
#[derive(Clone)]
pub struct StatusProbe {
    client: Client,
    target: Target,
    timeout: Duration,
    judge: Judge,
}

impl StatusProbe {
    /// A probe of `target` that waits for at most `timeout` for the way to it, and as long for the answer, which `judge`
    /// judges. Without a proxy.
    pub fn new(target: Target, timeout: Duration, judge: Judge) -> Self {
        Self::by(Client::new(Proxies::default()), target, timeout, judge)
    }

    /// The same by `client`.
    pub fn by(client: Client, target: Target, timeout: Duration, judge: Judge) -> Self {
        Self { client, target, timeout, judge }
    }
}

#[async_trait]
impl Prober for StatusProbe {
    async fn probe(&self, call: &Call) -> ProbeResult {
        let inconclusive = |why: String| ProbeResult::Inconclusive { why };
        match ask(&self.client, call, &self.target, self.timeout, verdict::DOCUMENT).await {
            Asked::Came(outcome) => verdict::of(outcome, self.judge),
            Asked::Silent(why) => ProbeResult::Failing { why },
            Asked::CutShort => inconclusive("our own deadline came before the answer".to_owned()),
            Asked::NoWay(why) => inconclusive(why),
        }
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
