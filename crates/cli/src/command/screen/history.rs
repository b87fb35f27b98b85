//! The executions that the record holds, newest first, and what people told the site.

use holdfast_core::{Timestamp, clock::until, engine::Answer, kind::Kind, record::Status};

use super::{moment, status::progress, unreadable};
use crate::command::{exit::Exit, target::Target};

/// The screen.
pub fn history(target: &Target, answer: &Answer, now: Timestamp) -> (String, Exit) {
    let name = target.name();
    let Some(state) = &answer.state else {
        return (format!("{name}: CANNOT TELL: {}\n", unreadable(answer)), Exit::CannotTell);
    };
    let full = state.current.iter().chain(state.stands.as_deref());
    let mut runs: Vec<(Timestamp, String)> = full
        .map(|run| {
            let took = ended(run.started_at, run.finished_at);
            (run.started_at, line(run.kind, &run.id, run.started_at, &took, progress(run)))
        })
        .collect();
    runs.extend(state.past.iter().filter_map(|run| run.known()).map(|run| {
        let took = ended(run.started_at, run.finished_at);
        (run.started_at, line(run.kind, &run.id, run.started_at, &took, word(run.status)))
    }));
    let unknown = state.past.iter().filter(|run| run.known().is_none()).count();
    let mut text = format!("{name}: {} executions in the record   {}\n\n", runs.len(), moment::utc(now));
    runs.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    text.extend(runs.into_iter().map(|(_, line)| line));
    if unknown > 0 {
        text.push_str(&format!("  and {unknown} that another version wrote and this one does not understand\n"));
    }
    if !state.operators.is_empty() {
        text.push_str("\nwhat people told it, newest first\n");
    }
    for note in &state.operators {
        let reason = note.reason.as_deref().unwrap_or("no reason was given");
        text.push_str(&format!("  {}  {:<12} {reason}\n", moment::utc(note.at), note.action));
    }
    (text, Exit::Done)
}

fn ended(from: Timestamp, to: Option<Timestamp>) -> String {
    to.map_or_else(|| "not ended".to_owned(), |to| moment::span(until(from, to)))
}

fn line(kind: Kind, id: &str, at: Timestamp, took: &str, how: &str) -> String {
    format!("  {}  {:<11} {took:<14} {how} ({id})\n", moment::utc(at), kind.name())
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Owed => "owed",
        Status::Completed => "completed",
        Status::Aborted => "ended by a person",
        Status::FailedBack => "failed back",
        Status::Closed => "closed",
    }
}
