//! From Azure Monitor's answer to a history. Pure.

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use holdfast_core::{
    Fault, FaultClass, Timestamp,
    evidence::{Datapoint, History},
    fault::{Limit, quoted_within},
};
use serde::Deserialize;

use super::CALL;

/// Below this share of agents that see it up, an endpoint is down (docs/reference/azure.md#traffic-manager-metrics: the
/// threshold that Traffic Manager's
/// documentation gives for the average).
const DOWN_BELOW: f64 = 0.5;

/// The answer, as far as it is used. Without its list it is no answer of Azure Monitor, which is not "no data".
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    value: Vec<Metric>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metric {
    error_code: Option<String>,
    timeseries: Vec<Series>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Series {
    metadatavalues: Vec<Dimension>,
    data: Vec<Minute>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Dimension {
    name: Name,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Name {
    value: String,
}

/// One period; without samples it holds nothing but its start.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Minute {
    time_stamp: Timestamp,
    #[serde(default)]
    average: Option<f64>,
    #[serde(default)]
    minimum: Option<f64>,
    #[serde(default)]
    maximum: Option<f64>,
}

/// The history of `endpoint` in the answer.
///
/// # Errors
/// An answer in which Azure Monitor says that it could not read the metric.
pub(super) fn history(document: Document, endpoint: &str, period: Duration) -> Result<History, Fault> {
    Ok(History { points: points(&seen(document, endpoint)?, period) })
}

/// The start of the newest period in `counts` in which most samples of `endpoint` were up. One agent that was wrong in a
/// coarse period is no health.
///
/// # Errors
/// As [`history`].
pub(super) fn last_well(
    document: Document,
    endpoint: &str,
    counts: &RangeInclusive<Timestamp>,
) -> Result<Option<Timestamp>, Fault> {
    let seen = seen(document, endpoint)?;
    Ok(seen.iter().rfind(|(start, seen)| counts.contains(start) && !seen.is_down()).map(|(start, _)| *start))
}

/// What was seen of `endpoint`, by period.
fn seen(document: Document, endpoint: &str) -> Result<BTreeMap<Timestamp, Seen>, Fault> {
    let mut minutes: BTreeMap<Timestamp, Seen> = BTreeMap::new();
    for metric in document.value {
        if let Some(code) = metric.error_code.filter(|code| code != "Success") {
            let code = quoted_within(&code, Limit::Value);
            return Err(Fault::new(
                FaultClass::Server,
                CALL,
                format!("Azure Monitor could not read the metric: {code}"),
            ));
        }
        for series in metric.timeseries.iter().filter(|series| series.is_of(endpoint)) {
            for minute in &series.data {
                if let Some(seen) = Seen::of(minute) {
                    minutes.entry(minute.time_stamp).and_modify(|kept| *kept = kept.better(seen)).or_insert(seen);
                }
            }
        }
    }
    Ok(minutes)
}

impl Series {
    /// A series of another endpoint is none of our business: the filter was not honoured.
    fn is_of(&self, endpoint: &str) -> bool {
        let mut named = self.metadatavalues.iter().filter(|one| one.name.value.eq_ignore_ascii_case("EndpointName"));
        named.all(|one| one.value.eq_ignore_ascii_case(endpoint))
    }
}

/// What the agents saw in one period.
#[derive(Clone, Copy)]
struct Seen {
    /// The share of samples that were up.
    up: f64,
    /// Whether all samples say the same.
    agreed: bool,
}

impl Seen {
    fn of(minute: &Minute) -> Option<Self> {
        let up = minute.average.or(minute.maximum)?;
        if !(0.0..=1.0).contains(&up) {
            return None;
        }
        let best = minute.maximum.unwrap_or(if up > 0.0 { 1.0 } else { 0.0 });
        let worst = minute.minimum.unwrap_or(if up < 1.0 { 0.0 } else { 1.0 });
        Some(Self { up, agreed: best <= worst })
    }

    fn is_down(self) -> bool {
        self.up < DOWN_BELOW
    }

    /// Of two values for one period, the one that proves less failure.
    fn better(self, other: Self) -> Self {
        if other.up > self.up { other } else { self }
    }
}

/// Each period as one verdict of the majority, 1 up or 0 down: single agents are wrong at times, and the wrong ones
/// neither prove nor end a failure. The period in which the majority turned is not a failing one, because the endpoint
/// was well in a part of it; so no failing time is counted that was not there.
fn points(minutes: &BTreeMap<Timestamp, Seen>, period: Duration) -> Vec<Datapoint> {
    let was_down = |start: Timestamp| {
        let before = start.checked_sub(jiff::SignedDuration::try_from(period).unwrap_or_default());
        before.is_ok_and(|before| minutes.get(&before).is_some_and(|seen| seen.is_down()))
    };
    let point = |(&start, seen): (&Timestamp, &Seen)| {
        let failing = seen.is_down() && (seen.agreed || was_down(start));
        let verdict = if failing { 0.0 } else { 1.0 };
        Datapoint { start, minimum: verdict, maximum: verdict }
    };
    minutes.iter().map(point).collect()
}
