//! The CloudWatch alarm: its configuration, and how points and gaps become a state (docs/reference/aws.md#alarms,
//! docs/reference/aws.md#missing-data).

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

/// The account of the simulated cloud.
pub(crate) const ACCOUNT: &str = "111122223333";
/// Where Route 53's metrics, and so its alarm and topic, live (docs/reference/aws.md#route-53-metrics).
pub(crate) const METRICS_REGION: &str = "us-east-1";

/// How many periods beyond N are looked at when points are missing. The documented example looks at 5 for N = 3 (docs/reference/aws.md#missing-data).
const EXTRA_RANGE: usize = 2;

/// State of an alarm, spelled as CloudWatch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum AlarmState {
    /// The condition is not met.
    #[serde(rename = "OK")]
    Ok,
    /// The condition is met.
    #[serde(rename = "ALARM")]
    Alarm,
    /// There is too little data to tell.
    #[serde(rename = "INSUFFICIENT_DATA")]
    InsufficientData,
}

impl AlarmState {
    /// The spelling of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    /// Reads the spelling of the API.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData].into_iter().find(|state| state.as_str() == text)
    }
}

impl fmt::Display for AlarmState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What a missing point counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingData {
    /// As nothing; nothing at all means `INSUFFICIENT_DATA`.
    Missing,
    /// As a bad point.
    Breaching,
    /// As a good point.
    NotBreaching,
    /// The state is kept.
    Ignore,
}

impl MissingData {
    /// The spelling of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
            Self::Ignore => "ignore",
        }
    }
}

/// The settings of the alarm on the primary's health check: Minimum of `HealthCheckStatus` < 1 over one period, M of N.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmSettings {
    /// N, the periods that count; at least 1.
    pub evaluation_periods: usize,
    /// M, how many of them must be bad; 1 to N.
    pub datapoints_to_alarm: usize,
    /// What a missing point counts as.
    pub missing: MissingData,
    /// The states whose entry is notified.
    pub notified_states: Vec<AlarmState>,
    /// False silences notifications; the state still changes.
    pub actions_enabled: bool,
    /// Each notification is delivered this many times more, with the same message id: SNS delivers at least once.
    pub duplicates: u32,
}

impl Default for AlarmSettings {
    /// The public reference's alarm (N = M = 1, a missing point counts as bad;
    /// docs/reference/aws.md#reference-function), notified on all three states (docs/reference/aws.md#alarm-settings).
    fn default() -> Self {
        Self {
            evaluation_periods: 1,
            datapoints_to_alarm: 1,
            missing: MissingData::Breaching,
            notified_states: vec![AlarmState::Ok, AlarmState::Alarm, AlarmState::InsufficientData],
            actions_enabled: true,
            duplicates: 0,
        }
    }
}

impl AlarmSettings {
    /// How many periods are looked at in all.
    pub(crate) fn range(&self) -> usize {
        self.evaluation_periods + EXTRA_RANGE
    }

    /// The state that these points give. `points`: oldest first, up to [`AlarmSettings::range`] of them, `Some(true)` is bad, `None` is missing.
    pub(crate) fn evaluate(&self, points: &[Option<bool>], current: AlarmState) -> AlarmState {
        let real: Vec<bool> = points.iter().rev().filter_map(|point| *point).take(self.evaluation_periods).collect();
        let bad = real.iter().filter(|bad| **bad).count();
        let gaps = self.evaluation_periods - real.len();
        let judge = |bad: usize| if bad >= self.datapoints_to_alarm { AlarmState::Alarm } else { AlarmState::Ok };
        match self.missing {
            _ if gaps == 0 => judge(bad),
            MissingData::Breaching => judge(bad + gaps),
            MissingData::NotBreaching => judge(bad),
            MissingData::Ignore if real.is_empty() || (bad > 0 && bad < self.datapoints_to_alarm) => current,
            MissingData::Ignore => judge(bad),
            MissingData::Missing if real.is_empty() => AlarmState::InsufficientData,
            MissingData::Missing if self.premature(points) => AlarmState::Alarm,
            MissingData::Missing => judge(bad),
        }
    }

    /// With only bad points and gaps, the alarm goes off once the oldest bad point is at least M points old (docs/reference/aws.md#missing-data).
    fn premature(&self, points: &[Option<bool>]) -> bool {
        let oldest_bad = points.iter().position(|point| *point == Some(true));
        oldest_bad.is_some_and(|index| {
            points.len() - index >= self.datapoints_to_alarm && !points[index..].contains(&Some(false))
        })
    }
}

/// Names of the alarm and its topic.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    /// Name of the alarm.
    pub(crate) alarm: String,
    /// Name of the topic.
    pub(crate) topic: String,
}

impl Channel {
    pub(crate) fn alarm_arn(&self) -> String {
        format!("arn:aws:cloudwatch:{METRICS_REGION}:{ACCOUNT}:alarm:{}", self.alarm)
    }

    pub(crate) fn topic_arn(&self) -> String {
        format!("arn:aws:sns:{METRICS_REGION}:{ACCOUNT}:{}", self.topic)
    }
}

/// The alarm as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Alarm {
    pub(crate) channel: Channel,
    /// The health check whose metric it watches.
    pub(crate) health_check: String,
    /// Length of a period in real seconds.
    pub(crate) period: i64,
    pub(crate) settings: AlarmSettings,
    pub(crate) enabled: bool,
    pub(crate) state: AlarmState,
    pub(crate) since: Timestamp,
    pub(crate) reason: String,
}

/// A change of state, with all that a notification says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Transition {
    pub(crate) from: AlarmState,
    pub(crate) to: AlarmState,
    pub(crate) reason: String,
    pub(crate) at: Timestamp,
}

impl Alarm {
    pub(crate) fn new(now: Timestamp, channel: Channel, health_check: &str, period: i64) -> Self {
        Self {
            channel,
            health_check: health_check.to_owned(),
            period,
            settings: AlarmSettings::default(),
            enabled: true,
            state: AlarmState::Ok,
            since: now,
            reason: "Unchecked: Initial alarm creation".to_owned(),
        }
    }

    /// Goes to a state; `None` when it is there already.
    pub(crate) fn enter(&mut self, to: AlarmState, reason: String, at: Timestamp) -> Option<Transition> {
        if self.state == to {
            return None;
        }
        let from = std::mem::replace(&mut self.state, to);
        self.since = at;
        self.reason = reason.clone();
        Some(Transition { from, to, reason, at })
    }

    /// Whether a transition into this state is notified.
    pub(crate) fn notifies(&self, state: AlarmState) -> bool {
        self.settings.actions_enabled && self.settings.notified_states.contains(&state)
    }
}

/// The sentence of `NewStateReason`. `newest`: start of the newest period in epoch seconds and its minimum, if there is one.
pub(crate) fn reason(settings: &AlarmSettings, to: AlarmState, newest: Option<(Timestamp, f64)>) -> String {
    let n = settings.evaluation_periods;
    let Some((start, value)) = newest else {
        return format!(
            "Threshold Crossed: no datapoints were received for {n} period and {n} missing datapoint was treated as [{}].",
            settings.missing.as_str()
        );
    };
    let compared = if to == AlarmState::Alarm { "was less than" } else { "was not less than" };
    let start = start.strftime("%d/%m/%y %H:%M:%S");
    let m = settings.datapoints_to_alarm;
    format!(
        "Threshold Crossed: {m} out of the last {n} datapoints [{value:.1} ({start})] {compared} the threshold (1.0) (minimum {m} datapoint for OK -> ALARM transition)."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlarmState::{Alarm as A, InsufficientData as I, Ok as O};
    use MissingData::{Breaching, Ignore, Missing, NotBreaching};

    fn three_of_three(picture: &str, missing: MissingData, current: AlarmState) -> AlarmState {
        let points: Vec<_> = picture
            .split(' ')
            .map(|sign| match sign {
                "X" => Some(true),
                "0" => Some(false),
                _ => None,
            })
            .collect();
        let settings =
            AlarmSettings { evaluation_periods: 3, datapoints_to_alarm: 3, missing, ..AlarmSettings::default() };
        settings.evaluate(&points, current)
    }

    /// The documented table of docs/reference/aws.md#missing-data, row by row; `current` is OK unless the table says "keep".
    #[test]
    fn missing_points_count_as_the_documentation_says() {
        for (picture, expected) in
            [("0 - X - X", [O, O, O, O]), ("0 - - - -", [O, O, O, O]), ("0 X X - X", [A, A, A, A])]
        {
            let got = [Missing, Ignore, Breaching, NotBreaching].map(|missing| three_of_three(picture, missing, O));
            assert_eq!(got, expected, "{picture}");
        }
        assert_eq!(
            [Missing, Breaching, NotBreaching].map(|missing| three_of_three("- - - - -", missing, O)),
            [I, A, O]
        );
        assert_eq!(
            [Missing, Breaching, NotBreaching].map(|missing| three_of_three("- - X - -", missing, O)),
            [A, A, O]
        );
    }

    #[test]
    fn ignore_keeps_whatever_state_it_was() {
        for current in [O, A, I] {
            assert_eq!(three_of_three("- - - - -", Ignore, current), current);
            assert_eq!(three_of_three("- - X - -", Ignore, current), current);
        }
    }

    #[test]
    fn one_of_one_goes_off_at_the_first_bad_point() {
        assert_eq!(AlarmSettings::default().evaluate(&[Some(false), Some(false), Some(true)], O), A);
        assert_eq!(AlarmSettings::default().evaluate(&[Some(true), Some(true), Some(false)], A), O);
    }

    #[test]
    fn staying_in_a_state_is_no_transition() {
        let now = Timestamp::UNIX_EPOCH;
        let mut alarm = Alarm::new(now, Channel { alarm: "a".to_owned(), topic: "t".to_owned() }, "check", 60);
        assert!(alarm.enter(A, "bad".to_owned(), now).is_some());
        assert!(alarm.enter(A, "still bad".to_owned(), now).is_none());
        assert_eq!(alarm.reason, "bad");
    }
}
