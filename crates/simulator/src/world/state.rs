//! Everything the world is, and how a moment changes it. No clock and no I/O: time is an argument, effects are returned.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::alarm::{Alarm, Transition, reason};
use super::alert::Alert;
use super::checkers::{Checkers, Sight};
use super::health_check::{HealthCheck, HealthCheckConfig};
use super::metrics::{Point, Series};
use super::notification::Channel;
use super::parameters::Parameters;
use super::traffic_manager::AzureWorld;
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
    pub(crate) verdict: bool,
}

/// What the world wants done outside itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Tell it on the timeline.
    Tell(What),
    /// Send the notification of this change of state.
    Notify(Transition),
    /// Have the action group call the function.
    Alert(Alert),
    /// Call the function with the scheduler's input.
    Tick,
}

/// The cloud that the world is under: who watches the primary, who calls the function, who answers DNS.
#[derive(Debug, Clone)]
pub(crate) enum Platform {
    /// Route 53 health checks, a CloudWatch alarm (`State::alarm`), Parameter Store.
    Aws,
    /// Traffic Manager and a metric alert.
    Azure(AzureWorld),
}

impl Platform {
    /// The verdict that DNS follows. How the locations of Traffic Manager's probes come to theirs is not documented; that alerts are
    /// to compare the metric's Average with 0.5 (facts azure 4.4) suggests half of them.
    pub(crate) fn verdict(&self, checkers: &Checkers, config: &HealthCheckConfig) -> bool {
        match self {
            Self::Aws => checkers.verdict(config),
            Self::Azure(_) => {
                let (good, all) = checkers.count(config);
                good * 2 >= all
            }
        }
    }
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
    /// Whether DNS answers at all; false is NXDOMAIN.
    pub(crate) answers: bool,
    pub(crate) parameters: Parameters,
    pub(crate) platform: Platform,
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
            answers: true,
            parameters: Parameters::default(),
            platform: Platform::Aws,
        };
        state.watch(HealthCheck::new(primary_check, "holdfast-primary", HealthCheckConfig::https(PRIMARY_NAME)), now);
        let past = vec![Some(Point::flat(1.0, PAST_SAMPLES)); PAST_PERIODS as usize];
        state.rewrite_past(now, &past);
        state
    }

    /// The same under Azure: the checks are the endpoints of the profile, and the standby is down, as it should be.
    pub(crate) fn azure(now: Timestamp, pace: Pace, seed: u64, channel: Channel) -> Self {
        let azure = AzureWorld::new(pace);
        let [primary, standby] = [&azure.profile.endpoints[0], &azure.profile.endpoints[1]];
        let mut state = Self::new(now, pace, seed, &primary.name, channel);
        for endpoint in [primary, standby] {
            state.watch(HealthCheck::new(&endpoint.name, "endpoint", azure.profile.probe(endpoint)), now);
        }
        if let Some(watched) = state.checks.get_mut(&standby.name) {
            watched.checkers.settle(now, Sight::Refused(STANDBY_ADDRESS));
            watched.verdict = false;
        }
        state.platform = Platform::Azure(azure);
        let past = vec![Some(Point::flat(1.0, PAST_SAMPLES)); PAST_PERIODS as usize];
        state.rewrite_past(now, &past);
        state
    }

    /// What only Azure has; `None` on AWS.
    pub(crate) fn azure_world(&mut self) -> Option<&mut AzureWorld> {
        match &mut self.platform {
            Platform::Aws => None,
            Platform::Azure(azure) => Some(azure),
        }
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
            let healthy = self.platform.verdict(&watched.checkers, config);
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
            let up = |is_up: bool| if is_up { 1.0 } else { 0.0 };
            let values: Vec<f64> = match &self.platform {
                Platform::Aws => vec![up(watched.verdict)],
                Platform::Azure(azure) if config.disabled => azure.disabled_value.into_iter().collect(),
                // Each probing location reports for itself (facts azure 4.4).
                Platform::Azure(_) => watched.checkers.reporting(config).map(|checker| up(checker.healthy)).collect(),
            };
            for start in passed.clone().step_by(self.period as usize) {
                for value in &values {
                    watched.status.sample(start, *value);
                }
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
        match self.platform {
            Platform::Aws => self.evaluate_alarm(start, now, effects),
            Platform::Azure(_) => self.evaluate_alert(start, now, effects),
        }
    }

    fn evaluate_alert(&mut self, newest: i64, now: Timestamp, effects: &mut Vec<Effect>) {
        let window = (Timestamp::from_second(newest).unwrap_or(Timestamp::MIN), self.end_of(newest));
        let point = self.checks.get(&self.primary_check).and_then(|watched| watched.status.at(newest));
        let value = point.and_then(|point| point.statistic("Average"));
        let Platform::Azure(azure) = &mut self.platform else { return };
        if let Some(alert) = azure.rule.evaluate(value, window, now) {
            effects.push(Effect::Tell(What::AlertActs { condition: alert.condition }));
            effects.push(Effect::Alert(alert));
        }
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

    fn resolve(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let verdict = |id: &String| self.checks.get(id).is_none_or(|watched| watched.verdict);
        let to = match &self.platform {
            Platform::Aws => {
                Some(dns::answer(verdict(&self.primary_check), self.secondary_check.as_ref().map(verdict)))
            }
            Platform::Azure(azure) => azure
                .profile
                .answer(|endpoint| endpoint.monitor_status(azure.profile.enabled, verdict(&endpoint.name), now)),
        };
        self.answers = to.is_some();
        let Some(to) = to else { return };
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
