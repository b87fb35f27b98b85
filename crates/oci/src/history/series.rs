//! From Monitoring's answer to a history. Pure.
//!
//! Oracle's pages say that a point's timestamp is the end of its period, its API model hints at the start. What is counted
//! holds under both readings: a period `[T, T + p)` is failing where the points at `T` and at `T + p` both are, so n
//! failing points prove n - 1 periods; it is well where one of them is.

use std::{collections::BTreeMap, time::Duration};

use holdfast_core::{
    Timestamp,
    clock::{earlier, later},
    evidence::Datapoint,
};
use serde::Deserialize;

/// One stream, as far as it is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stream {
    #[serde(default)]
    dimensions: Option<BTreeMap<String, String>>,
    aggregated_datapoints: Vec<Point>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Point {
    timestamp: Timestamp,
    #[serde(default)]
    value: Option<f64>,
}

impl Stream {
    /// A stream of another resource is none of our business: the filter was not honoured.
    fn is_of(&self, resource: Option<&str>) -> bool {
        let named = self.dimensions.as_ref().and_then(|dimensions| dimensions.get("resourceId"));
        match (named, resource) {
            (Some(named), Some(resource)) => named.eq_ignore_ascii_case(resource),
            _ => true,
        }
    }
}

/// Each timestamp, and whether anything was well.
#[derive(Debug)]
pub(super) struct Points(BTreeMap<Timestamp, bool>);

impl Points {
    /// The points of `resource`. Of two for one time, the one that proves less failure counts; what is no number is left
    /// out.
    pub(super) fn of(streams: Vec<Stream>, resource: Option<&str>) -> Self {
        let mut points: BTreeMap<Timestamp, bool> = BTreeMap::new();
        for point in streams.iter().filter(|stream| stream.is_of(resource)).flat_map(|one| &one.aggregated_datapoints) {
            if let Some(value) = point.value.filter(|value| value.is_finite()) {
                *points.entry(point.timestamp).or_default() |= value > 0.0;
            }
        }
        Self(points)
    }

    pub(super) fn periods(&self, period: Duration) -> Vec<Datapoint> {
        let mut periods: BTreeMap<Timestamp, f64> = BTreeMap::new();
        for (&at, &well) in &self.0 {
            if well {
                periods.insert(earlier(at, period), 1.0);
                periods.insert(at, 1.0);
            } else if self.0.get(&later(at, period)) == Some(&false) {
                periods.entry(at).or_insert(0.0);
            }
        }
        periods.into_iter().map(|(start, value)| Datapoint { start, minimum: value, maximum: value }).collect()
    }

    /// The end of the newest period with something well in it, if neither reading lets it begin before `not_before`.
    pub(super) fn last_well(
        &self,
        period: Duration,
        not_before: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let counts =
            |at: Timestamp| earlier(at, period) <= now && not_before.is_none_or(|cut| earlier(at, period) >= cut);
        self.0.iter().rev().find(|(at, well)| **well && counts(**at)).map(|(at, _)| (*at).min(now))
    }
}
