//! Properties of [`decide`]: whatever was drawn, these hold.

use std::time::Duration;

use proptest::{option, prelude::*, sample};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;
use crate::{
    evidence::{
        Check, Control, Datapoint, History, Level, NamedSite, Probe, ProbeResult, Readiness, StepSeen, TrafficAnswer,
    },
    fault::{FaultClass, NotedFault},
    holdoff::{Health, Source, judge_history, judge_probes},
    policy::MissingData,
    record::{Execution, Kept, Pause, Progress, Status, StepRecord, Trigger},
    step::{Need, Observation, StepState},
};

mod borders;
mod modes;
mod properties;
mod reference;

/// Everything that a decision depends on.
#[derive(Clone, Debug)]
struct Case {
    state: Reading<State>,
    evidence: Evidence,
    policy: Policy,
    overrides: Vec<Gate>,
    word: Word<'static>,
}

impl Case {
    fn decide(&self) -> Decision {
        decide(
            &self.state,
            &self.evidence,
            &self.policy,
            self.evidence.at,
            Said { waived: &self.overrides, word: self.word },
        )
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_767_225_600).expect("a time in range")
}

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - seconds).expect("a time in range")
}

fn fault() -> NotedFault {
    NotedFault { class: FaultClass::Server, call: "test:Call".to_owned(), message: "down".to_owned() }
}

fn reading<T: Clone + std::fmt::Debug>(well: impl Strategy<Value = T>) -> impl Strategy<Value = Reading<T>> {
    prop_oneof![1 => Just(Err(fault())), 5 => well.prop_map(Ok)]
}

/// A point a minute, newest last: well, failing, both, or none.
fn history() -> impl Strategy<Value = History> {
    ("[X000m-]{0,12}", 0_i64..90).prop_map(|(letters, end)| {
        let starts = (1..).map(move |minutes| ago(end + minutes * 60));
        let point = |(letter, start)| match letter {
            'X' => Some(Datapoint { start, minimum: 1.0, maximum: 1.0 }),
            '0' => Some(Datapoint { start, minimum: 0.0, maximum: 0.0 }),
            'm' => Some(Datapoint { start, minimum: 0.0, maximum: 1.0 }),
            _ => None,
        };
        let mut points: Vec<_> = letters.chars().rev().zip(starts).filter_map(point).collect();
        points.reverse();
        History { points }
    })
}

fn result(letter: char) -> ProbeResult {
    match letter {
        'X' => ProbeResult::Healthy { said: "OK".to_owned() },
        '0' => ProbeResult::Failing { why: "refused".to_owned() },
        _ => ProbeResult::Inconclusive { why: "no name".to_owned() },
    }
}

/// A probe; with one that failed a control target answered (`0`), or none did (`c`).
fn probe(letter: char, at: Timestamp) -> Probe {
    let result = result(if letter == 'c' { '0' } else { letter });
    let control = |answered| Control { target: "control".to_owned(), answered, found: "HTTP 200".to_owned() };
    Probe { at, result, controls: vec![control(false), control(letter == '0')] }
}

/// Probes of one call, oldest first.
fn probes() -> impl Strategy<Value = Vec<Probe>> {
    ("[0000X?c]{0,16}", 0_i64..100, sample::select(vec![15_i64, 30, 59, 60, 61])).prop_map(|(letters, end, every)| {
        let last = i64::try_from(letters.len()).unwrap_or_default();
        let times = (0..).map(move |index| ago(end + (last - 1 - index) * every));
        letters.chars().zip(times).map(|(letter, at)| probe(letter, at)).collect()
    })
}

fn fitness() -> impl Strategy<Value = Readiness> {
    let level = sample::select(vec![Level::Good, Level::Good, Level::Warning, Level::Error]);
    let check = level.prop_map(|level| Check { name: "thing".to_owned(), level, found: "as it is".to_owned() });
    prop::collection::vec(check, 0..3).prop_map(|checks| Readiness { checks })
}

fn observation() -> impl Strategy<Value = Observation> {
    let done = Just(Observation::done("holds"));
    prop_oneof![3 => done, 1 => Just(Observation::todo("is not", Value::Null)), 1 => Just(Observation::blocked("no"))]
}

fn steps() -> impl Strategy<Value = Vec<StepSeen>> {
    let name = sample::select(vec!["step", "lock"]);
    let step = (name, reading(observation())).prop_map(|(step, seen)| StepSeen {
        step: step.to_owned(),
        seen,
        locks: step == "lock",
        direction: crate::step::Direction::Forward,
    });
    prop::collection::vec(step, 0..3)
}

fn traffic() -> impl Strategy<Value = TrafficAnswer> {
    sample::select(vec![NamedSite::Primary, NamedSite::Other])
        .prop_map(|names| TrafficAnswer { names, found: "192.0.2.1".to_owned() })
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let times = || option::of((0_i64..7000).prop_map(ago));
    (
        option::weighted(0.9, reading(history())),
        probes(),
        option::of(reading(option::of((-100_i64..700).prop_map(ago)))),
        option::of(reading(fitness())),
        option::of(any::<bool>()),
        steps(),
        (option::of(reading(traffic())), option::of(reading(times())), any::<u8>().prop_map(|number| number < 20)),
    )
        .prop_map(|(history, probes, last_failover, fitness, locked, steps, (traffic, last_well, foreign))| {
            Evidence {
                history,
                probes,
                last_failover,
                fitness,
                locked,
                steps,
                traffic,
                last_well,
                foreign: foreign.then(|| "no step".to_owned()),
                ..Evidence::nothing(now())
            }
        })
}

fn execution(status: Status, began: i64) -> Execution {
    let evidence = Evidence::nothing(now());
    Execution {
        id: "x".to_owned(),
        runbook: "fake".to_owned(),
        trigger: Kept::of(Trigger::Tick),
        reason: None,
        caller: None,
        overrides: Vec::new(),
        started_at: ago(began),
        finished_at: None,
        status,
        abort_reason: None,
        fence: 1,
        holder: "a".to_owned(),
        takeovers: 0,
        decision: Kept::of(Decision { verdict: Verdict::FailOver, reasons: Vec::new(), streak: None }),
        evidence: Kept::of(evidence),
        policy: Kept::of(Policy::default()),
        steps: vec![StepRecord::pending("step", Need::Required), StepRecord::pending("lock", Need::Owed)],
        notes: Vec::new(),
        kind: crate::kind::Kind::default(),
        data: None,
        confirmed: false,
        unknown: crate::record::Unknown::new(),
    }
}

fn state() -> impl Strategy<Value = State> {
    use Status::{Aborted, Completed, Owed, Running};
    let status = sample::select(vec![Running, Owed, Completed, Completed, Aborted, Aborted, Aborted]);
    let current = (status, -100_i64..700, any::<bool>()).prop_map(|(status, began, locked)| {
        let mut execution = execution(status, began);
        if locked {
            execution.steps[1].progress = Progress::Done { changed: true };
        }
        execution
    });
    let pause =
        option::weighted(0.1, Just(Pause { at: ago(50), until: None, reason: "works".to_owned(), caller: None }));
    let past = || option::of((0_i64..700).prop_map(ago));
    let locks = (option::weighted(0.2, (0_i64..700).prop_map(ago)), past());
    (option::weighted(0.5, current), pause, past(), past(), (past(), past()), locks).prop_map(
        |(current, pause, acknowledged, unlocked, (armed, unarmed_since), (lock_seen, lock_gone))| State {
            pause,
            acknowledged,
            unlocked,
            armed,
            unarmed_since,
            lock_seen,
            lock_gone,
            current,
            ..State::default()
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    let missing = sample::select(vec![MissingData::EndsTheStreak, MissingData::CountsAsFailing]);
    let seconds = |all: Vec<u64>| sample::select(all).prop_map(Duration::from_secs);
    (seconds(vec![0, 60, 61, 180, 300]), seconds(vec![0, 300]), missing)
        .prop_map(|(holdoff, cooldown, missing)| Policy { holdoff, cooldown, missing, ..Policy::default() })
}

fn gates() -> impl Strategy<Value = Vec<Gate>> {
    prop_oneof![3 => Just(Vec::new()), 2 => sample::subsequence(Gate::ALL.to_vec(), 0..=5)]
}

fn case() -> impl Strategy<Value = Case> {
    (reading(state()), evidence(), policy(), gates()).prop_map(|(state, evidence, policy, overrides)| Case {
        state,
        evidence,
        policy,
        overrides,
        word: Word::None,
    })
}

/// A case in which nothing stands in the way but the evidence itself.
fn free_case() -> impl Strategy<Value = Case> {
    case().prop_map(|case| {
        let evidence = Evidence { steps: Vec::new(), fitness: None, last_failover: None, ..case.evidence };
        let state = State { armed: Some(ago(100_000)), ..State::default() };
        Case { state: Ok(state), evidence, overrides: Vec::new(), ..case }
    })
}

/// The same thing with every time in it moved.
fn shifted<T: Serialize + DeserializeOwned>(thing: &T, seconds: i64) -> T {
    fn walk(value: &mut Value, seconds: i64) {
        match value {
            Value::String(text) => {
                if let Ok(time) = text.parse::<Timestamp>() {
                    *text = (time + jiff::SignedDuration::from_secs(seconds)).to_string();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, seconds)),
            Value::Object(fields) => fields.values_mut().for_each(|field| walk(field, seconds)),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(thing).expect("JSON");
    walk(&mut value, seconds);
    serde_json::from_value(value).expect("the same type")
}

#[test]
fn a_gate_is_called_the_same_in_a_record_and_by_an_operator() {
    for gate in Gate::ALL {
        assert_eq!(serde_json::to_value(gate).expect("JSON"), gate.name());
    }
}
