//! The report of an execution of the record.

use std::path::Path;

use holdfast_core::{
    engine::Answer,
    record::{Execution, State},
};
use holdfast_report::{Report, Source};

use super::{exit::Stopped, target::Target};
use crate::report_file;

/// Writes the report of an execution that the record of an answer holds, and says where.
///
/// # Errors
/// In one line: the record does not hold it in full, or a file cannot be written.
pub fn of_record(target: &Target, answer: &Answer, id: Option<&str>, path: &Path) -> Result<String, Stopped> {
    let state = answer.state.as_deref();
    let run = state.and_then(|state| chosen(state, id)).ok_or_else(|| {
        let kept = state.into_iter().flat_map(full).map(|run| run.id.as_str()).collect::<Vec<_>>().join(", ");
        let kept = if kept.is_empty() { "none".to_owned() } else { kept };
        Stopped::usage(format!(
            "the record does not hold {} in full; it holds in full: {kept}; a stored record is told by holdfast explain RECORD --report FILE",
            id.unwrap_or("an execution")
        ))
    })?;
    write((target.name(), target.home(), target.standby()), run, path)
}

/// Writes the report of an execution and says where.
///
/// # Errors
/// In one line.
pub fn write((name, home, standby): (&str, &str, &str), run: &Execution, path: &Path) -> Result<String, Stopped> {
    let source = Source { name, summary: None, home, standby, run: Some(run), pace: 1.0, seen: None };
    report_file::write(path, &Report::of(&source)).map_err(Stopped::ours)?;
    Ok(format!("\nThe report of {} is in {} and {}\n", run.id, path.display(), report_file::beside(path).display()))
}

/// The executions that the record holds in full.
fn full(state: &State) -> impl Iterator<Item = &Execution> {
    state.current.iter().chain(state.stands.as_deref())
}

fn chosen<'a>(state: &'a State, id: Option<&str>) -> Option<&'a Execution> {
    full(state).find(|run| id.is_none_or(|id| run.id == id))
}
