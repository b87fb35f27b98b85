//! Every step, every way: one helper for every runbook, every cloud, every world.
//!
//! # Layout
//!
//! - [`FailureMode`]: what happens to a step
//! - [`TestBed`]: a fresh world with a registered runbook, and what can be done to it
//! - [`prove`]: one step in one way: arm, call until it is finished, hold the promises against the world's own account
//! - [`every_step_every_way`]: all of them, several worlds at once
//! - [`fault_injection`]: meets any [`Step`](holdfast_core::step::Step) with any way, for engines in this process
//! - [`memory`]: the test bed in memory
//!
//! Steps come from the runbook, and what a failover changes from an undisturbed run: a new step is in without a line here.

pub mod fault_injection;
pub mod memory;
mod promises;

use std::future::Future;

use futures_util::stream::{self, StreamExt};
use holdfast_core::{
    kind::Kind,
    record::{Execution, State, Status},
};

pub use promises::promises;

/// How often a function is called again before it is given up: a take-over waits for a lease, a refusal for a person.
const CALLS: usize = 6;

/// What happens to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureMode {
    /// It fails (5xx) and has no effect.
    FailsBefore,
    /// It has its effect and fails (5xx).
    FailsAfter,
    /// The process dies before the effect.
    KilledBefore,
    /// The process dies after the effect.
    KilledAfter,
    /// It has its effect, and the connection breaks before the answer.
    AnswerLost,
    /// Its effect is sent twice, on the same observation.
    RunsTwice,
    /// The fence does not match.
    Conflict,
    /// It is forbidden until a person allows it.
    Refused,
    /// It never answers, and has no effect.
    Hangs,
}

impl FailureMode {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::FailsBefore,
        Self::FailsAfter,
        Self::KilledBefore,
        Self::KilledAfter,
        Self::AnswerLost,
        Self::RunsTwice,
        Self::Conflict,
        Self::Refused,
        Self::Hangs,
    ];

    /// What a read can meet over a wire, for steps that only watch. It has no effect to fail after, and none to have twice; it carries no
    /// fence that could conflict.
    pub const OF_A_READ: [Self; 6] =
        [Self::FailsBefore, Self::KilledBefore, Self::KilledAfter, Self::AnswerLost, Self::Refused, Self::Hangs];
}

/// What the world, and not the function, says about an execution.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The steps that changed something, in the order in which the world was changed.
    pub effects: Vec<String>,
    /// The document; `None` while there is none.
    pub state: Option<State>,
    /// What is proven: the kind of execution that the test bed is for.
    pub kind: Kind,
    /// How often the armed step met its way.
    pub met: usize,
    /// What else the world has to complain about.
    pub complaints: Vec<String>,
}

impl Account {
    /// The newest execution, if it is of the kind that is proven.
    pub fn execution(&self) -> Option<&Execution> {
        self.state.as_ref()?.current.as_ref().filter(|run| run.kind == self.kind)
    }
}

/// A world of its own with a registered runbook, in which everything calls for an execution of one kind, and nothing of it is
/// done: for a failover a primary that has been failing for long enough, for the others one that is well.
pub trait TestBed {
    /// From now on `step` meets `way`: once, or until [`TestBed::repair`] when it is [`FailureMode::Refused`].
    fn arm(&self, step: &str, way: FailureMode);

    /// Calls the function once and waits until it has answered or is dead, and then until it may be called again. A person who
    /// fails back confirms the steps that need it once they are reached. What is completed is not asked for again.
    fn invoke(&self) -> impl Future<Output = ()>;

    /// A person allows what was forbidden.
    fn repair(&self);

    /// The world's account so far.
    fn account(&self) -> impl Future<Output = Account>;

    /// What the function said, for the message of a broken case.
    fn story(&self) -> String {
        String::new()
    }
}

/// What an undisturbed execution is: the runbook's steps, and those of them that change something, in order.
#[derive(Clone, Debug)]
pub struct Undisturbed {
    /// All steps of the runbook, as the record names them.
    pub steps: Vec<String>,
    /// What the world saw.
    pub effects: Vec<String>,
    /// How many executions had ended before.
    pub past: usize,
}

impl Undisturbed {
    /// Nobody waits for `step`: whatever it holds back for long comes after all else.
    fn comes_last(&mut self, step: &str) {
        let (last, mut first): (Vec<_>, Vec<_>) = self.effects.drain(..).partition(|effect| effect == step);
        first.extend(last);
        self.effects = first;
    }
}

/// Goes through an execution undisturbed, to learn what there is to disturb.
///
/// # Errors
/// When even that does not end well.
pub async fn undisturbed(bed: &impl TestBed) -> Result<Undisturbed, String> {
    let account = finish(bed).await;
    let execution = account.execution().ok_or("there is no record of it")?;
    let steps = execution.steps.iter().map(|step| step.step.clone()).collect();
    let past = account.state.as_ref().map_or(0, |state| state.past.len());
    let undisturbed = Undisturbed { steps, effects: account.effects.clone(), past };
    promises(&account, &undisturbed)?;
    Ok(undisturbed)
}

/// Drives one step through one way.
///
/// # Errors
/// The promise that was broken, or that the step was never met and nothing is proven.
pub async fn prove(bed: &impl TestBed, step: &str, way: FailureMode, expected: &Undisturbed) -> Result<(), String> {
    bed.arm(step, way);
    let first = until_met(bed).await.ok_or_else(|| format!("{step} was never met, so nothing is proven"))?;
    let mut expected = expected.clone();
    if way == FailureMode::Refused {
        promises::refused(&first, step, &expected)?;
        if promises::is_owed(&first, step) {
            expected.comes_last(step);
        }
        bed.repair();
    }
    promises(&finish(bed).await, &expected)
}

/// Calls until the armed step was met: what a person has to confirm is reached by a later call only.
async fn until_met(bed: &impl TestBed) -> Option<Account> {
    for _ in 0..CALLS {
        bed.invoke().await;
        let account = bed.account().await;
        if account.met > 0 {
            return Some(account);
        }
    }
    None
}

/// Calls until it is finished, or often enough.
async fn finish(bed: &impl TestBed) -> Account {
    for _ in 0..CALLS {
        let account = bed.account().await;
        if account.execution().map(|run| run.status) == Some(Status::Completed) {
            break;
        }
        bed.invoke().await;
    }
    // One more: what is finished stays as it is.
    bed.invoke().await;
    bed.account().await
}

/// The failure modes to drive steps through, and how many worlds there may be at once.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// For steps that change something.
    pub effects: &'a [FailureMode],
    /// For steps that only watch.
    pub watches: &'a [FailureMode],
    /// Worlds at once, at least 1.
    pub at_once: usize,
}

/// Every step in every way, each in a world of its own, which `fresh` makes and may call by the name it is given (lower case letters
/// and hyphens, at most 50). Returns how many cases there were.
///
/// # Errors
/// One line for each case in which a promise was broken.
pub async fn every_step_every_way<S: TestBed>(
    fresh: impl AsyncFn(&str) -> S,
    plan: Plan<'_>,
) -> Result<usize, Vec<String>> {
    let bed = fresh("undisturbed").await;
    let expected = undisturbed(&bed).await.map_err(|why| vec![format!("undisturbed: {why}; {}", bed.story())])?;
    let cases = expected.steps.iter().flat_map(|step| {
        let failure_modes = if expected.effects.contains(step) { plan.effects } else { plan.watches };
        failure_modes.iter().map(move |way| (step, *way))
    });
    let case = async |(step, way): (&String, FailureMode)| {
        let bed = fresh(&format!("{step}-{way:?}").to_lowercase()).await;
        let proven = prove(&bed, step, way, &expected).await;
        proven.map_err(|why| format!("{step}, {way:?}: {why}; {}", bed.story()))
    };
    let results: Vec<_> = stream::iter(cases.map(case)).buffer_unordered(plan.at_once).collect().await;
    let count = results.len();
    let broken: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    if broken.is_empty() { Ok(count) } else { Err(broken) }
}
