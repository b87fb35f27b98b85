//! A failover that is due, where the mode does not let it begin by itself.

use std::sync::Arc;

use super::*;
use crate::{
    fakes::{FakeAnnouncer, Reached},
    mode::{Mode, Unanswered},
    news::Occasion,
    record::{Due, Kept, State},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A site in this mode, with somebody who is told.
struct Site {
    world: World,
    pager: Arc<FakeAnnouncer>,
    mode: Mode,
}

impl Site {
    fn new(mode: Mode) -> Self {
        let mut world = World::new();
        let pager = FakeAnnouncer::new("pager", Reached::Yes);
        world.announcers = vec![Arc::clone(&pager) as _];
        Self { world, pager, mode }
    }

    fn asks(then: Unanswered) -> Self {
        Self::new(Mode::Ask { within: HOUR, then })
    }

    fn run(&self, request: &Request) -> Answer {
        let mut engine = self.world.engine("a");
        engine.policy.mode = self.mode;
        answer(&engine, request)
    }

    fn tick(&self) -> Answer {
        self.run(&self.world.request(Trigger::Tick, Action::FailOver))
    }

    /// Ticks for so many minutes, and the last answer.
    fn ticks(&self, minutes: u32) -> Answer {
        for _ in 1..minutes {
            self.tick();
            self.world.clock.advance(MINUTE);
        }
        self.tick()
    }

    fn operator(&self, action: Action, question: Option<&str>) -> Answer {
        let request = self.world.request(Trigger::Operator, action);
        let reason = Some("the region is gone".to_owned());
        self.run(&Request { reason, caller: Some("ann".to_owned()), question: question.map(str::to_owned), ..request })
    }

    fn state(&self) -> State {
        self.world.store.state()
    }

    /// Lets the primary fail, and gives the question that was asked.
    fn asked(&self) -> String {
        self.world.fail_primary_for(600);
        let Outcome::Asked { id, .. } = self.tick().outcome else { panic!("nobody was asked") };
        id
    }
}

#[test]
fn people_are_asked_once_and_an_approval_begins_it() {
    let site = Site::asks(Unanswered::Lapse);
    let id = site.asked();
    for _ in 0..5 {
        site.world.clock.advance(MINUTE);
        assert!(matches!(site.tick().outcome, Outcome::Asked { id: again, .. } if again == id));
    }
    assert!(site.world.effects().is_empty() && site.state().current.is_none() && site.world.cooldown.noted().is_none());
    assert_eq!(site.pager.occasions(), [Occasion::Asked]);
    let message = site.pager.sent().remove(0);
    assert!(message.next.contains(&id) && message.next.contains("approve"), "{message:?}");
    let answer = site.operator(Action::Approve, Some(&id));
    assert!(answer.outcome == Outcome::Completed && has(&answer, "approved"), "{answer:?}");
    let (state, effects) = (site.state(), site.world.effects());
    assert_eq!((state.question, effects), (None, vec!["clean", "scale", "lock"]));
    let run = state.current.expect("a record");
    assert_eq!((run.reason.as_deref(), run.caller.as_deref()), (Some("the region is gone"), Some("ann")));
}

#[test]
fn an_approval_of_another_question_begins_nothing_and_leaves_the_question_open() {
    let site = Site::asks(Unanswered::Lapse);
    let id = site.asked();
    let answer = site.operator(Action::Approve, Some("q19990101T000000.000Z"));
    assert!(answer.outcome == Outcome::Refused && has(&answer, "no_such_question"), "{answer:?}");
    assert!(answer.says.last().is_some_and(|said| said.contains(&id)), "{answer:?}");
    assert!(site.world.effects().is_empty());
    assert_eq!(site.pager.occasions(), [Occasion::Asked], "nobody is paged for it");
    assert_eq!(site.operator(Action::Approve, Some(&id)).outcome, Outcome::Completed);
}

#[test]
fn a_primary_that_is_well_again_withdraws_the_question() {
    let site = Site::asks(Unanswered::Begin);
    let id = site.asked();
    site.world.heal_primary();
    assert_eq!(site.tick().outcome, Outcome::StoodDown);
    assert_eq!(site.state().question, None);
    let over = site.pager.sent().pop().expect("told");
    assert!(over.occasion == Occasion::Over && over.says.contains(&id), "{over:?}");
    assert_eq!(site.operator(Action::Approve, Some(&id)).outcome, Outcome::StoodDown);
    site.world.clock.advance(HOUR * 2);
    assert_ne!(site.asked(), id, "another outage is another question");
    assert_eq!(site.operator(Action::Approve, Some(&id)).outcome, Outcome::Refused);
    assert!(site.world.effects().is_empty());
}

#[test]
fn a_question_that_nobody_answers_lapses_and_is_not_asked_twice() {
    let site = Site::asks(Unanswered::Lapse);
    let id = site.asked();
    let answer = site.ticks(62);
    assert!(answer.outcome == Outcome::Refused && has(&answer, "question_lapsed"), "{answer:?}");
    assert_eq!(site.operator(Action::Approve, Some(&id)).outcome, Outcome::Refused);
    assert!(matches!(site.ticks(120).outcome, Outcome::Refused));
    assert!(site.world.effects().is_empty());
    assert_eq!(site.pager.occasions(), [Occasion::Asked, Occasion::NotActedOn]);
    assert_eq!(site.operator(Action::FailOver, None).outcome, Outcome::Completed, "a person's own word");
}

#[test]
fn a_question_that_nobody_answers_begins_by_itself_where_that_is_configured() {
    let site = Site::asks(Unanswered::Begin);
    site.asked();
    assert!(matches!(site.ticks(60).outcome, Outcome::Asked { .. }));
    site.world.clock.advance(MINUTE);
    let answer = site.tick();
    assert!(answer.outcome == Outcome::Completed && has(&answer, "unanswered"), "{answer:?}");
}

#[test]
fn a_question_of_another_outage_is_asked_anew_and_its_approval_begins_nothing() {
    let site = Site::asks(Unanswered::Begin);
    let old = site.asked();
    let backup = site.state();
    site.world.heal_primary();
    site.tick();
    site.world.clock.advance(HOUR * 3);
    site.world.fail_primary_for(600);
    // A backup of the time of the question is put back in a newer outage.
    site.world.store.change(|state| *state = backup);
    let answer = site.operator(Action::Approve, Some(&old));
    assert!(answer.outcome == Outcome::Refused && has(&answer, "question_outdated"), "{answer:?}");
    assert!(matches!(site.tick().outcome, Outcome::Asked { id, .. } if id != old));
    assert!(site.world.effects().is_empty());
}

#[test]
fn a_question_that_this_version_does_not_understand_is_asked_anew() {
    let site = Site::asks(Unanswered::Lapse);
    let strange: Kept<Due> = serde_json::from_value(serde_json::json!({"asked": "yes"})).expect("anything is read");
    site.world.store.change(|state| state.question = Some(strange));
    site.asked();
    assert_eq!(site.pager.occasions(), [Occasion::Asked]);
}

#[test]
fn what_is_observed_is_told_and_noted_and_nothing_is_done() {
    let site = Site::new(Mode::Observe);
    for outage in 1..=2 {
        site.world.fail_primary_for(600);
        let answer = site.ticks(20);
        let Outcome::WouldBegin { since } = answer.outcome else { panic!("{answer:?}") };
        let state = site.state();
        assert_eq!(state.observed.len(), outage);
        let newest = state.observed[0].known().expect("known");
        assert!(newest.at == since && newest.until > since, "{newest:?}");
        let refused = site.operator(Action::FailOver, None);
        assert!(refused.outcome == Outcome::Refused && has(&refused, "only_observed"), "{refused:?}");
        site.world.heal_primary();
        assert_eq!(site.tick().outcome, Outcome::StoodDown);
        site.world.clock.advance(HOUR);
    }
    let state = site.state();
    assert!(state.current.is_none() && state.question.is_none() && site.world.cooldown.noted().is_none());
    assert!(site.world.effects().is_empty());
    assert_eq!(site.world.fault_plan.calls().iter().filter(|call| call.contains("acquire")).count(), 0);
    let once = [Occasion::Observed, Occasion::Over];
    assert_eq!(site.pager.occasions(), [once, once].concat());
}

#[test]
fn what_was_begun_is_finished_in_each_mode() {
    for mode in [Mode::Observe, Mode::Ask { within: HOUR, then: Unanswered::Lapse }] {
        let site = Site::new(mode);
        site.world.fail_primary_for(600);
        site.world.fault_plan.always("scale", InjectedFault::Before(FaultClass::Denied));
        assert!(matches!(outcome(site.world.tick("a")), Outcome::Failed { .. }), "begun in mode automatic");
        site.world.fault_plan.clear();
        assert_eq!(site.tick().outcome, Outcome::Completed, "{mode:?}");
    }
}

#[test]
fn a_mode_is_told_by_a_plan_and_a_rehearsal_is_refused_where_nothing_may_begin() {
    let site = Site::new(Mode::Observe);
    site.world.fail_primary_for(600);
    let plan = site.operator(Action::Plan, None);
    assert!(matches!(plan.outcome, Outcome::Planned { would: Verdict::WouldBegin { .. } }), "{plan:?}");
    site.world.heal_primary();
    let refused = site.operator(Action::Rehearse, None);
    assert!(refused.outcome == Outcome::Refused && has(&refused, "only_observed"), "{refused:?}");
    assert!(site.state().observed.is_empty(), "a plan writes nothing");
}

#[test]
fn a_preflight_says_what_becomes_of_a_failover_that_is_due_and_that_somebody_has_to_be_told() {
    use crate::evidence::Level::{Error, Good, Warning};
    let ask = Mode::Ask { within: HOUR, then: Unanswered::Lapse };
    for (mode, told, level) in
        [(Mode::Automatic, false, Good), (Mode::Observe, true, Warning), (ask, true, Good), (ask, false, Error)]
    {
        let mut site = Site::new(mode);
        if !told {
            site.world.announcers.clear();
        }
        let checks = site.operator(Action::Preflight, None).checks;
        let check = checks.iter().find(|check| check.name == "mode").expect("a check");
        assert!(check.level == level && check.found.starts_with(mode.name()), "{check:?}");
    }
}
