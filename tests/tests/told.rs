//! What people are told: the rules of terraform/modules/azure-failover and oci-failover, held against lines that the functions write.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    sync::{Arc, Mutex},
};

use holdfast_core::{
    Timestamp,
    decision::{Gate, Reason, Verdict},
    engine::{Action, Answer, Outcome, Request},
    evidence::{Check, Level},
    fakes::World,
    record::{Pause, Trigger},
};
use holdfast_site::{log, report};

const OCI: &str = include_str!("../../terraform/modules/oci-failover/told.tf");
const AZURE: &str = include_str!("../../terraform/modules/azure-failover/told.tf");

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

/// The lines that `work` logs, as a function writes them.
fn logged(work: impl FnOnce()) -> Vec<String> {
    let lines = Lines::default();
    let writer = lines.clone();
    tracing::subscriber::with_default(log::subscriber("info", move || writer.clone()), work);
    let text = String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

fn request(action: Action) -> Request {
    Request {
        trigger: Trigger::Tick,
        action,
        reason: None,
        caller: None,
        overrides: Vec::new(),
        data: None,
        question: None,
        deadline: Timestamp::UNIX_EPOCH,
    }
}

/// The line of one answer.
fn answered(action: Action, answer: &Answer) -> String {
    logged(|| report::log(&request(action), answer)).remove(0)
}

fn outcome(outcome: Outcome) -> String {
    answered(Action::FailOver, &Answer::new(outcome, Vec::new()))
}

fn preflight(level: Level) -> String {
    let checks = vec![Check { name: "standby".to_owned(), level, found: "x".to_owned() }];
    let planned = Outcome::Planned { would: Verdict::StandDown };
    answered(Action::Preflight, &Answer { checks, ..Answer::new(planned, Vec::new()) })
}

/// The line with which the engine begins a failover.
fn begun() -> String {
    let world = World::new();
    world.fail_primary_for(600);
    let mut request = world.request(Trigger::Operator, Action::FailOver);
    request.overrides = Gate::ALL.into();
    let lines = logged(|| drop(world.run("a", &request)));
    lines.into_iter().find(|line| line.contains("begins")).expect("a line that says so")
}

/// Lines, and the rules that must find each.
fn cases() -> Vec<(String, &'static [&'static str])> {
    let deferred = || Answer::new(Outcome::Deferred { until: Timestamp::UNIX_EPOCH }, Vec::new());
    let pause = Pause { at: Timestamp::UNIX_EPOCH, until: None, reason: "work".to_owned(), caller: None };
    let paused = Answer::new(Outcome::Refused, vec![Reason::Paused { pause }]);
    let failed = Outcome::Failed { step: "lock-traffic".to_owned(), why: "denied".to_owned() };
    vec![
        (answered(Action::FailOver, &Answer { failing_for_s: Some(60.0), ..deferred() }), &["holdoff-started"]),
        (answered(Action::FailOver, &deferred()), &[]),
        (begun(), &["failover-begun"]),
        (outcome(Outcome::Completed), &["failover-completed"]),
        (outcome(Outcome::Owed { steps: vec!["lock-traffic".to_owned()] }), &["steps-owed"]),
        (outcome(failed), &["steps-owed"]),
        (preflight(Level::Error), &["preflight-bad"]),
        (preflight(Level::Warning), &[]),
        (answered(Action::FailOver, &paused), &["paused"]),
        (outcome(Outcome::Refused), &[]),
        (outcome(Outcome::StoodDown), &[]),
        (logged(|| tracing::error!("a defect")).remove(0), &["function-errors"]),
    ]
}

/// The conditions of OCI's connectors, by rule: `NAME = "data.message = '*...*' and ..."`.
fn conditions() -> BTreeMap<String, String> {
    let is_one = |line: &&str| line.contains("= \"data.message");
    let one = |line: &str| {
        let (name, condition) = line.split_once(" = \"").expect("an assignment");
        (name.trim().to_owned(), condition.trim_end().trim_end_matches('"').replace("\\\"", "\""))
    };
    OCI.lines().filter(is_one).map(one).collect()
}

/// Whether a line meets a condition of texts with `*` at both ends.
fn meets(line: &str, condition: &str) -> bool {
    let term = |term: &str| {
        let (left, pattern) = term.split_once(" '*").expect("a pattern");
        let found = line.contains(pattern.trim_end_matches("*'"));
        if left.ends_with("!=") { !found } else { found }
    };
    condition.split(" or ").any(|all| all.split(" and ").all(term))
}

#[test]
fn each_rule_on_oci_finds_the_lines_that_it_is_for_and_no_others() {
    let conditions = conditions();
    assert_eq!(conditions.len(), 7, "{:?}", conditions.keys());
    for (line, expected) in cases() {
        let found = conditions.iter().filter(|(_, condition)| meets(&line, condition)).map(|(name, _)| name.as_str());
        assert_eq!(found.collect::<Vec<_>>(), expected, "{line}");
    }
}

/// The outcomes that a text compares with, in the words of either cloud.
fn outcomes(text: &str, before: &[&str]) -> BTreeSet<String> {
    let words = before.iter().flat_map(|before| text.split(before).skip(1));
    let quoted = words.flat_map(|rest| rest.split(['|', ')', '\'']).next().unwrap_or_default().split('"'));
    let is_word = |word: &&str| word.len() > 3 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    quoted.map(|word| word.trim_end_matches('\\')).filter(is_word).map(str::to_owned).collect()
}

#[test]
fn the_rules_of_both_clouds_observe_for_outcomes_that_there_are() {
    let on_oci = outcomes(OCI, &["\\\"outcome\\\":"]);
    let on_azure = outcomes(AZURE, &["outcome == ", "outcome in ("]);
    let expected = ["completed", "deferred", "failed", "owed", "refused"].map(str::to_owned).into();
    assert_eq!((&on_oci, &on_azure), (&expected, &expected));
    for field in ["failing_for_s", "failed_checks", "paused", "fence", " begins"] {
        assert!(AZURE.contains(field) && OCI.contains(field), "{field}");
        assert!(cases().iter().any(|(line, _)| line.contains(field)), "no line has {field}");
    }
}
