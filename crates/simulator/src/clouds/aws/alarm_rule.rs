//! When the CloudWatch alarm is evaluated, and what it records and notifies then.

use jiff::Timestamp;

use super::alarm::{Alarm, AlarmState, Transition, reason};
use super::notification::message;
use crate::host::Notice;
use crate::timeline::EventKind;
use crate::world::{AlarmRule, Effect, MetricView};

impl AlarmRule for Alarm {
    fn evaluate(&mut self, metric: &MetricView<'_>, now: Timestamp) -> Vec<Effect> {
        if !self.enabled {
            return Vec::new();
        }
        let range = self.settings.range() as i64;
        let starts = (0..range).rev().map(|back| metric.newest - back * metric.period);
        let points: Vec<Option<f64>> = starts.map(|start| metric.series.at(start).map(|point| point.minimum)).collect();
        let bad: Vec<Option<bool>> = points.iter().map(|minimum| minimum.map(|minimum| minimum < 1.0)).collect();
        let to = self.settings.evaluate(&bad, self.state);
        let newest = points.last().copied().flatten().zip(Timestamp::from_second(metric.newest).ok());
        let reason = reason(&self.settings, to, newest.map(|(minimum, start)| (start, minimum)));
        self.go_to(to, reason, now)
    }

    fn set_enabled(&mut self, on: bool) {
        self.enabled = on;
    }

    fn set_duplicates(&mut self, copies: u32) {
        self.settings.duplicates = copies;
    }
}

impl Alarm {
    /// Goes to a state; a change is recorded, and notified when the settings say so.
    pub(crate) fn go_to(&mut self, to: AlarmState, reason: String, now: Timestamp) -> Vec<Effect> {
        let Some(change) = self.enter(to, reason, now) else { return Vec::new() };
        let (state, from) = (to.as_str(), Some(change.from.as_str()));
        let mut effects = vec![Effect::Record(EventKind::AlarmChanged { service: "CloudWatch", state, from })];
        effects.extend(self.notifies(to).then(|| Effect::Notify(self.notice(&change))));
        effects
    }

    fn notice(&self, change: &Transition) -> Notice {
        Notice {
            body: message(&self.channel, &self.health_check, self.period, &self.settings, change),
            state: change.to.as_str(),
            at: change.at,
            copies: 1 + self.settings.duplicates,
        }
    }
}
