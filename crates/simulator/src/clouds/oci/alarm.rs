//! The alarm on the primary's health check, which repeats each minute while it fires; and the one that always fires, as a clock
//! (docs/reference/oci.md#alarms).

use axum::body::Body;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::alarm_message::{AlarmFacts, MessageType, message};
use super::error::{OciError, json_answer};
use super::request::OciRequest;
use super::{ALARM_ID, COMPARTMENT_ID, Cloud, HEALTH_CHECKS_NAMESPACE, MONITOR_ID, STANDBY_REGION, TICK_ALARM_ID};
use crate::host::Notice;
use crate::timeline::EventKind;
use crate::world::{AlarmRule, Effect, MetricView};

/// Title of the alarm on the primary.
pub(crate) const ALARM_TITLE: &str = "primary-unhealthy";
/// Title of the alarm that always fires.
pub(crate) const TICK_TITLE: &str = "holdfast-tick";
/// Namespace of the metric that is always there.
pub(super) const TICK_NAMESPACE: &str = "oci_oke_cluster";
/// So many periods without a point reset an alarm that fires: 10 minutes, and the slack.
const RESET_AFTER: u32 = 13;

/// The alarm on the primary: all vantage points failed for a whole minute.
pub(crate) fn primary() -> AlarmFacts {
    AlarmFacts {
        id: ALARM_ID.to_owned(),
        title: ALARM_TITLE,
        namespace: HEALTH_CHECKS_NAMESPACE,
        query: format!("HTTP.isHealthy[1m]{{resourceId = \"{MONITOR_ID}\"}}.groupBy(resourceId).max() < 1"),
        dimension: ("resourceId", MONITOR_ID.to_owned()),
    }
}

/// The alarm that always fires: some metric of the standby's region that is always there is at least zero.
pub(crate) fn tick() -> AlarmFacts {
    AlarmFacts {
        id: TICK_ALARM_ID.to_owned(),
        title: TICK_TITLE,
        namespace: TICK_NAMESPACE,
        query: "APIServerRequestCount[1m].groupBy(clusterId).count() >= 0".to_owned(),
        dimension: ("clusterId", super::CLUSTER_ID.to_owned()),
    }
}

/// The state of the alarm on the primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alarm {
    facts: AlarmFacts,
    enabled: bool,
    /// `repeatNotificationDuration` is a minute; without it an alarm says once that it fires.
    pub(crate) repeats: bool,
    /// Each notification is delivered this many times more.
    duplicates: u32,
    firing: bool,
    absent: u32,
}

impl Alarm {
    pub(crate) fn new() -> Self {
        Self { facts: primary(), enabled: true, repeats: true, duplicates: 0, firing: false, absent: 0 }
    }

    /// Judges one period; gives what is to be said.
    fn judge(&mut self, value: Option<f64>) -> Option<MessageType> {
        self.absent = if value.is_some() { 0 } else { self.absent + 1 };
        let bad = value.map(|value| value < 1.0);
        let repeat = self.repeats.then_some(MessageType::Repeat);
        match (self.firing, bad) {
            (false, Some(true)) => {
                self.firing = true;
                Some(MessageType::OkToFiring)
            }
            (true, Some(true)) => repeat,
            (true, Some(false)) => {
                self.firing = false;
                Some(MessageType::FiringToOk)
            }
            (true, None) if self.absent >= RESET_AFTER => {
                self.firing = false;
                Some(MessageType::Reset)
            }
            // Within the time for the reset it fires on.
            (true, None) => repeat,
            (false, _) => None,
        }
    }
}

impl AlarmRule for Alarm {
    fn evaluate(&mut self, metric: &MetricView<'_>, now: Timestamp) -> Vec<Effect> {
        if !self.enabled {
            return Vec::new();
        }
        let value = metric.series.at(metric.newest).map(|point| point.maximum);
        let Some(kind) = self.judge(value) else { return Vec::new() };
        let (body, state) = (message(&self.facts, kind, value, now), kind.as_str());
        let mut effects = vec![Effect::Notify(Notice { body, state, at: now, copies: 1 + self.duplicates })];
        if kind != MessageType::Repeat {
            effects.insert(0, Effect::Record(EventKind::AlarmChanged { service: "Monitoring", state, from: None }));
        }
        effects
    }

    fn set_enabled(&mut self, on: bool) {
        self.enabled = on;
    }

    fn set_duplicates(&mut self, copies: u32) {
        self.duplicates = copies;
    }
}

/// Namespace of the metric of the alarm with this id.
pub(super) fn namespace(id: &str) -> Option<&'static str> {
    [primary(), tick()].into_iter().find(|facts| facts.id == id).map(|facts| facts.namespace)
}

/// Alarms of a compartment by their name, as a list gives them: it does not tell whether they repeat.
pub(super) fn list(cloud: &Cloud, request: &OciRequest) -> Result<Response<Body>, OciError> {
    if request.query.get("compartmentId").map(String::as_str) != Some(COMPARTMENT_ID) {
        return Err(OciError::not_found());
    }
    let name = request.query.get("displayName").map(String::as_str);
    let listed: Vec<Value> = cloud.world.with(|state| {
        let is_named = |facts: &AlarmFacts| name.is_none_or(|name| name == facts.title);
        let all = [(primary(), true), (tick(), state.ticking)].into_iter().filter(|(facts, _)| is_named(facts));
        all.map(|(facts, enabled)| summary(&facts, enabled)).collect()
    });
    if request.region != STANDBY_REGION {
        return Ok(json_answer(StatusCode::OK, &json!([])));
    }
    Ok(json_answer(StatusCode::OK, &Value::Array(listed)))
}

/// One alarm, whole.
pub(super) fn get(cloud: &Cloud, request: &OciRequest, id: &str) -> Result<Response<Body>, OciError> {
    let all = cloud.world.with(|state| [(primary(), true), (tick(), state.ticking)]);
    let found = all.into_iter().find(|(facts, _)| facts.id == id && request.region == STANDBY_REGION);
    let (facts, enabled) = found.ok_or_else(OciError::not_found)?;
    let mut document = summary(&facts, enabled);
    document["repeatNotificationDuration"] = "PT1M".into();
    document["pendingDuration"] = "PT1M".into();
    Ok(json_answer(StatusCode::OK, &document))
}

fn summary(facts: &AlarmFacts, enabled: bool) -> Value {
    json!({
        "id": facts.id, "displayName": facts.title, "compartmentId": COMPARTMENT_ID, "metricCompartmentId": COMPARTMENT_ID,
        "namespace": facts.namespace, "query": facts.query, "severity": "CRITICAL", "isEnabled": enabled,
        "destinations": ["ocid1.onstopic.oc1.us-chicago-1.aaaasimulatedtopic"], "lifecycleState": "ACTIVE",
    })
}

#[cfg(test)]
mod tests {
    use super::MessageType::{FiringToOk, OkToFiring, Repeat, Reset};
    use super::*;

    fn said(alarm: &mut Alarm, values: &[Option<f64>]) -> Vec<Option<MessageType>> {
        values.iter().map(|value| alarm.judge(*value)).collect()
    }

    #[test]
    fn it_says_when_it_begins_repeats_each_minute_and_says_when_it_is_over() {
        let values = [Some(1.0), Some(0.0), Some(0.0), Some(0.0), Some(1.0), Some(1.0)];
        let expected = [None, Some(OkToFiring), Some(Repeat), Some(Repeat), Some(FiringToOk), None];
        assert_eq!(said(&mut Alarm::new(), &values), expected);
    }

    #[test]
    fn without_repetition_it_says_once_that_it_fires() {
        let mut alarm = Alarm { repeats: false, ..Alarm::new() };
        assert_eq!(said(&mut alarm, &[Some(0.0), Some(0.0), None]), [Some(OkToFiring), None, None]);
    }

    #[test]
    fn a_metric_that_is_gone_resets_it_after_thirteen_minutes_and_begins_nothing() {
        let mut alarm = Alarm::new();
        assert_eq!(said(&mut alarm, &[None; 20]), [None; 20]);
        assert_eq!(alarm.judge(Some(0.0)), Some(OkToFiring));
        let said = said(&mut alarm, &[None; 14]);
        assert!(said[..12].iter().all(|said| *said == Some(Repeat)));
        assert_eq!((said[12], said[13]), (Some(Reset), None));
    }
}
