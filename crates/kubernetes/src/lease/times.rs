//! Until when a lease is held, and what in it makes no sense. Pure.
//!
//! The holder's clock may be wrong by years, and so may ours. Two times come from one clock that both can trust: when the
//! API server took the last renewal (the newest time in
//! `managedFields` of who writes `renewTime`), and when it answered (`Date`).

use std::time::Duration;

use holdfast_core::{
    Timestamp,
    clock::{later, until},
    fault::{Limit, quoted_within},
};
use serde_json::Value;

use super::document::{EXPIRES, LAST_FENCE, fence, holder};
use crate::{
    api::Dated,
    json::{at, field},
};

/// The longest grant that is believed. Ours last 300 s at most; a duration of years is a slip or a trap.
pub(super) const LONGEST: Duration = Duration::from_secs(600);

/// How far a time that others wrote may be from the server's before it is no time at all.
const SKEW: Duration = Duration::from_secs(120);

/// Times of two clocks that are no further apart than this are those of one clock: the server's times are whole seconds,
/// and an answer needs a moment.
const AGREES: Duration = Duration::from_secs(2);

/// What whole seconds may hide.
const GRAIN: Duration = Duration::from_secs(1);

/// Until when the lease is held, by our clock; `None` when it has no holder. It may be over by now.
///
/// `unchanged_since` is when we first saw what it says now, by our clock: what counts where the server says too little.
pub(super) fn held_until(read: &Dated<Value>, unchanged_since: Timestamp) -> Option<Timestamp> {
    holder(&read.object)?;
    let lasts = lasts(&read.object);
    let Some((server, written)) = by_server(read) else { return Some(later(unchanged_since, lasts)) };
    let end = exact_end(&read.object, written, lasts).unwrap_or_else(|| later(later(written, lasts), GRAIN));
    Some(if apart(read.at, server) <= AGREES { end } else { later(read.at, until(server, end)) })
}

/// The server's time now and that of the last renewal. A write that the server dates far ahead of itself is none.
fn by_server(read: &Dated<Value>) -> Option<(Timestamp, Timestamp)> {
    let server = read.server?;
    let written = written(&read.object)?;
    (written <= later(server, SKEW)).then(|| (server, written.min(later(server, GRAIN))))
}

/// The end to the fraction of a second, from the holder's own times, where its clock agrees with the server's.
fn exact_end(document: &Value, written: Timestamp, lasts: Duration) -> Option<Timestamp> {
    let renewed = time(at(document, "/spec/renewTime")).filter(|renewed| apart(*renewed, written) <= AGREES)?;
    let end = later(renewed, lasts);
    // Another client may have renewed it without knowing our annotation, which is then older than the renewal.
    let exact =
        time(field(at(document, "/metadata/annotations"), EXPIRES)).filter(|exact| (renewed..=end).contains(exact));
    Some(exact.unwrap_or(end))
}

/// How long a grant lasts: at most [`LONGEST`]. What is no duration is none, as for every client of the API.
fn lasts(document: &Value) -> Duration {
    Duration::from_secs(at(document, "/spec/leaseDurationSeconds").as_u64().unwrap_or(0)).min(LONGEST)
}

/// When the server took the last renewal. Only a write of the renewal's time is a sign of life: whoever else labels or
/// annotates the object says nothing of its holder.
fn written(document: &Value) -> Option<Timestamp> {
    let renews = |entry: &&Value| !at(entry, "/fieldsV1/f:spec/f:renewTime").is_null();
    entries(document).filter(renews).filter_map(|entry| time(field(entry, "time"))).max()
}

/// Who wrote last, whatever that was.
fn writer(document: &Value) -> Option<&str> {
    let newest = entries(document).max_by_key(|entry| time(field(entry, "time")))?;
    Some(field(newest, "manager").as_str().unwrap_or("an unnamed client"))
}

fn entries(document: &Value) -> impl Iterator<Item = &Value> {
    at(document, "/metadata/managedFields").as_array().into_iter().flatten()
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// How far two times are from each other.
fn apart(one: Timestamp, other: Timestamp) -> Duration {
    until(one, other).max(until(other, one))
}

/// What in the lease is not believed: each a sentence with the value, who wrote it, and what counts instead.
pub(super) fn oddities(read: &Dated<Value>) -> Vec<String> {
    let document = &read.object;
    let spec = field(document, "spec");
    let by = writer(document).map_or_else(|| "unknown".to_owned(), shown);
    let mut odd = Vec::new();
    let transitions = field(spec, "leaseTransitions");
    if !transitions.is_null() && transitions.as_u64().is_none_or(|number| number > LAST_FENCE) {
        odd.push(format!(
            "leaseTransitions is {} (written by {by}), allowed are 0 to {LAST_FENCE}; counted on from {}",
            value(transitions),
            fence(document)
        ));
    } else if fence(document) == LAST_FENCE {
        odd.push(format!(
            "leaseTransitions is {LAST_FENCE} (written by {by}), the largest there is; the next holder gets 1"
        ));
    }
    let Some(holder) = holder(document) else { return odd };
    let holder = shown(holder);
    let duration = field(spec, "leaseDurationSeconds");
    let bound = LONGEST.as_secs();
    if !duration.as_u64().is_some_and(|seconds| (1..=bound).contains(&seconds)) {
        let counted = lasts(document).as_secs();
        odd.push(format!(
            "held by {holder} for leaseDurationSeconds {} (written by {by}), allowed are 1 to {bound}; counted as {counted}",
            value(duration)
        ));
    }
    let renewed = time(field(spec, "renewTime"));
    let true_time = by_server(read).map(|(_, written)| written);
    let believed = match (renewed, true_time) {
        (Some(renewed), Some(written)) => apart(renewed, written) <= SKEW,
        // Without a server's time of the write, only a time ahead is known to be wrong.
        (Some(renewed), None) => renewed <= later(read.server.unwrap_or(read.at), SKEW),
        (None, _) => false,
    };
    if !believed {
        let counts = match true_time {
            Some(written) => format!("the server took it at {written:.0}, and that counts"),
            None => "it counts from when we first saw it".to_owned(),
        };
        odd.push(format!(
            "held by {holder}, renewTime {} (written by {by}) is no time; {counts}",
            value(field(spec, "renewTime"))
        ));
    }
    odd
}

/// How it stands, for a person; `until` as from [`held_until`].
pub(super) fn described(read: &Dated<Value>, until: Option<Timestamp>) -> String {
    match (holder(&read.object), until) {
        (Some(holder), Some(until)) if until > read.at => format!("held by {} until {until:.0}", shown(holder)),
        (Some(holder), _) => format!("free; {} held it last", shown(holder)),
        (None, _) => "free".to_owned(),
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "missing".to_owned(),
        other => shown(&other.to_string()),
    }
}

fn shown(text: &str) -> String {
    quoted_within(text, Limit::Value)
}
