//! Answers in words. First the answer and what is degraded, then the evidence, then what to do next.
//!
//! # Layout
//!
//! * `status`, `preflight`, `plan`, `acted`, `history`: one screen each; `guard` and `noted` are a line.
//! * `moment`: times with date, zone and age.
//!
//! Each screen is a pure function of the site file, the answer and the time.

mod acted;
mod history;
pub mod moment;
mod plan;
mod preflight;
mod status;

use holdfast_core::{
    Timestamp,
    engine::{Answer, Outcome},
    evidence::Evidence,
};

use super::{exit::Exit, target::Target};

pub use acted::acted;
pub use history::history;
pub use plan::{plan, primary};
pub use preflight::preflight;
pub use status::status;

/// A note to the record.
pub fn noted(target: &Target, answer: &Answer, _: Timestamp) -> (String, Exit) {
    let name = target.name();
    match &answer.outcome {
        Outcome::Reported => {
            (format!("{name}: noted in the record.\n\nNext: holdfast status shows how things stand\n"), Exit::Done)
        }
        Outcome::Failed { why, .. } => (format!("{name}: NOT NOTED: {why}\n"), Exit::CannotTell),
        other => {
            let says = answer.says.join("; ");
            (format!("{name}: NOT NOTED ({}): {says}\n", other.label()), Exit::NotDone)
        }
    }
}

/// Whether the primary may be changed.
pub fn guard(target: &Target, answer: &Answer, _: Timestamp) -> (String, Exit) {
    let name = target.name();
    let Some(state) = &answer.state else {
        return (format!("{name}: CANNOT TELL: {}\n", unreadable(answer)), Exit::CannotTell);
    };
    let locked = answer.evidence.as_ref().and_then(|evidence| evidence.locked);
    let hold = match (state.open(), locked) {
        (Some(open), _) => Some(format!("{} {} is open", open.kind, open.id)),
        _ if state.failed_over() => Some(format!("a failover stands: {} serves", target.standby())),
        (None, Some(true)) => Some(format!("traffic is locked to {}", target.standby())),
        (None, _) => None,
    };
    match (hold, locked) {
        (Some(why), _) => (format!("{name}: HOLD: {why}; {} must not be changed now\n", target.home()), Exit::NotGood),
        (None, None) => (format!("{name}: CANNOT TELL: the lock could not be read\n"), Exit::CannotTell),
        (None, Some(_)) => (format!("{name}: FREE: nothing is open, traffic is not locked\n"), Exit::Done),
    }
}

/// Why there is no record in the answer.
fn unreadable(answer: &Answer) -> String {
    match &answer.outcome {
        Outcome::Failed { why, .. } => format!("the record could not be read: {why}"),
        _ => "the answer holds no record".to_owned(),
    }
}

/// What the steps look like now, one a line.
fn steps(evidence: &Evidence) -> Vec<String> {
    use holdfast_core::step::StepState;
    let line = |(number, seen): (usize, &holdfast_core::evidence::StepSeen)| {
        let (word, found) = match &seen.seen {
            Ok(step) => match &step.state {
                StepState::Done => ("done", step.found.clone()),
                StepState::Todo => ("to do", step.found.clone()),
                StepState::Blocked { why } => ("BLOCKED", why.clone()),
            },
            Err(fault) => ("not seen", fault.to_string()),
        };
        format!("  {number}  {:<22} {word:<9} {found}", seen.step)
    };
    (1..).zip(&evidence.steps).map(line).collect()
}
