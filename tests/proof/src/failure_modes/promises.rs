//! What must be true in the end, whatever happened on the way.

use holdfast_core::evidence::Evidence;
use holdfast_core::record::{Execution, Progress, Status, StepRecord};

use super::{Account, Undisturbed};

/// Finished exactly once, in order, nothing skipped, and the record tells the truth.
///
/// # Errors
/// The first promise that is broken.
pub fn promises(account: &Account, expected: &Undisturbed) -> Result<(), String> {
    if let Some(complaint) = account.complaints.first() {
        return Err(complaint.clone());
    }
    if account.effects != expected.effects {
        return Err(format!("the world saw {:?} instead of {:?}", account.effects, expected.effects));
    }
    let state = account.state.as_ref().ok_or("there is no record")?;
    let execution = account.execution().ok_or("the record holds no execution of this kind")?;
    if state.past.len() != expected.past {
        return Err("there was more than one execution".to_owned());
    }
    if execution.status != Status::Completed || execution.finished_at.is_none() {
        return Err(format!("the record says {:?}", execution.status));
    }
    record_true(execution, account, expected)
}

fn record_true(execution: &Execution, account: &Account, expected: &Undisturbed) -> Result<(), String> {
    let names: Vec<_> = execution.steps.iter().map(|step| step.step.clone()).collect();
    if names != expected.steps {
        return Err(format!("the record names the steps {names:?}"));
    }
    for step in &execution.steps {
        let Progress::Done { changed } = step.progress else {
            return Err(format!("completed, and {} is {:?}", step.step, step.progress));
        };
        let seen = account.effects.contains(&step.step);
        if changed && !seen {
            return Err(format!("the record says that {} changed something, and the world did not see it", step.step));
        }
        // A worker that died after its effect leaves a step that its successor finds done.
        if seen && !changed && execution.takeovers == 0 {
            return Err(format!("the record does not know that {} changed something", step.step));
        }
    }
    let empty = |evidence: &Evidence| evidence.history.is_none() && evidence.probes.is_empty();
    if execution.evidence.known().is_none_or(empty) {
        return Err("the record holds no evidence".to_owned());
    }
    Ok(())
}

/// True when the record says that later steps did not wait for `step`.
pub(super) fn is_owed(account: &Account, step: &str) -> bool {
    let execution = account.execution();
    let owed = |known: &&StepRecord| known.step == step && matches!(known.progress, Progress::Owed { .. });
    execution.is_some_and(|execution| execution.steps.iter().any(|known| owed(&known)))
}

/// While a step is refused, the execution stays open and says which one it is, and nothing comes out of order.
pub(super) fn refused(account: &Account, step: &str, expected: &Undisturbed) -> Result<(), String> {
    let execution = account.execution().ok_or("there is no record of it")?;
    let record = execution.steps.iter().find(|known| known.step == step).ok_or("the record does not name the step")?;
    let told = matches!(record.progress, Progress::Failing { .. } | Progress::Owed { .. });
    if !execution.status.is_open() || !told {
        return Err(format!("refused, and the record says {:?}, the step {:?}", execution.status, record.progress));
    }
    let mut rest = expected.effects.iter();
    if account.effects.iter().all(|effect| rest.any(|next| next == effect)) {
        return Ok(());
    }
    Err(format!("while {step} was refused, the world saw {:?}", account.effects))
}
