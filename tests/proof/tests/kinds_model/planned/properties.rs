//! What must hold in every state, and what must have been seen.

use holdfast_core::{kind::Kind, record::Status};
use stateright::Property;

use super::{
    protocol::Protocol,
    system::{Primary, System},
};

/// A rehearsal is no failover.
pub const TRAFFIC: &str = "traffic is never touched by a rehearsal";
/// Nothing that it started runs on.
pub const REST: &str = "a rehearsal that is over has left the standby at rest";
/// The primary is made passive first.
pub const BOTH: &str = "a switchover activates no standby beside an active primary";
/// What took the primary away is carried on.
pub const DROPPED: &str = "a switchover that has acted is not closed";
/// The record has room for one.
pub const ONE: &str = "no execution begins while another one is open";
/// Where nobody can do anything any more, all that is due is done.
pub const OWED: &str = "in the end a primary that is not well is failed over, and else the standby is at rest";

/// The properties of a model of `kind`.
pub fn of(kind: Kind) -> Vec<Property<Protocol>> {
    let mut all = vec![
        Property::always(ONE, |_, system: &System| !system.displaced),
        Property::always(OWED, |protocol: &Protocol, system: &System| {
            let busy = (0..system.workers.len()).any(|worker| protocol.may_work(system, worker));
            busy || if system.is_well() { system.is_quiet() } else { system.is_failed_over() }
        }),
        Property::sometimes("it is completed", |protocol: &Protocol, system: &System| {
            ended(system) == Some((protocol.kind, Status::Completed))
        }),
        Property::sometimes("it is closed", |protocol: &Protocol, system: &System| {
            ended(system) == Some((protocol.kind, Status::Closed))
        }),
        Property::sometimes("it is closed, and the primary failed over", |_, system: &System| {
            system.is_failed_over() && system.closed && ended(system) == Some((Kind::Failover, Status::Completed))
        }),
        Property::sometimes("it is closed, the primary recovers and nothing is left of it", |_, system: &System| {
            system.primary == Primary::Recovered && system.closed && system.is_quiet()
        }),
        Property::sometimes("a precondition refuses an effect", |_, system: &System| system.refused),
    ];
    if kind == Kind::Rehearsal {
        all.push(Property::always(TRAFFIC, |_, system: &System| !system.touched));
        all.push(Property::always(REST, |_, system: &System| {
            let over = ended(system).is_some_and(|(kind, _)| kind == Kind::Rehearsal);
            !over || system.is_at_rest() || system.late
        }));
    } else {
        all.push(Property::always(BOTH, |_, system: &System| !system.both_active));
        all.push(Property::always(DROPPED, |_, system: &System| !system.dropped));
    }
    all
}

/// What ended last, and how.
fn ended(system: &System) -> Option<(Kind, Status)> {
    let run = system.record.0.current.as_ref().filter(|run| !run.status.is_open())?;
    Some((run.kind, run.status))
}
