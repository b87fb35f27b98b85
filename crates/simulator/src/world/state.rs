//! Everything the world is, and how a moment changes it. No clock and no I/O: time is an argument, effects are returned.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::alarm::{Alarm, Transition, reason};
use super::checkers::{Checkers, Sight};
use super::health_check::{HealthCheck, HealthCheckConfig};
use super::metrics::{Point, Series};
use super::notification::Channel;
use super::parameters::Parameters;
use super::words::{AlarmState, MetricsMode, Outage, Site};
use super::{PRIMARY_ADDRESS, PRIMARY_NAME, STANDBY_ADDRESS, STANDBY_NAME, dns};
use crate::time::{Pace, plus};
use crate::timeline::What;

/// Simulated seconds from the end of a period until its point is readable. No figure is documented (facts 5); half a minute is plausible.
const METRIC_DELAY_S: f64 = 30.0;
/// Periods of health that the metric knows when the simulator starts.
const PAST_PERIODS: i64 = 10;
/// Samples in a point of the made-up past: one every ten seconds of a minute.
const PAST_SAMPLES: u32 = 6;

/// A health check with all that watches it.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) check: HealthCheck,
    pub(crate) checkers: Checkers,
    /// `HealthCheckStatus`: the verdict as 1 or 0. Whether the real metric shows it inverted is not known (facts 4.3); here it does.
    pub(crate) status: Series,
    /// `HealthCheckPercentageHealthy`.
    pub(crate) percentage: Series,
    verdict: bool,
}

/// What the world wants done outside itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Tell it on the timeline.
    Tell(What),
    /// Send the notification of this change of state.
    Notify(Transition),
    /// Call the function with the scheduler's input.
    Tick,
}

/// The world.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pace: Pace,
    seed: u64,
    /// Length of a metric period in real seconds.
    pub(crate) period: i64,
    pub(crate) primary: Option<Outage>,
    pub(crate) standby_ready: bool,
    pub(crate) checks: BTreeMap<String, Watched>,
    pub(crate) primary_check: String,
    /// The check of the secondary record, if it has one.
    pub(crate) secondary_check: Option<String>,
    pub(crate) metrics: MetricsMode,
    pub(crate) metric_delay: Duration,
    /// Start of the oldest period whose point is still due.
    due: i64,
    /// Start of the newest period that has a sample.
    sampled: i64,
    pub(crate) alarm: Alarm,
    pub(crate) channel: Channel,
    pub(crate) ticking: bool,
    next_tick: Timestamp,
    pub(crate) answer: Site,
    pub(crate) parameters: Parameters,
}

impl State {
    /// A world where all is well, with a past of ten healthy periods.
    pub(crate) fn new(now: Timestamp, pace: Pace, seed: u64, primary_check: &str, channel: Channel) -> Self {
        let period = pace.metric_period_seconds();
        let running = now.as_second().div_euclid(period) * period;
        let mut state = Self {
            pace,
            seed,
            period,
            primary: None,
            standby_ready: false,
            checks: BTreeMap::new(),
            primary_check: primary_check.to_owned(),
            secondary_check: None,
            metrics: MetricsMode::Normal,
            metric_delay: pace.seconds(METRIC_DELAY_S),
            due: running,
            sampled: running,
            alarm: Alarm::new(now),
            channel,
            ticking: true,
            next_tick: plus(now, pace.seconds(60.0)),
            answer: Site::Primary,
            parameters: Parameters::default(),
        };
        state.watch(HealthCheck::new(primary_check, "holdfast-primary", HealthCheckConfig::https(PRIMARY_NAME)), now);
        let past = vec![Some(Point::flat(1.0, PAST_SAMPLES)); PAST_PERIODS as usize];
        state.rewrite_past(now, &past);
        state
    }

    /// Begins to watch a new health check; its checkers start out healthy.
    pub(crate) fn watch(&mut self, check: HealthCheck, now: Timestamp) {
        let seed = self.seed.wrapping_add(self.checks.len() as u64);
        let checkers = Checkers::new(now, check.config.request_interval, self.pace, seed);
        let verdict = checkers.verdict(&check.config);
        let watched = Watched { checkers, status: Series::default(), percentage: Series::default(), verdict, check };
        self.checks.insert(watched.check.id.clone(), watched);
    }

    /// Rewrites the readable points of the primary's check for the periods just before the running one, oldest first. Ended
    /// periods whose points were still due count as rewritten.
    pub(crate) fn rewrite_past(&mut self, now: Timestamp, points: &[Option<Point>]) {
        self.due = self.due.max(now.as_second().div_euclid(self.period) * self.period);
        let (due, period, count) = (self.due, self.period, points.len() as i64);
        let Some(watched) = self.checks.get_mut(&self.primary_check) else { return };
        watched.status.forget_before(due);
        for (index, point) in (0..).zip(points) {
            watched.status.rewrite(due - (count - index) * period, *point);
        }
    }

    /// Lets everything happen that is due at `now`.
    pub(crate) fn step(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.look(now, &mut effects);
        while plus(self.end_of(self.due), self.metric_delay) <= now {
            self.close_period(&mut effects, now);
        }
        self.resolve(&mut effects);
        self.tick(now, &mut effects);
        effects
    }

    fn end_of(&self, start: i64) -> Timestamp {
        Timestamp::from_second(start + self.period).unwrap_or(Timestamp::MAX)
    }

    /// What a checker with this configuration meets now.
    pub(crate) fn sight(&self, config: &HealthCheckConfig) -> Sight {
        let target = config.ip_address.as_deref().or(config.name.as_deref()).unwrap_or_default();
        match target {
            PRIMARY_ADDRESS | PRIMARY_NAME => match self.primary {
                None => Sight::Good(PRIMARY_ADDRESS),
                Some(Outage::Refuse) => Sight::Refused(PRIMARY_ADDRESS),
                Some(Outage::Silent) => Sight::TimedOut,
                Some(Outage::Closed) => Sight::NoConnection,
            },
            STANDBY_ADDRESS | STANDBY_NAME if self.standby_ready => Sight::Good(STANDBY_ADDRESS),
            STANDBY_ADDRESS | STANDBY_NAME => Sight::Refused(STANDBY_ADDRESS),
            _ if config.ip_address.is_some() => Sight::NoConnection,
            _ => Sight::NoName,
        }
    }

    fn look(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let sights: Vec<Sight> = self.checks.values().map(|watched| self.sight(&watched.check.config)).collect();
        for (watched, sight) in self.checks.values_mut().zip(sights) {
            let config = &watched.check.config;
            watched.checkers.step(now, config, self.pace, sight);
            let healthy = watched.checkers.verdict(config);
            if std::mem::replace(&mut watched.verdict, healthy) != healthy {
                let (healthy_checkers, checkers) = watched.checkers.count(config);
                let health_check = watched.check.id.clone();
                effects.push(Effect::Tell(What::CheckersReport { health_check, healthy, healthy_checkers, checkers }));
            }
        }
        self.sample(now);
    }

    /// Adds a sample to the running period, and to those that passed since the last step: a step that comes late on a busy machine
    /// must not look like a gap in the metric.
    fn sample(&mut self, now: Timestamp) {
        let running = now.as_second().div_euclid(self.period) * self.period;
        let passed = running.min(self.sampled + self.period)..=running;
        self.sampled = running;
        for watched in self.checks.values_mut() {
            let config = &watched.check.config;
            let (healthy, checkers) = watched.checkers.count(config);
            for start in passed.clone().step_by(self.period as usize) {
                watched.status.sample(start, if watched.verdict { 1.0 } else { 0.0 });
                if !config.disabled {
                    watched.percentage.sample(start, 100.0 * healthy as f64 / checkers.max(1) as f64);
                }
            }
        }
    }

    /// Publishes or withholds the points of the oldest due period, then evaluates the alarm.
    fn close_period(&mut self, effects: &mut Vec<Effect>, now: Timestamp) {
        let start = self.due;
        self.due += self.period;
        let publish = self.metrics == MetricsMode::Normal;
        self.metrics = match self.metrics {
            MetricsMode::Gap { periods: 0 | 1 } => MetricsMode::Normal,
            MetricsMode::Gap { periods } => MetricsMode::Gap { periods: periods - 1 },
            other => other,
        };
        for watched in self.checks.values_mut() {
            watched.percentage.close(start, publish);
            let health_check = watched.check.id.clone();
            let period = Timestamp::from_second(start).unwrap_or(Timestamp::MIN);
            let told = watched.status.close(start, publish).filter(|_| publish).map_or(
                What::MetricWithheld { health_check: health_check.clone(), start: period },
                |point| What::MetricPublished {
                    health_check,
                    start: period,
                    minimum: point.minimum,
                    maximum: point.maximum,
                },
            );
            effects.push(Effect::Tell(told));
        }
        self.evaluate_alarm(start, now, effects);
    }

    fn evaluate_alarm(&mut self, newest: i64, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(watched) = self.checks.get(&self.primary_check).filter(|_| self.alarm.enabled) else { return };
        let range = self.alarm.settings.range() as i64;
        let starts = (0..range).rev().map(|back| newest - back * self.period);
        let points: Vec<Option<f64>> =
            starts.map(|start| watched.status.at(start).map(|point| point.minimum)).collect();
        let bad: Vec<Option<bool>> = points.iter().map(|minimum| minimum.map(|minimum| minimum < 1.0)).collect();
        let to = self.alarm.settings.evaluate(&bad, self.alarm.state);
        let shown = points
            .last()
            .copied()
            .flatten()
            .zip(Timestamp::from_second(newest).ok())
            .map(|(minimum, start)| (start, minimum));
        let reason = reason(&self.alarm.settings, to, shown);
        self.enter_alarm(to, reason, now, effects);
    }

    /// Takes the alarm to a state; a change is told, and notified when the settings say so.
    pub(crate) fn enter_alarm(&mut self, to: AlarmState, reason: String, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(change) = self.alarm.enter(to, reason, now) else { return };
        effects.push(Effect::Tell(What::AlarmChanged { name: self.channel.alarm.clone(), from: change.from, to }));
        if self.alarm.notifies(to) {
            effects.push(Effect::Notify(change));
        }
    }

    fn resolve(&mut self, effects: &mut Vec<Effect>) {
        let verdict = |id: &String| self.checks.get(id).is_none_or(|watched| watched.verdict);
        let to = dns::answer(verdict(&self.primary_check), self.secondary_check.as_ref().map(verdict));
        let from = std::mem::replace(&mut self.answer, to);
        if from != to {
            effects.push(Effect::Tell(What::DnsChanged { from, to }));
        }
    }

    fn tick(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while self.next_tick <= now {
            self.next_tick = plus(self.next_tick, self.pace.seconds(60.0));
            if self.ticking {
                effects.push(Effect::Tick);
            }
        }
    }
}
