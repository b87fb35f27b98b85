//! What becomes of a failover that is due, by the mode.

use super::*;
use crate::{
    clock::{earlier, later, until},
    mode::{Mode, Unanswered},
    record::Due,
};

const HOUR: Duration = Duration::from_secs(3600);

fn ask(then: Unanswered) -> Mode {
    Mode::Ask { within: HOUR, then }
}

fn mode() -> impl Strategy<Value = Mode> {
    sample::select(vec![Mode::Automatic, Mode::Observe, ask(Unanswered::Lapse), ask(Unanswered::Begin)])
}

fn word() -> impl Strategy<Value = Word<'static>> {
    sample::select(vec![Word::None, Word::None, Word::Begins, Word::Approves("q"), Word::Approves("other")])
}

/// Asked some time ago, and seen to be due until some time ago; or planted, with times that cannot be.
fn due() -> impl Strategy<Value = Due> {
    let times = sample::select(vec![-500_i64, -10, 0, 30, 90, 200, 600, 3599, 3600, 5000]);
    (times.clone(), times).prop_map(|(at, until)| Due { id: "q".to_owned(), at: ago(at), until: ago(until) })
}

/// A case in which a failover is often due.
fn modal_case() -> impl Strategy<Value = Case> {
    let record = (option::weighted(0.7, due()), option::weighted(0.7, due()));
    let case = prop_oneof![1 => case(), 4 => free_case()];
    (case, mode(), word(), record).prop_map(|(mut case, mode, word, (question, observed))| {
        case.policy.mode = mode;
        if let Ok(state) = &mut case.state {
            state.question = question.map(Kept::of);
            state.observed = observed.into_iter().map(Kept::of).collect();
        }
        Case { word, ..case }
    })
}

/// The question of the record, when it is about the outage that goes on.
fn believed<'a>(case: &Case, due: Option<&'a Due>, streak: Option<&Streak>) -> Option<&'a Due> {
    let (due, streak) = (due?, streak?);
    let past = due.at <= later(now(), Duration::from_secs(120)) && due.until <= later(now(), Duration::from_secs(120));
    let gap = Duration::from_secs(135);
    let unbroken = earlier(streak.since, gap) <= due.until;
    let history = case.evidence.history.as_ref().and_then(|history| history.as_ref().ok());
    let well = |point: &Datapoint| {
        point.maximum > 0.0 && point.start >= due.until && later(point.start, case.policy.period) <= now()
    };
    let well = history.is_some_and(|history| history.points.iter().any(well));
    (past && due.at <= due.until && unbroken && !well).then_some(due)
}

/// What becomes of a failover that is due.
fn of_due(case: &Case, state: &State, streak: Option<&Streak>) -> &'static str {
    let question = believed(case, state.question(), streak);
    let over = question.is_some_and(|due| until(due.at, now()) >= HOUR);
    match (case.policy.mode, case.word) {
        (Mode::Observe, Word::None) => "would begin",
        (Mode::Observe, _) => "refuse",
        (Mode::Automatic, Word::Approves(id)) if question.is_none_or(|due| due.id != id) => "refuse",
        (Mode::Automatic, _) | (_, Word::Begins) => "fail over",
        (Mode::Ask { then: Unanswered::Begin, .. }, _) if over => "fail over",
        (Mode::Ask { .. }, _) if over => "refuse",
        (Mode::Ask { .. }, Word::Approves(id)) if question.is_some_and(|due| due.id == id) => "fail over",
        (Mode::Ask { .. }, Word::Approves(_)) => "refuse",
        (Mode::Ask { .. }, Word::None) if question.is_some() => "await approval",
        (Mode::Ask { .. }, Word::None) => "ask",
    }
}

proptest! {
    #[test]
    fn a_mode_holds_back_what_is_due_and_changes_nothing_else(case in modal_case()) {
        let mut plain = case.clone();
        (plain.policy.mode, plain.word) = (Mode::Automatic, Word::None);
        let (plain, modal) = (plain.decide(), case.decide());
        let expected = match &case.state {
            Ok(state) if plain.verdict == Verdict::FailOver => of_due(&case, state, plain.streak.as_ref()),
            _ => reference::name(plain.verdict),
        };
        prop_assert_eq!(reference::name(modal.verdict), expected, "{:?}", modal);
    }

    #[test]
    fn in_mode_ask_nothing_begins_without_a_word_or_a_time_that_is_over(case in modal_case()) {
        let decision = case.decide();
        let asks = matches!(case.policy.mode, Mode::Ask { .. });
        if asks && case.word == Word::None && decision.verdict == Verdict::FailOver {
            prop_assert!(matches!(decision.reasons.last(), Some(Reason::Unanswered { .. })), "{:?}", decision);
        }
    }
}

/// A primary that fails without a break since ten minutes ago, on a site that is armed.
fn failing(question: Option<Due>) -> Case {
    let points = (1..=10).map(|minute| Datapoint { start: ago(minute * 60), minimum: 0.0, maximum: 0.0 });
    let mut points: Vec<_> = points.collect();
    points.reverse();
    let evidence = Evidence { history: Some(Ok(History { points })), locked: Some(false), ..Evidence::nothing(now()) };
    let state = State { armed: Some(ago(100_000)), question: question.map(Kept::of), ..State::default() };
    let policy = Policy { mode: ask(Unanswered::Lapse), ..Policy::default() };
    Case { state: Ok(state), evidence, policy, overrides: Vec::new(), word: Word::None }
}

fn asked(at: i64, until: i64) -> Due {
    Due { id: "q".to_owned(), at: ago(at), until: ago(until) }
}

#[test]
fn a_question_is_open_until_its_time_is_over_and_only_while_the_outage_is_the_same() {
    let verdict = |question| reference::name(failing(question).decide().verdict);
    assert_eq!(verdict(None), "ask");
    assert_eq!(verdict(Some(asked(300, 60))), "await approval");
    assert_eq!(verdict(Some(asked(3599, 60))), "await approval");
    assert_eq!(verdict(Some(asked(3600, 60))), "refuse");
    // The streak began ten minutes ago. Until two lost ticks before it the outage can be the same.
    assert_eq!(verdict(Some(asked(1200, 735))), "await approval");
    assert_eq!(verdict(Some(asked(1200, 736))), "ask", "restored, or nobody looked for long");
    assert_eq!(verdict(Some(asked(-121, -121))), "ask", "a time that no clock shows");
    assert_eq!(verdict(Some(asked(60, 300))), "ask", "asked after it was last seen");
}

#[test]
fn a_person_approves_the_question_that_is_open_and_no_other() {
    let decide = |word, question| {
        let decision = Case { word, ..failing(question) }.decide();
        (reference::name(decision.verdict), decision.reasons.last().map(Reason::code).unwrap_or_default())
    };
    let open = || Some(asked(300, 60));
    assert_eq!(decide(Word::Approves("q"), open()), ("fail over", "approved".to_owned()));
    assert_eq!(decide(Word::Approves("other"), open()), ("refuse", "no_such_question".to_owned()));
    assert_eq!(decide(Word::Approves("q"), None), ("refuse", "no_such_question".to_owned()));
    assert_eq!(decide(Word::Approves("q"), Some(asked(90_000, 80_000))), ("refuse", "no_such_question".to_owned()));
    assert_eq!(decide(Word::Approves("q"), Some(asked(3600, 60))), ("refuse", "question_lapsed".to_owned()));
    assert_eq!(decide(Word::Begins, None).0, "fail over", "a person's word already");
}
