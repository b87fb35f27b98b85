//! The world of AWS under a made-up clock.

use jiff::Timestamp;

use super::alarm::{Alarm, AlarmState, MissingData};
use super::backend;
use crate::conditions::{MetricsMode, Outage, Site};
use crate::time::Pace;
use crate::timeline::EventKind;
use crate::world::{Effect, Point, State};

const START: i64 = 1_767_225_600;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).expect("time")
}

fn world() -> State {
    let mut state = backend::world(at(0), Pace::new(1.0), 1, "check");
    state.ticking = false;
    state
}

/// Steps every five seconds through `from..=to` and gives all effects.
fn run(state: &mut State, from: i64, to: i64) -> Vec<Effect> {
    (from..=to).step_by(5).flat_map(|second| state.step(at(second))).collect()
}

fn alarm(state: &mut State) -> &mut Alarm {
    state.rule().expect("CloudWatch watches")
}

fn notifications(effects: &[Effect]) -> Vec<AlarmState> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Notify(notice) => AlarmState::parse(notice.state),
            _ => None,
        })
        .collect()
}

#[test]
fn an_outage_that_lasts_is_notified_exactly_once() {
    let mut state = world();
    state.primary = Some(Outage::Silent);
    let effects = run(&mut state, 0, 1800);
    assert_eq!(notifications(&effects), [AlarmState::Alarm]);
    assert_eq!(state.answer, Site::Standby);
}

#[test]
fn the_first_bad_minute_sets_the_alarm_off_after_the_metric_delay() {
    let mut state = world();
    state.primary = Some(Outage::Refuse);
    assert_eq!(notifications(&run(&mut state, 0, 85)), []);
    assert_eq!(notifications(&run(&mut state, 90, 90)), [AlarmState::Alarm]);
}

#[test]
fn the_minute_in_which_the_site_breaks_is_mixed_and_the_next_is_all_bad() {
    let mut state = world();
    state.primary = Some(Outage::Refuse);
    run(&mut state, 0, 150);
    let points = state.checks["check"].status.read(at(0), at(120), 60);
    assert_eq!((points[&START].minimum, points[&START].maximum), (0.0, 1.0));
    assert_eq!((points[&(START + 60)].minimum, points[&(START + 60)].maximum), (0.0, 0.0));
}

#[test]
fn recovery_is_a_transition_back_and_dns_returns_by_itself() {
    let mut state = world();
    state.primary = Some(Outage::Closed);
    run(&mut state, 0, 300);
    state.primary = None;
    let effects = run(&mut state, 305, 600);
    assert_eq!(notifications(&effects), [AlarmState::Ok]);
    assert_eq!(state.answer, Site::Primary);
}

#[test]
fn a_health_check_on_an_invalid_name_holds_the_traffic_though_the_primary_recovers() {
    let mut state = world();
    state.primary = Some(Outage::Refuse);
    run(&mut state, 0, 120);
    state.checks.get_mut("check").expect("check").check.config.name = Some("failover-locked.invalid".to_owned());
    state.primary = None;
    run(&mut state, 125, 900);
    assert_eq!(state.answer, Site::Standby);
}

#[test]
fn with_an_ip_address_the_name_locks_nothing() {
    let mut state = world();
    let config = &mut state.checks.get_mut("check").expect("check").check.config;
    config.ip_address = Some("192.0.2.10".to_owned());
    config.name = Some("failover-locked.invalid".to_owned());
    run(&mut state, 0, 300);
    assert_eq!(state.answer, Site::Primary);
}

#[test]
fn stale_metrics_keep_their_past_and_lose_their_present() {
    let mut state = world();
    alarm(&mut state).settings.missing = MissingData::Missing;
    state.metrics = MetricsMode::Stale;
    let effects = run(&mut state, 0, 900);
    assert_eq!(state.checks["check"].status.read(at(-600), at(900), 60).len(), 10);
    assert_eq!(notifications(&effects), [AlarmState::InsufficientData]);
}

#[test]
fn a_gap_is_exactly_as_long_as_asked_for() {
    let mut state = world();
    state.metrics = MetricsMode::Gap { periods: 2 };
    run(&mut state, 0, 400);
    let present: Vec<_> =
        state.checks["check"].status.read(at(0), at(300), 60).into_keys().map(|start| start - START).collect();
    assert_eq!(present, [120, 180, 240]);
    assert_eq!(state.metrics, MetricsMode::Normal);
}

#[test]
fn a_rewritten_past_ends_just_before_the_running_period() {
    let mut state = world();
    state.rewrite_past(at(0), &[None, Some(Point::flat(0.0, 6))]);
    let points = state.checks["check"].status.read(at(-180), at(0), 60);
    assert_eq!(points.keys().map(|start| start - START).collect::<Vec<_>>(), [-180, -60]);
    assert_eq!(points[&(START - 60)].maximum, 0.0);
}

#[test]
fn a_muted_alarm_changes_state_in_silence() {
    let mut state = world();
    alarm(&mut state).settings.actions_enabled = false;
    state.primary = Some(Outage::Refuse);
    let effects = run(&mut state, 0, 300);
    assert_eq!(notifications(&effects), []);
    assert_eq!(alarm(&mut state).state, AlarmState::Alarm);
}

#[test]
fn a_dead_alarm_region_never_calls_and_the_tick_does() {
    let mut state = world();
    alarm(&mut state).enabled = false;
    state.ticking = true;
    state.primary = Some(Outage::Refuse);
    let effects = run(&mut state, 0, 300);
    assert_eq!(notifications(&effects), []);
    assert_eq!(effects.iter().filter(|effect| **effect == Effect::Tick).count(), 5);
}

#[test]
fn a_verdict_is_told_when_it_changes_and_only_then() {
    let mut state = world();
    state.primary = Some(Outage::Refuse);
    let effects = run(&mut state, 0, 300);
    let reports =
        effects.iter().filter(|effect| matches!(effect, Effect::Record(EventKind::CheckersReport { .. }))).count();
    assert_eq!(reports, 1);
}

#[test]
fn a_step_that_comes_late_leaves_no_gap() {
    let mut state = world();
    state.step(at(0));
    state.step(at(300));
    let points = state.checks["check"].status.read(at(0), at(240), 60);
    assert_eq!(points.len(), 4);
}
