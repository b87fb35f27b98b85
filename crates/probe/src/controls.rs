//! Control targets: addresses outside that have nothing to do with the primary, asked by the way that probes take.
//!
//! A probe that fails proves something of the primary only while one of them answers: else the fault may be our own
//! way out.

use std::{net::SocketAddr, time::Duration};

use async_trait::async_trait;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, join_all},
};
use holdfast_core::{
    Call,
    clock::half,
    evidence,
    fault::{Limit, quoted_within, with_causes},
    ports::Controls,
};
use holdfast_http::{Client, Wanted, Way};
use http::StatusCode;

use crate::{Asked, CALL, go, patience, public::is_public, target::Target, verdict::Outcome};

/// The most targets that are asked: each is a connection of its own in every look.
pub const MOST_TARGETS: usize = 8;

/// The primary's addresses, asked for once by all controls of a look.
type Addresses<'a> = Shared<BoxFuture<'a, Vec<SocketAddr>>>;

/// One control target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Where it is.
    pub target: Target,
    /// Whether it counts only under an address of the public internet. True of a cloud's public endpoints: where a
    /// private endpoint carries their name, an answer shows no way out.
    pub public_only: bool,
}

/// Asks control targets, all side by side, each on a new connection and up to the head of its answer.
pub struct ControlTargets {
    client: Client,
    targets: Vec<Control>,
    primary: Option<Target>,
    timeout: Duration,
}

impl ControlTargets {
    /// `targets` beyond [`MOST_TARGETS`] are left out. One that is the `primary` under another name does not count.
    /// `timeout` is that of the probe and bounds each of them as it bounds the probe.
    pub fn new(client: Client, mut targets: Vec<Control>, primary: Option<Target>, timeout: Duration) -> Self {
        targets.truncate(MOST_TARGETS);
        Self { client, targets, primary, timeout }
    }

    async fn one(&self, call: &Call, control: &Control, primary: Addresses<'_>) -> Result<String, String> {
        let target = &control.target;
        if self.primary.as_ref().is_some_and(|primary| primary.is_same_host(target)) {
            return Err("is the primary's own host and controls nothing".to_owned());
        }
        let patience = patience(call, self.timeout);
        let ways = async { Ok(futures_util::join!(self.client.way(target.uri()), primary)) };
        let (way, primary) =
            patience.once(CALL, ways).await.map_err(|fault| format!("the way out: {}", fault.message))?;
        let way = independent(control, way.map_err(|failure| with_causes(&failure))?, &primary)?;
        match go(&self.client, &patience, target, way, Wanted::Head).await {
            Asked::Came(outcome) => answered(outcome),
            Asked::Silent(why) | Asked::NoWay(why) => Err(why),
            Asked::CutShort => Err("our own deadline came before the answer".to_owned()),
        }
    }

    /// The primary's addresses; none where they cannot be had in half the time, or where a proxy resolves names for us.
    async fn of_the_primary(&self, call: &Call) -> Vec<SocketAddr> {
        let Some(primary) = self.primary.as_ref() else { return Vec::new() };
        if self.client.proxies().of(primary.uri()).is_some() {
            return Vec::new();
        }
        let way = async { Ok(self.client.way(primary.uri()).await) };
        match patience(call, half(self.timeout)).once(CALL, way).await {
            Ok(Ok(Way::Straight(addresses))) => addresses,
            _ => Vec::new(),
        }
    }
}

/// The way to a control without what controls nothing: the primary's own addresses and, for a cloud's public endpoint,
/// those of a private network. On loopback, where tests live, ports tell hosts apart.
fn independent(control: &Control, way: Way, primary: &[SocketAddr]) -> Result<Way, String> {
    let Way::Straight(mut addresses) = way else { return Ok(way) };
    let is_primary = |address: &SocketAddr| {
        let same_ip = |other: &SocketAddr| other.ip() == address.ip() && !address.ip().is_loopback();
        primary.contains(address) || primary.iter().any(same_ip)
    };
    addresses.retain(|address| !is_primary(address));
    let Some(first) = addresses.first().map(SocketAddr::ip) else {
        return Err("has the primary's own addresses and controls nothing".to_owned());
    };
    if control.public_only {
        addresses.retain(|address| is_public(address.ip()));
        if addresses.is_empty() {
            return Err(format!("is at a private address ({first}), which shows no way out"));
        }
    }
    Ok(Way::Straight(addresses))
}

/// Any answer of the target's own will do. A gateway's 502, 503 or 504 need not be its own: a proxy that has lost its
/// way out says that of everything, and in the target's name where it opens TLS.
fn answered(outcome: Outcome) -> Result<String, String> {
    use StatusCode as S;
    match outcome {
        Ok(answer) => match answer.status() {
            S::BAD_GATEWAY | S::SERVICE_UNAVAILABLE | S::GATEWAY_TIMEOUT => {
                Err("a gateway's refusal, which may be one on our side".to_owned())
            }
            status => Ok(format!("HTTP {}", status.as_u16())),
        },
        Err(failure) => Err(with_causes(&failure)),
    }
}

#[async_trait]
impl Controls for ControlTargets {
    async fn ask(&self, call: &Call) -> Vec<evidence::Control> {
        let primary = self.of_the_primary(call).boxed().shared();
        let one = |control| {
            let primary = primary.clone();
            async move {
                let said = self.one(call, control, primary).await;
                let answered = said.is_ok();
                let found = quoted_within(&said.unwrap_or_else(|why| why), Limit::Phrase);
                evidence::Control { target: control.target.host().to_owned(), answered, found }
            }
        };
        join_all(self.targets.iter().map(one)).await
    }
}

#[cfg(test)]
mod tests;
