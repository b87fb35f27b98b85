use super::*;
use crate::{
    decision::{Decision, Verdict},
    evidence::Evidence,
    fault::{FaultClass, NotedFault},
    policy::Policy,
    record::Trigger,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).expect("a time in range")
}

fn execution() -> Execution {
    let evidence = Evidence::nothing(at(0));
    let needs = [("clean", Need::Required), ("scale", Need::Required), ("lock", Need::Owed)];
    Execution {
        id: "x".to_owned(),
        runbook: "fake".to_owned(),
        trigger: Kept::of(Trigger::Tick),
        reason: None,
        caller: None,
        overrides: Vec::new(),
        started_at: at(0),
        finished_at: None,
        status: Status::Running,
        abort_reason: None,
        fence: 3,
        holder: "a".to_owned(),
        takeovers: 0,
        decision: Kept::of(Decision { verdict: Verdict::FailOver, reasons: Vec::new(), streak: None }),
        evidence: Kept::of(evidence),
        policy: Kept::of(Policy::default()),
        steps: needs.iter().map(|(name, need)| StepRecord::pending(name, *need)).collect(),
        notes: Vec::new(),
        kind: crate::kind::Kind::default(),
        data: None,
        confirmed: false,
        unknown: crate::record::Unknown::new(),
    }
}

fn begun() -> State {
    next(&State::default(), Event::Began(Box::new(execution()))).expect("an empty state takes it")
}

fn stepped(name: &str, progress: Progress) -> Event {
    let step = StepRecord { progress, ended_at: Some(at(9)), ..StepRecord::pending(name, Need::Owed) };
    Event::Stepped { fence: 3, step }
}

fn done(name: &str) -> Event {
    stepped(name, Progress::Done { changed: true })
}

fn run(events: impl IntoIterator<Item = Event>) -> Result<State, IllegalEvent> {
    events.into_iter().try_fold(begun(), |state, event| next(&state, event))
}

fn status_of(state: &State) -> Option<Status> {
    state.current.as_ref().map(|execution| execution.status)
}

#[test]
fn an_execution_is_owed_once_the_required_steps_are_done_and_completed_with_the_last() {
    let owed = run([done("clean"), done("scale")]).expect("legal");
    assert_eq!(status_of(&owed), Some(Status::Owed));
    let completed = next(&owed, done("lock")).expect("legal");
    assert_eq!(status_of(&completed), Some(Status::Completed));
    assert_eq!(completed.current.and_then(|execution| execution.finished_at), Some(at(9)));
}

#[test]
fn only_one_execution_is_open_at_a_time() {
    let again = next(&begun(), Event::Began(Box::new(execution())));
    assert_eq!(again, Err(IllegalEvent::StillOpen("x".to_owned())));
}

#[test]
fn a_step_cannot_overtake_a_required_one() {
    let overtaken = run([done("scale")]);
    assert!(matches!(overtaken, Err(IllegalEvent::OutOfOrder { before, .. }) if before == "clean"));
}

#[test]
fn what_is_done_stays_done() {
    let fault = NotedFault { class: FaultClass::Server, call: "c".to_owned(), message: "m".to_owned() };
    let undone = run([done("clean"), stepped("clean", Progress::Failing { why: Why::Fault { fault } })]);
    assert_eq!(undone, Err(IllegalEvent::Undone("clean".to_owned())));
}

#[test]
fn a_required_step_cannot_be_owed() {
    let why = Why::Blocked { why: "w".to_owned() };
    assert_eq!(run([stepped("clean", Progress::Owed { why })]), Err(IllegalEvent::NotOwable("clean".to_owned())));
}

#[test]
fn a_worker_that_was_taken_over_can_write_no_more() {
    let event = Event::TakenOver { fence: 4, holder: "b".to_owned(), found: BTreeMap::new() };
    let taken = run([event]).expect("legal");
    assert_eq!(next(&taken, done("clean")), Err(IllegalEvent::StaleFence { offered: 3, current: 4 }));
    assert_eq!(taken.current.map(|execution| execution.takeovers), Some(1));
}

#[test]
fn the_first_account_of_a_step_is_kept_over_take_overs() {
    let seen = |name: &str| Observation::todo(name, serde_json::json!(1));
    let take = |fence, name: &str| Event::TakenOver {
        fence,
        holder: "b".to_owned(),
        found: BTreeMap::from([("lock".to_owned(), seen(name))]),
    };
    let state = run([take(4, "first"), take(5, "second")]).expect("legal");
    let before = state.current.and_then(|execution| execution.steps[2].before.clone());
    assert_eq!(before, Some(seen("first")));
}

#[test]
fn an_ended_execution_takes_no_events_and_makes_room_for_the_next() {
    let ended = run([Event::Aborted { at: at(5), reason: "by hand".to_owned() }]).expect("legal");
    assert_eq!(next(&ended, done("clean")), Err(IllegalEvent::NothingOpen));
    let next_one = next(&ended, Event::Began(Box::new(execution()))).expect("legal");
    assert_eq!(next_one.past.len(), 1);
    assert_eq!(next_one.earlier().next().map(|run| run.status), Some(Status::Aborted));
}

#[test]
fn only_so_many_summaries_are_kept() {
    let mut state = State::default();
    for _ in 0..KEPT_SUMMARIES + 5 {
        state = next(&state, Event::Began(Box::new(execution()))).expect("legal");
        state = next(&state, Event::Aborted { at: at(1), reason: "r".to_owned() }).expect("legal");
    }
    assert_eq!(state.past.len(), KEPT_SUMMARIES);
}

#[test]
fn an_execution_begins_running_with_steps_and_all_of_them_pending() {
    let begin = |change: fn(&mut Execution)| {
        let mut execution = execution();
        change(&mut execution);
        next(&State::default(), Event::Began(Box::new(execution))).map(drop)
    };
    assert_eq!(begin(|_| {}), Ok(()));
    let bad = Err(IllegalEvent::BadBeginning);
    assert_eq!(begin(|execution| execution.steps[1].progress = Progress::Done { changed: true }), bad);
    assert_eq!(begin(|execution| execution.status = Status::Owed), bad);
    assert_eq!(begin(|execution| execution.steps.clear()), bad);
}

#[test]
fn another_holder_or_another_number_is_a_take_over_and_the_same_of_both_is_none() {
    let takeovers = |fence, holder: &str| {
        let event = Event::TakenOver { fence, holder: holder.to_owned(), found: BTreeMap::new() };
        run([event]).expect("legal").current.map(|execution| execution.takeovers)
    };
    assert_eq!((takeovers(3, "a"), takeovers(4, "a"), takeovers(3, "b")), (Some(0), Some(1), Some(1)));
}

#[test]
fn what_a_step_is_needed_for_is_what_it_was_at_the_beginning_and_what_is_open_has_no_end() {
    // `stepped` calls every step owed.
    let state = run([done("clean")]).expect("legal");
    let execution = state.current.expect("begun");
    assert_eq!((execution.steps[0].need, execution.finished_at), (Need::Required, None));
}

#[test]
fn a_state_survives_being_written_and_read() {
    let state = run([done("clean")]).expect("legal");
    let text = serde_json::to_string(&state).expect("it can be written");
    assert_eq!(serde_json::from_str::<State>(&text).expect("it can be read"), state);
}

#[test]
fn an_acknowledgement_is_used_up_by_the_next_execution() {
    let acknowledged = next(&State::default(), Event::Acknowledged { at: at(99) }).expect("legal");
    let state = next(&acknowledged, Event::Began(Box::new(execution()))).expect("legal");
    assert_eq!((acknowledged.acknowledged, state.acknowledged), (Some(at(99)), None));
}

#[test]
fn an_abort_of_a_failover_beside_which_something_stands_puts_nothing_back() {
    // Only a failback keeps a failover beside it: who planted this one left it there.
    let stands = Some(Box::new(Execution { id: "old".to_owned(), status: Status::Completed, ..execution() }));
    let planted = State { stands, unlocked: Some(at(1)), ..begun() };
    let aborted = next(&planted, Event::Aborted { at: at(2), reason: "r".to_owned() }).expect("legal");
    assert!(!aborted.failed_over() && aborted.stands.is_none() && aborted.was_aborted());
    assert_eq!(aborted.earlier().map(|run| &*run.id).collect::<Vec<_>>(), ["old"]);
}
