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
use holdfast_http::{Client, Failure, Wanted, Way};
use http::{HeaderMap, StatusCode};

use crate::{
    Asked, CALL, StatusProbe, ask, go, patience, public::is_public, target::Target, verdict, verdict::Outcome,
};

mod page;

use page::Page;

/// The most targets that are asked: each is a connection of its own in every look.
pub const MOST_TARGETS: usize = 8;

/// The primary's addresses, asked for once by all controls of a look.
type Addresses<'a> = Shared<BoxFuture<'a, Vec<SocketAddr>>>;

/// The page that is given in the failing primary's name, asked for at most once in a look.
type PrimarysPage<'a> = Shared<BoxFuture<'a, Option<Page>>>;

/// One control target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Where it is.
    pub target: Target,
    /// Whether it counts only under an address of the public internet. True of a cloud's public endpoints: where a
    /// private endpoint carries their name, an answer shows no way out.
    pub public_only: bool,
    /// How the names of headers begin that the service puts on each of its answers, in lower case: an answer without any
    /// of them is not its own. Empty: its answers carry no mark that is known.
    pub marks: &'static [&'static str],
}

/// Asks control targets, all side by side, each on a new connection and up to the head of its answer.
pub struct ControlTargets {
    client: Client,
    targets: Vec<Control>,
    primary: Option<StatusProbe>,
    timeout: Duration,
}

impl ControlTargets {
    /// `targets` beyond [`MOST_TARGETS`] are left out. One that is the `primary` under another name does not count.
    /// `timeout` is that of the probe and bounds each of them as it bounds the probe.
    pub fn new(client: Client, mut targets: Vec<Control>, primary: Option<StatusProbe>, timeout: Duration) -> Self {
        targets.truncate(MOST_TARGETS);
        Self { client, targets, primary, timeout }
    }

    async fn one(
        &self,
        call: &Call,
        control: &Control,
        primary: Addresses<'_>,
        page: PrimarysPage<'_>,
    ) -> Result<String, String> {
        let target = &control.target;
        if self.primary.as_ref().is_some_and(|primary| primary.target.is_same_host(target)) {
            return Err("is the primary's own host and controls nothing".to_owned());
        }
        let patience = patience(call, self.timeout);
        let ways = async { Ok(futures_util::join!(self.client.way(target.uri()), primary)) };
        let (way, primary) =
            patience.once(CALL, ways).await.map_err(|fault| format!("the way out: {}", fault.message))?;
        let way = independent(control, way.map_err(|failure| with_causes(&failure))?, &primary)?;
        let status = match go(&self.client, &patience, target, way, Wanted::Head).await {
            Asked::Came(outcome) => answered(outcome, control.marks)?,
            Asked::Silent(why) | Asked::NoWay(why) => return Err(why),
            Asked::CutShort => return Err("our own deadline came before the answer".to_owned()),
        };
        if status == StatusCode::OK && control.marks.is_empty() {
            self.is_its_own(call, target, page).await?;
        }
        Ok(format!("HTTP {}", status.as_u16()))
    }

    /// What carries no mark is compared with the page that is given in the failing primary's name.
    async fn is_its_own(&self, call: &Call, target: &Target, page: PrimarysPage<'_>) -> Result<(), String> {
        let Some(page) = page.await else { return Ok(()) };
        match ask(&self.client, call, target, self.timeout, verdict::DOCUMENT).await {
            Asked::Came(outcome) if Page::of(&outcome, target.uri()) == Some(page) => {
                Err("gives the page that is given in the primary's name, so it is not its own".to_owned())
            }
            // Longer than such a page.
            Asked::Came(Ok(_) | Err(Failure::TooLong { .. })) => Ok(()),
            _ => Err("did not answer again when it was to be compared with the primary".to_owned()),
        }
    }

    /// The page that is given in the primary's name; none where it does not come in a quarter of the time. A gateway that
    /// answers for every address answers at once, and an observation must not last longer for a primary that is silent.
    async fn page_of_the_primary(&self, call: &Call) -> Option<Page> {
        let primary = self.primary.as_ref()?;
        let patience = half(half(self.timeout));
        match ask(&self.client, call, &primary.target, patience, verdict::DOCUMENT).await {
            Asked::Came(outcome) => Page::of_a_failing_primary(&outcome, primary.target.uri(), primary.judge),
            Asked::Silent(_) | Asked::NoWay(_) | Asked::CutShort => None,
        }
    }

    /// The primary's addresses; none where they cannot be had in half the time, or where a proxy resolves names for us.
    async fn of_the_primary(&self, call: &Call) -> Vec<SocketAddr> {
        let Some(primary) = self.primary.as_ref().map(|primary| &primary.target) else { return Vec::new() };
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

/// Any answer of the target's own will do, and none of a server that fails: a gateway on our side says 5xx of everything
/// when it has lost its way out, and where it opens TLS in the target's name. Where the service marks its answers, what
/// has no mark is a gateway's too: a page that blocks comes with any status.
fn answered(outcome: Outcome, marks: &[&str]) -> Result<StatusCode, String> {
    let answer = outcome.map_err(|failure| with_causes(&failure))?;
    let status = answer.status();
    if status.is_server_error() {
        Err(format!("HTTP {}, which may be a gateway's on our side", status.as_u16()))
    } else if !marks.is_empty() && !is_marked(answer.headers(), marks) {
        Err(format!("HTTP {} without the service's own mark: something on our side answers for it", status.as_u16()))
    } else {
        Ok(status)
    }
}

fn is_marked(headers: &HeaderMap, marks: &[&str]) -> bool {
    headers.keys().any(|name| marks.iter().any(|mark| name.as_str().starts_with(mark)))
}

#[async_trait]
impl Controls for ControlTargets {
    async fn ask(&self, call: &Call) -> Vec<evidence::Control> {
        let primary = self.of_the_primary(call).boxed().shared();
        let page = self.page_of_the_primary(call).boxed().shared();
        let one = |control| {
            let (primary, page) = (primary.clone(), page.clone());
            async move {
                let said = self.one(call, control, primary, page).await;
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
