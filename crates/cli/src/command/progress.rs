//! What the engine does while a person waits for its answer: the record is read beside the call, and each step is told when it
//! changes. It goes to standard error, one line for each change; the answer itself is on standard output.

use std::{collections::BTreeMap, future::Future, io::IsTerminal as _, pin::pin, time::Duration};

use holdfast_core::{
    Timestamp,
    action::Action,
    engine::Answer,
    record::{Execution, Progress},
};

use super::{args::Errand, screen::moment, way::Way};

/// How often the record is read. Each time is a call of the function.
const EVERY: Duration = Duration::from_secs(2);

/// Does `work`, and tells what changes meanwhile: on a terminal, or where `asked`. A reading that fails is left out; the
/// answer tells in the end.
#[allow(clippy::print_stderr, reason = "this is the command line's own voice")]
pub async fn beside<T>(way: &Way, asked: bool, work: impl Future<Output = T>) -> T {
    if !asked && !std::io::stderr().is_terminal() {
        return work.await;
    }
    #[allow(clippy::disallowed_methods, reason = "what began before this call is an older execution")]
    let mut told = Told::since(Timestamp::now());
    let (mut work, status) = (pin!(work), Errand::plain(Action::Status));
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(EVERY) => {}
        }
        tokio::select! {
            done = &mut work => return done,
            answer = way.ask(&status) => {
                let answer = answer.ok().and_then(|document| serde_json::from_value::<Answer>(document).ok());
                let run = answer.and_then(|answer| answer.state).and_then(|state| state.current);
                for line in run.iter().flat_map(|run| told.changes(run)) {
                    eprintln!("{line}");
                }
            }
        }
    }
}

/// What was told of each step.
struct Told {
    since: Timestamp,
    steps: BTreeMap<String, &'static str>,
}

impl Told {
    fn since(since: Timestamp) -> Self {
        Self { since, steps: BTreeMap::new() }
    }

    /// A line for each step that is not as it was told. An execution that was over before is not told.
    fn changes(&mut self, run: &Execution) -> Vec<String> {
        if !run.status.is_open() && run.finished_at.is_none_or(|end| end < self.since) {
            return Vec::new();
        }
        let mut lines = Vec::new();
        for (number, step) in (1..).zip(&run.steps) {
            let (word, found) = match &step.progress {
                Progress::Pending => continue,
                Progress::Done { .. } => ("done", step.found.clone()),
                Progress::Owed { why } => ("OWED", why.to_string()),
                Progress::Failing { why } => ("not yet", why.to_string()),
            };
            if self.steps.insert(step.step.clone(), word) != Some(word) {
                let at = step.ended_at.map(moment::utc).unwrap_or_default();
                lines.push(format!("  {at}  {number}  {:<22} {word:<9} {found}", step.step));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_of_a_step_is_told_once_and_an_older_execution_is_not() {
        let state: serde_json::Value =
            serde_json::from_str(include_str!("../../../core/fixtures/record-schema-1.json")).expect("JSON");
        let mut run: Execution = serde_json::from_value(state["current"].clone()).expect("an execution");
        let mut told = Told::since(run.started_at);
        let lines = told.changes(&run);
        assert!(lines.len() == 2 && lines[0].contains("clean") && lines[1].contains("not yet"), "{lines:?}");
        assert!(told.changes(&run).is_empty());
        run.steps[1].progress = Progress::Done { changed: true };
        assert!(told.changes(&run)[0].contains("2  scale"));
        run.status = holdfast_core::record::Status::Completed;
        run.finished_at = Some(run.started_at);
        let later = run.started_at + Duration::from_secs(1);
        assert!(Told::since(later).changes(&run).is_empty(), "it was over before");
    }
}
