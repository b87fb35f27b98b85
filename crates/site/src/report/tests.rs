use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use holdfast_core::{
    Timestamp,
    decision::{Reason, Verdict},
    evidence::{Check, Level},
    record::{Pause, State, Trigger},
};

use super::*;

/// Where the log goes: the lines as the functions write them.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn request(action: Action) -> Request {
    Request {
        trigger: Trigger::Operator,
        action,
        reason: Some("drill".to_owned()),
        caller: Some("request 1".to_owned()),
        overrides: Vec::new(),
        data: None,
        question: None,
        deadline: Timestamp::UNIX_EPOCH,
    }
}

fn logged(request: &Request, answer: &Answer) -> Value {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || log(request, answer));
    let text = String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("UTF-8");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.len() < 64 * 1024, "{} bytes", text.len());
    serde_json::from_str(&text).expect("JSON")
}

fn actions() -> Vec<Action> {
    use Action::{
        Acknowledge, FailOver, Failback, Finish, Pause, Plan, Preflight, Rehearse, Resume, Status, Switchover,
    };
    vec![
        FailOver,
        Switchover,
        Failback { rest: true },
        Rehearse,
        Finish,
        Plan,
        Preflight,
        Status,
        Acknowledge { abort: false },
        Acknowledge { abort: true },
        Pause { lasts: None },
        Pause { lasts: Some(std::time::Duration::from_secs(60)) },
        Resume,
    ]
}

fn outcomes() -> Vec<Outcome> {
    vec![
        Outcome::Completed,
        Outcome::AlreadyDone,
        Outcome::StoodDown,
        Outcome::Refused,
        Outcome::Deferred { until: Timestamp::UNIX_EPOCH },
        Outcome::Owed { steps: vec!["lock".to_owned()] },
        Outcome::Failed { step: "scale".to_owned(), why: "denied".to_owned() },
        Outcome::Unconfirmed { step: "rest".to_owned() },
        Outcome::Planned { would: Verdict::StandDown },
        Outcome::Reported,
    ]
}

#[test]
fn no_answer_to_anybody_is_logged_without_words() {
    for action in actions() {
        for outcome in outcomes() {
            let line = logged(&request(action), &Answer::new(outcome.clone(), Vec::new()));
            let message = line["message"].as_str().expect("a message");
            assert!(message.len() > 5, "{action:?} {outcome:?}: {message:?}");
            assert_eq!(line["action"], action.name());
            assert_eq!((&line["reason"], &line["caller"]), (&json!("drill"), &json!("request 1")));
        }
    }
}

#[test]
fn each_note_of_an_operator_is_told_from_the_others() {
    let said = |action| message(&request(action), &Answer::new(Outcome::Reported, Vec::new()));
    let mut notes: Vec<String> = actions().into_iter().map(said).collect();
    notes.sort();
    notes.dedup();
    assert_eq!(notes.len(), actions().len(), "{notes:?}");
}

/// A record that somebody else wrote: texts of 800 000 characters and ten thousand reasons.
#[test]
fn alarms_can_read_what_a_preflight_found_and_that_nothing_is_begun() {
    let check = |level| Check { name: "standby".to_owned(), level, found: "found".to_owned() };
    let checks = vec![check(Level::Good), check(Level::Warning), check(Level::Error), check(Level::Error)];
    let found = Answer { checks, ..Answer::new(Outcome::Reported, Vec::new()) };
    let line = logged(&request(Action::Preflight), &found);
    assert_eq!((&line["failed_checks"], &line["paused"]), (&json!(2), &json!(false)));
    let well = Answer::new(Outcome::Reported, Vec::new());
    assert_eq!(logged(&request(Action::Preflight), &well)["failed_checks"], json!(0));
    let pause = Pause { at: Timestamp::UNIX_EPOCH, until: None, reason: "test".to_owned(), caller: None };
    let held = Answer::new(Outcome::Refused, vec![Reason::Paused { pause }]);
    let line = logged(&request(Action::FailOver), &held);
    assert_eq!((line.get("failed_checks"), &line["paused"]), (None, &json!(true)));
}

fn enormous() -> Answer {
    let long = || "x\n\u{1b}".repeat(400_000);
    let pause = Pause { at: Timestamp::UNIX_EPOCH, until: None, reason: long(), caller: None };
    let reasons = vec![Reason::Paused { pause: pause.clone() }; 30];
    let mut answer = Answer::new(Outcome::Failed { step: long(), why: long() }, reasons);
    answer.says.extend(std::iter::repeat_n(long(), 5));
    answer.says.extend(std::iter::repeat_n("y".to_owned(), 10_000));
    answer.state = Some(Box::new(State { pause: Some(pause), ..State::default() }));
    answer
}

#[test]
fn a_text_of_800_000_characters_makes_no_long_line_and_no_long_answer() {
    let long = "r".repeat(800_000);
    let request = Request { reason: Some(long.clone()), caller: Some(long), ..request(Action::Finish) };
    let line = logged(&request, &enormous());
    let message = line["message"].as_str().expect("a message");
    assert!(message.contains("more") && message.chars().count() < 25_000, "{} bytes", message.len());
    let answer = document(&enormous()).expect("JSON").to_string();
    assert!(answer.len() < 200_000, "{} bytes", answer.len());
}

#[test]
fn what_is_cut_says_how_long_it_was_and_what_is_short_stays_as_it_is() {
    assert_eq!(cut("short"), "short");
    assert_eq!(cut(&"é".repeat(1000)), "é".repeat(1000));
    assert_eq!(cut(&"é".repeat(1001)), format!("{}... (1001 characters)", "é".repeat(1000)));
    let answer = Answer::new(Outcome::StoodDown, vec![Reason::LeaseLost]);
    assert_eq!(document(&answer).expect("JSON"), serde_json::to_value(&answer).expect("JSON"));
}
