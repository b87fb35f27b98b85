//! What one look gathers, and how long it may take.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;

use super::*;
use crate::{
    evidence::{History, LiveStatus},
    fakes::FakeLive,
    fault::Fault,
    ports::HistorySource,
    step::Observation,
};

/// A history that remembers how far back it was asked for.
#[derive(Default)]
struct Asked(Mutex<Option<Duration>>);

#[async_trait]
impl HistorySource for Asked {
    async fn history(&self, _: &Call, window: Duration) -> Result<History, Fault> {
        *self.0.lock().expect("one thread") = Some(window);
        Ok(History::default())
    }

    async fn last_well(&self, _: &Call, _: Option<Timestamp>) -> Result<Option<Timestamp>, Fault> {
        Ok(None)
    }
}

#[test]
fn the_history_is_asked_for_twice_the_holdoff_and_what_it_may_lag_behind() {
    let world = World::new();
    let asked = Arc::new(Asked::default());
    let mut engine = world.engine("a");
    engine.ports.history = Some(Arc::clone(&asked) as _);
    engine.policy.holdoff = Duration::from_secs(1000);
    engine.policy.stale_after = Duration::from_secs(100);
    engine.policy.period = Duration::from_secs(10);
    answer(&engine, &world.request(Trigger::Operator, Action::Plan));
    assert_eq!(*asked.0.lock().expect("one thread"), Some(Duration::from_secs(2120)));
}

#[test]
fn a_full_look_has_every_reading_and_a_glance_only_what_tells_whether_all_is_well() {
    let world = World::new();
    world.heal_primary();
    let noted = world.clock.now() - Duration::from_secs(4000);
    world.cooldown.put(noted);
    let live = LiveStatus { healthy: 16, total: 16, verdict: Some(true) };
    let mut engine = world.engine("a");
    engine.ports.live = Some(Arc::new(FakeLive(live.clone())));
    let full = answer(&engine, &world.request(Trigger::Operator, Action::Plan)).evidence.expect("a look");
    assert_eq!((full.live, full.last_failover), (Some(Ok(live)), Some(Ok(Some(noted)))));
    assert_eq!((full.fitness, full.locked), (Some(Ok(Readiness::default())), Some(false)));
    assert!(matches!(&full.history, Some(Ok(history)) if !history.points.is_empty()));
    let steps: Vec<_> = full.steps.iter().map(|seen| seen.step.as_str()).collect();
    assert_eq!((steps, full.probes.len()), (vec!["clean", "scale", "lock"], 1));
    let glance = answer(&engine, &world.request(Trigger::Tick, Action::FailOver)).evidence.expect("a look");
    assert_eq!((glance.live, glance.last_failover, glance.fitness, glance.locked), (None, None, None, None));
    assert!(glance.steps.is_empty() && glance.history.is_some() && glance.probes.len() == 1);
}

#[test]
fn a_lock_is_seen_where_it_stands_and_unknown_where_it_cannot_be_read() {
    let world = World::new();
    let locked = || world.run("a", &world.request(Trigger::Operator, Action::Plan)).expect("lives").evidence;
    world.steps[2].put(true);
    assert_eq!(locked().expect("a look").locked, Some(true));
    world.fault_plan.next("see lock", InjectedFault::Before(FaultClass::Denied));
    assert_eq!(locked().expect("a look").locked, None);
}

#[test]
fn what_only_supports_a_decision_is_waited_for_once_and_what_it_needs_for_the_whole_look() {
    for (call, waited) in [("last", 5), ("see lock", 5), ("see scale", 10), ("fitness", 10), ("load", 10)] {
        let world = World::new();
        world.fault_plan.always(call, InjectedFault::Hang);
        let (took, _) = timed(&world, || world.run("a", &world.request(Trigger::Operator, Action::Plan)));
        assert_eq!(took, Duration::from_secs(waited), "{call}");
    }
}

#[test]
fn a_step_that_does_not_call_itself_a_lock_is_none() {
    let world = World::new();
    world.steps[2].put(true);
    let mut engine = world.engine("a");
    engine.runbook.steps[0] = super::told::Told::acts("clean", &[Observation::todo("not set", 1.into())], || ());
    let evidence = answer(&engine, &world.request(Trigger::Operator, Action::Plan)).evidence.expect("a look");
    assert_eq!(evidence.locked, Some(true));
}
