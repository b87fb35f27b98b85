//! Everything the world is, and how a moment changes it. No clock and no I/O: time is an argument, effects are returned.

use std::any::Any;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::checkers::{Checkers, Sight};
use super::health_check::{HealthCheck, HealthCheckConfig};
use super::metrics::{Point, Series};
use super::roles::{AlarmRule, Lock, MetricView, TrafficControl};
use super::watched::{Checks, Effect, Judging, Watched};
use super::{PRIMARY_ADDRESS, PRIMARY_NAME, STANDBY_ADDRESS, STANDBY_NAME};
use crate::conditions::{MetricsMode, Outage, Site};
use crate::time::{Pace, plus};
use crate::timeline::EventKind;

/// Simulated seconds from the end of a period until its point is readable. No figure is documented
/// (docs/reference/aws.md#route-53-metrics); half a minute is plausible.
const METRIC_DELAY_S: f64 = 30.0;
/// Periods of health that the metric knows when the simulator starts.
const PAST_PERIODS: i64 = 10;
/// Samples in a point of the made-up past: one every ten seconds of a minute.
const PAST_SAMPLES: u32 = 6;

/// The world.
#[derive(Debug)]
pub struct State {
    pub(crate) pace: Pace,
    seed: u64,
    /// Length of a metric period in real seconds.
    pub(crate) period: i64,
    pub(crate) primary: Option<Outage>,
    pub(crate) standby_ready: bool,
    pub(crate) checks: Checks,
    /// The check whose metric is the primary's history.
    pub(crate) primary_check: String,
    pub(crate) metrics: MetricsMode,
    pub(crate) metric_delay: Duration,
    /// Start of the oldest period whose point is still due.
    due: i64,
    /// Start of the newest period that has a sample.
    sampled: i64,
    pub(crate) alarm_rule: Box<dyn AlarmRule>,
    pub(crate) traffic: Box<dyn TrafficControl>,
    pub(crate) ticking: bool,
    next_tick: Timestamp,
    pub(crate) answer: Site,
    /// Whether DNS answers at all; false is NXDOMAIN.
    pub(crate) answers: bool,
}

impl State {
    /// A world where all is well. Nothing is watched yet; `primary_check` is to be watched next.
    pub(crate) fn new(
        now: Timestamp,
        pace: Pace,
        seed: u64,
        primary_check: &str,
        (alarm_rule, traffic): (Box<dyn AlarmRule>, Box<dyn TrafficControl>),
    ) -> Self {
        let period = pace.metric_period_seconds();
        let running = now.as_second().div_euclid(period) * period;
        Self {
            pace,
            seed,
            period,
            primary: None,
            standby_ready: false,
            checks: BTreeMap::new(),
            primary_check: primary_check.to_owned(),
            metrics: MetricsMode::Normal,
            metric_delay: pace.seconds(METRIC_DELAY_S),
            due: running,
            sampled: running,
            alarm_rule,
            traffic,
            ticking: true,
            next_tick: plus(now, pace.seconds(60.0)),
            answer: Site::Primary,
            answers: true,
        }
    }

    /// Gives the primary's metric a past of ten healthy periods.
    pub(crate) fn write_healthy_past(&mut self, now: Timestamp) {
        self.rewrite_past(now, &vec![Some(Point::flat(1.0, PAST_SAMPLES)); PAST_PERIODS as usize]);
    }

    /// The alarm rule, when it is of this kind.
    pub(crate) fn rule<T: AlarmRule>(&mut self) -> Option<&mut T> {
        let rule: &mut dyn Any = self.alarm_rule.as_mut();
        rule.downcast_mut()
    }

    /// The traffic control, when it is of this kind.
    pub(crate) fn control<T: TrafficControl>(&self) -> Option<&T> {
        let control: &dyn Any = self.traffic.as_ref();
        control.downcast_ref()
    }

    /// The same, to be changed, with the checks that it may switch.
    pub(crate) fn control_mut<T: TrafficControl>(&mut self) -> Option<(&mut T, &mut Checks)> {
        let control: &mut dyn Any = self.traffic.as_mut();
        Some((control.downcast_mut()?, &mut self.checks))
    }

    /// What keeps traffic away from the primary.
    pub(crate) fn lock(&self) -> Lock {
        self.traffic.lock(&self.checks)
    }

    /// Begins to watch a new health check; its checkers start out healthy.
    pub(crate) fn watch(&mut self, check: HealthCheck, judging: Judging, now: Timestamp) {
        let seed = self.seed.wrapping_add(self.checks.len() as u64);
        let checkers = Checkers::new(now, check.config.request_interval, self.pace, seed);
        let verdict = (judging.verdict)(&checkers, &check.config);
        let (status, percentage) = (Series::default(), Series::default());
        let watched = Watched { checkers, judging, status, percentage, verdict, check };
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
        self.resolve(now, &mut effects);
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
            let healthy = (watched.judging.verdict)(&watched.checkers, config);
            if std::mem::replace(&mut watched.verdict, healthy) != healthy {
                let (healthy_checkers, checkers) = watched.checkers.count(config);
                let health_check = watched.check.id.clone();
                effects.push(Effect::Record(EventKind::CheckersReport {
                    health_check,
                    healthy,
                    healthy_checkers,
                    checkers,
                }));
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
            let values = (watched.judging.samples)(watched);
            for start in passed.clone().step_by(self.period as usize) {
                for value in &values {
                    watched.status.sample(start, *value);
                }
                let config = &watched.check.config;
                let (healthy, checkers) = watched.checkers.count(config);
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
                EventKind::MetricWithheld { health_check: health_check.clone(), start: period },
                |point| EventKind::MetricPublished {
                    health_check,
                    start: period,
                    minimum: point.minimum,
                    maximum: point.maximum,
                },
            );
            effects.push(Effect::Record(told));
        }
        if let Some(watched) = self.checks.get(&self.primary_check) {
            let metric = MetricView { series: &watched.status, newest: start, period: self.period };
            effects.extend(self.alarm_rule.evaluate(&metric, now));
        }
    }

    fn resolve(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let verdict = |id: &str| self.checks.get(id).is_none_or(|watched| watched.verdict);
        let to = self.traffic.answer(&verdict, now);
        self.answers = to.is_some();
        let Some(to) = to else { return };
        let from = std::mem::replace(&mut self.answer, to);
        if from != to {
            effects.push(Effect::Record(EventKind::DnsChanged { from, to }));
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
