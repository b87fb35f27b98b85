//! What came of a verb that acts.

use holdfast_core::{
    Timestamp,
    engine::{Answer, Outcome},
    record::{Execution, Progress},
    transition::IllegalEvent,
};

use super::moment;
use crate::command::{exit::Exit, target::Target};

/// The screen.
pub fn acted(target: &Target, answer: &Answer, now: Timestamp) -> (String, Exit) {
    let is_open = answer.execution.as_ref().is_some_and(|run| run.status.is_open());
    let (verdict, exit, next) = match &answer.outcome {
        Outcome::Failed { why, .. } if answer.execution.is_none() => untold(why),
        outcome => words(outcome, is_open, now),
    };
    let mut text = format!("{}: {verdict}   {}\n", target.name(), moment::utc(now));
    for sentence in &answer.says {
        text.push_str(&format!("  because {sentence}\n"));
    }
    if let Some(run) = &answer.execution {
        text.push_str(&executed(run));
    }
    text.push_str(&format!("\nNext: {next}\n"));
    (text, exit)
}

/// A person's word that did not get into the record. Nobody tries that again.
fn untold(why: &str) -> (String, Exit, &'static str) {
    if why.contains(&IllegalEvent::NothingOpen.to_string()) {
        return ("NOT DONE: no execution is open, and none stands".to_owned(), Exit::NotDone, "holdfast status");
    }
    (format!("NOT DONE: {why}"), Exit::CannotTell, "holdfast status; then the same again")
}

fn words(outcome: &Outcome, is_open: bool, now: Timestamp) -> (String, Exit, &'static str) {
    let status = "holdfast status";
    match outcome {
        Outcome::Completed => ("DONE".to_owned(), Exit::Done, status),
        Outcome::AlreadyDone => ("nothing to do: it was done before".to_owned(), Exit::Done, status),
        Outcome::Reported => ("noted in the record".to_owned(), Exit::Done, status),
        Outcome::StoodDown => ("NOT DONE: home is well; nothing was begun".to_owned(), Exit::NotDone, status),
        Outcome::Refused => ("NOT DONE: a rule forbids it".to_owned(), Exit::NotDone, "holdfast plan shows each gate"),
        Outcome::Deferred { until } if is_open => {
            let told = format!("BEGUN, NOT FINISHED: worth another look at {}", moment::ago(*until, now));
            (told, Exit::Unfinished, "the function drives it on at its next tick; holdfast status")
        }
        Outcome::Deferred { until } => {
            let told = format!("NOT DONE YET: not decided; worth another look at {}", moment::ago(*until, now));
            (told, Exit::NotDone, "wait; the function judges again each minute")
        }
        Outcome::Owed { steps } => {
            let told = format!("ACTIVE, and still owed: {}", steps.join(", "));
            (told, Exit::Unfinished, "the function tries again each minute; holdfast status shows why")
        }
        Outcome::Failed { step, why } => {
            let told = format!("NOT FINISHED: {step} is not done: {why}");
            (told, Exit::Unfinished, "the function tries again each minute; mend what the reason names")
        }
        Outcome::Unconfirmed { step } => {
            let told = format!("{step} WAITS FOR A PERSON'S WORD");
            (told, Exit::Unfinished, "when users are served by home: holdfast failback --rest --reason '...'")
        }
        Outcome::Asked { id, until } => {
            let told =
                format!("NOT BEGUN: people were asked; question {id} is open until {}", moment::ago(*until, now));
            (told, Exit::NotDone, "holdfast approve QUESTION --reason '...'")
        }
        Outcome::WouldBegin { since } => {
            let told = format!("NOT BEGUN: it is due since {}, and the mode is observe", moment::ago(*since, now));
            (told, Exit::NotDone, "only another mode in the configuration lets it begin")
        }
        Outcome::Planned { .. } => ("nothing was done: this was a plan".to_owned(), Exit::Done, status),
    }
}

/// The execution, one line a step.
fn executed(run: &Execution) -> String {
    let mut text = format!("\n{} {}, begun {}\n", run.kind, run.id, moment::utc(run.started_at));
    for (number, step) in (1..).zip(&run.steps) {
        let (word, found) = match &step.progress {
            Progress::Done { changed: true } => ("done", step.found.clone()),
            Progress::Done { changed: false } => ("was done", step.found.clone()),
            Progress::Pending => ("not yet", String::new()),
            Progress::Owed { why } => ("OWED", why.to_string()),
            Progress::Failing { why } => ("FAILING", why.to_string()),
        };
        let line = format!("  {number}  {:<22} {word:<9} {found}", step.step);
        text.push_str(&format!("{}\n", line.trim_end()));
    }
    text
}
