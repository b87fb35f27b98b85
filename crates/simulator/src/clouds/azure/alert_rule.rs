//! The metric alert on the primary endpoint's state: when it acts (docs/reference/azure.md#alert-rules,
//! docs/reference/azure.md#alert-rule-definition).

use jiff::Timestamp;

use super::alert_schema::{Alert, Condition, document};
use crate::host::Notice;
use crate::timeline::EventKind;
use crate::world::{AlarmRule, Effect, MetricView};

/// So many evaluations in a row must be good before a stateful alert resolves.
const GOOD_TO_RESOLVE: u32 = 3;

/// The rule: Average of the primary endpoint's state < 0.5 over one period, evaluated once each period.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AlertRule {
    pub(crate) enabled: bool,
    /// `autoMitigate`: one `Fired` while it lasts, then one `Resolved`. Otherwise each bad evaluation acts.
    pub(crate) stateful: bool,
    /// Each notification is delivered this many times more.
    pub(crate) duplicates: u32,
    fired_at: Option<Timestamp>,
    good_in_a_row: u32,
    count: u64,
}

impl Default for AlertRule {
    /// Stateful, as a rule is unless it says otherwise: the harder of the two, for it calls only once.
    fn default() -> Self {
        Self { enabled: true, stateful: true, duplicates: 0, fired_at: None, good_in_a_row: 0, count: 0 }
    }
}

impl AlertRule {
    /// Evaluates one window. A window without data changes nothing.
    pub(crate) fn judge(
        &mut self,
        value: Option<f64>,
        window: (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Option<Alert> {
        let value = value.filter(|_| self.enabled)?;
        let bad = value < 0.5;
        self.good_in_a_row = if bad { 0 } else { self.good_in_a_row + 1 };
        let act = |condition, number, fired_at, resolved_at| {
            Some(Alert { condition, number, fired_at, resolved_at, value, window })
        };
        if bad && (self.fired_at.is_none() || !self.stateful) {
            self.count += 1;
            self.fired_at = Some(now);
            return act(Condition::Fired, self.count, now, None);
        }
        if self.stateful && self.good_in_a_row >= GOOD_TO_RESOLVE {
            let fired_at = self.fired_at.take()?;
            return act(Condition::Resolved, self.count, fired_at, Some(now));
        }
        if !self.stateful && !bad {
            self.fired_at = None;
        }
        None
    }
}

impl AlarmRule for AlertRule {
    fn evaluate(&mut self, metric: &MetricView<'_>, now: Timestamp) -> Vec<Effect> {
        let edge = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MIN);
        let window = (edge(metric.newest), edge(metric.newest + metric.period));
        let value = metric.series.at(metric.newest).and_then(|point| point.statistic("Average"));
        let Some(alert) = self.judge(value, window, now) else { return Vec::new() };
        let state = alert.condition.as_str();
        let body = document(&alert, metric.period);
        let told = EventKind::AlarmChanged { service: "Monitor", state, from: None };
        vec![Effect::Record(told), Effect::Notify(Notice { body, state, at: now, copies: 1 + self.duplicates })]
    }

    fn set_enabled(&mut self, on: bool) {
        self.enabled = on;
    }

    fn set_duplicates(&mut self, copies: u32) {
        self.duplicates = copies;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(rule: &mut AlertRule, values: &[Option<f64>]) -> Vec<Option<Condition>> {
        let now = Timestamp::UNIX_EPOCH;
        values.iter().map(|value| rule.judge(*value, (now, now), now).map(|alert| alert.condition)).collect()
    }

    #[test]
    fn a_stateful_rule_fires_once_and_resolves_after_three_good_windows() {
        let mut rule = AlertRule::default();
        let seen = conditions(&mut rule, &[Some(1.0), Some(0.2), Some(0.0), None, Some(1.0), Some(1.0), Some(0.9)]);
        assert_eq!(seen, [None, Some(Condition::Fired), None, None, None, None, Some(Condition::Resolved)]);
    }

    #[test]
    fn a_bad_window_starts_the_count_of_good_ones_again() {
        let mut rule = AlertRule::default();
        let seen = conditions(&mut rule, &[Some(0.0), Some(1.0), Some(1.0), Some(0.0), Some(1.0), Some(1.0)]);
        assert_eq!(seen.iter().flatten().count(), 1);
    }

    #[test]
    fn a_stateless_rule_fires_at_every_bad_window_and_never_resolves() {
        let mut rule = AlertRule { stateful: false, ..AlertRule::default() };
        let seen = conditions(&mut rule, &[Some(0.0), Some(0.0), Some(1.0), Some(1.0), Some(1.0), Some(0.0)]);
        assert_eq!(seen.iter().flatten().collect::<Vec<_>>(), [&Condition::Fired; 3]);
    }
}
