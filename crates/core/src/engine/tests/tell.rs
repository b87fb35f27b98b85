//! People are told, each state once, and no message changes what is done.

use super::*;
use crate::{
    fakes::{FakeAnnouncer, Reached},
    news::{Occasion, Urgency},
    record::MOST_TRIES,
};

fn told_world(reached: Reached) -> (World, std::sync::Arc<FakeAnnouncer>) {
    let mut world = World::new();
    let pager = FakeAnnouncer::new("pager", reached);
    world.announcers = vec![std::sync::Arc::clone(&pager) as _];
    (world, pager)
}

fn tick(world: &World) -> Outcome {
    outcome(world.run("t", &world.request(Trigger::Tick, Action::FailOver)))
}

#[test]
fn a_whole_failover_is_one_incident_from_the_holdoff_to_its_end() {
    let (world, pager) = told_world(Reached::Yes);
    assert_eq!(tick(&world), Outcome::StoodDown);
    assert_eq!(pager.occasions(), [], "a primary that is well is no news");
    world.fail_primary_for(60);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    let expected =
        [Occasion::HoldoffRuns, Occasion::Begun, Occasion::Progress, Occasion::Progress, Occasion::Completed];
    assert_eq!(pager.occasions(), expected);
    let sent = pager.sent();
    assert!(sent.iter().all(|news| news.incident == "first" && !news.next.is_empty()), "{sent:?}");
    assert_eq!((sent[0].occasion.urgency(), sent[1].occasion.urgency()), (Urgency::Low, Urgency::High));
    assert!(sent[1].why.iter().any(|why| why.contains("the primary fails")), "{:?}", sent[1].why);
    let marks: std::collections::BTreeSet<_> = sent.iter().map(|news| &news.mark).collect();
    assert_eq!(marks.len(), sent.len());
    for _ in 0..3 {
        assert_eq!(tick(&world), Outcome::AlreadyDone);
    }
    assert_eq!(pager.occasions().len(), expected.len(), "what stands is told once");
}

#[test]
fn an_outage_that_passes_is_told_and_then_that_it_is_over_and_the_next_one_anew() {
    let (world, pager) = told_world(Reached::Yes);
    for _ in 0..2 {
        world.fail_primary_for(60);
        let mut request = world.request(Trigger::Tick, Action::FailOver);
        request.deadline = world.clock.now() + Duration::from_secs(30);
        assert!(matches!(outcome(world.run("t", &request)), Outcome::Deferred { .. }));
        assert!(world.store.state().told().is_some());
        world.heal_primary();
        assert_eq!(tick(&world), Outcome::StoodDown);
        assert_eq!(tick(&world), Outcome::StoodDown);
        assert_eq!(world.store.state().told, None);
    }
    let once = [Occasion::HoldoffRuns, Occasion::Over];
    assert_eq!(pager.occasions(), [once, once].concat());
}

#[test]
fn a_crash_and_what_is_owed_belong_to_the_incident_and_the_end_resolves_it() {
    let (world, pager) = told_world(Reached::Yes);
    world.fail_primary_for(300);
    world.fault_plan.next("lock", InjectedFault::Before(FaultClass::Denied));
    assert!(matches!(outcome(world.alarm("a")), Outcome::Owed { .. }));
    assert_eq!(pager.occasions().last(), Some(&Occasion::Unfinished));
    let owed = pager.sent().pop().expect("a message");
    assert!(owed.owed.iter().any(|what| what.starts_with("lock: ")), "{:?}", owed.owed);
    assert_eq!(tick(&world), Outcome::Completed);
    let sent = pager.sent();
    assert_eq!(sent.last().map(|news| news.occasion), Some(Occasion::Completed));
    assert!(sent.iter().all(|news| news.incident == sent[0].incident));
    assert_eq!(sent.iter().filter(|news| news.occasion == Occasion::Begun).count(), 1, "carried on is no second begin");
}

#[test]
fn a_receiver_that_fails_changes_nothing_and_is_told_by_the_next_ticks_a_bounded_number_of_times() {
    let quiet = World::new();
    quiet.fail_primary_for(180);
    let (alone, _) = timed(&quiet, || quiet.alarm("a"));
    for reached in [Reached::Refused, Reached::Silent] {
        let (world, pager) = told_world(reached);
        world.fail_primary_for(180);
        let (took, answer) = timed(&world, || world.alarm("a"));
        assert_eq!(outcome(answer), Outcome::Completed);
        assert_eq!(world.effects(), quiet.effects());
        let times = |world: &World| {
            let run = world.store.state().current.expect("an execution");
            (run.started_at, run.finished_at)
        };
        assert_eq!(times(&world), times(&quiet), "{reached:?}");
        assert!(took <= alone + Duration::from_secs(6), "the answer waits for one call: {took:?}");
        let unheard = world.store.state().told().expect("noted").unheard.clone();
        assert!(unheard.iter().all(|one| one.tries == 1 && !one.why.is_empty()), "{unheard:?}");
        for _ in 0..2 * MOST_TRIES {
            assert_eq!(tick(&world), Outcome::AlreadyDone);
        }
        let completed = pager.occasions().into_iter().filter(|occasion| *occasion == Occasion::Completed).count();
        assert_eq!(completed, MOST_TRIES as usize);
    }
}

#[test]
fn who_can_be_reached_again_is_told_how_it_ended() {
    let (world, pager) = told_world(Reached::Refused);
    world.fail_primary_for(180);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    pager.set(Reached::Yes);
    let before = pager.sent().len();
    assert_eq!(tick(&world), Outcome::AlreadyDone);
    assert_eq!(tick(&world), Outcome::AlreadyDone);
    assert_eq!(pager.occasions()[before..], [Occasion::Completed]);
}

#[test]
fn a_primary_that_is_down_and_not_failed_over_is_told_with_what_is_in_the_way() {
    let (world, pager) = told_world(Reached::Yes);
    world.fail_primary_for(300);
    let error = Check { name: "image".to_owned(), level: Level::Error, found: "none".to_owned() };
    world.standby.set(Readiness { checks: vec![error] });
    assert_eq!(tick(&world), Outcome::Refused);
    assert_eq!(tick(&world), Outcome::Refused);
    assert_eq!(pager.occasions(), [Occasion::NotActedOn]);
    assert!(pager.sent()[0].says.contains("not failed over"), "{:?}", pager.sent());
}

#[test]
fn a_pause_is_told_once_it_has_lasted_for_longer_than_is_configured() {
    let (world, pager) = told_world(Reached::Yes);
    world.run("op", &world.request(Trigger::Operator, Action::Pause { lasts: None }));
    assert_eq!(tick(&world), Outcome::Refused);
    assert_eq!(pager.occasions(), []);
    world.clock.advance(Duration::from_secs(25 * 3600));
    assert_eq!(tick(&world), Outcome::Refused);
    assert_eq!(tick(&world), Outcome::Refused);
    assert_eq!(pager.occasions(), [Occasion::PausedLong]);
}

#[test]
fn a_primary_that_comes_back_while_the_failover_stands_is_told_once() {
    let (world, pager) = told_world(Reached::Yes);
    world.fail_primary_for(180);
    world.alarm("a");
    world.heal_primary();
    for _ in 0..3 {
        assert_eq!(tick(&world), Outcome::AlreadyDone);
    }
    let back = pager.occasions().into_iter().filter(|occasion| *occasion == Occasion::PrimaryBack).count();
    assert_eq!(back, 1);
}

#[test]
fn a_test_message_tells_who_could_not_be_reached_and_writes_nothing() {
    let (world, pager) = told_world(Reached::Yes);
    let before = world.store.state();
    let request = world.request(Trigger::Operator, Action::NotifyTest);
    assert_eq!(outcome(world.run("op", &request)), Outcome::Reported);
    pager.set(Reached::Refused);
    let refused = outcome(world.run("op", &request));
    assert!(matches!(&refused, Outcome::Failed { why, .. } if why.contains("pager: notify: HTTP 403")), "{refused:?}");
    assert_eq!(pager.occasions(), [Occasion::Test, Occasion::Test]);
    assert_eq!(world.store.state(), before);
    let nobody = World::new();
    assert!(matches!(outcome(nobody.run("op", &request)), Outcome::Failed { .. }));
}
