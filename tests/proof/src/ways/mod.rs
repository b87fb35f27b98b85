//! Every step, every way: one helper for every runbook, every cloud, every world.
//!
//! # Layout
//!
//! - [`Way`]: what happens to a step
//! - [`Stand`]: a fresh world with a registered runbook, and what can be done to it
//! - [`prove`]: one step in one way: arm, call until it is finished, hold the promises against the world's own account
//! - [`arms`]: meets any [`Step`](holdfast_core::step::Step) with any way, for engines in this process
//! - [`memory`]: the stand in memory
//!
//! Steps come from the runbook, and what a failover changes from an undisturbed run: a new step is in without a line here.

pub mod arms;
pub mod memory;
mod promises;

use std::future::Future;

use holdfast_core::record::{State, Status};

pub use promises::promises;

/// How often a function is called again before it is given up: a take-over waits for a lease, a refusal for a person.
const CALLS: usize = 6;

/// What happens to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
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

impl Way {
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
}

/// What the world, and not the function, says about a failover.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The steps that changed something, in the order in which the world was changed.
    pub effects: Vec<String>,
    /// The document; `None` while there is none.
    pub state: Option<State>,
    /// How often the armed step met its way.
    pub met: usize,
    /// What else the world has to complain about.
    pub complaints: Vec<String>,
}

/// A world of its own with a registered runbook, a primary that has been failing for long enough, and nothing done.
pub trait Stand {
    /// From now on `step` meets `way`: once, or until [`Stand::repair`] when it is [`Way::Refused`].
    fn arm(&self, step: &str, way: Way);

    /// Calls the function once and waits until it has answered or is dead, and then until it may be called again.
    fn invoke(&self) -> impl Future<Output = ()>;

    /// A person allows what was forbidden.
    fn repair(&self);

    /// The world's account so far.
    fn account(&self) -> Account;
}

/// What an undisturbed failover is: the runbook's steps, and those of them that change something, in order.
#[derive(Clone, Debug)]
pub struct Undisturbed {
    /// All steps of the runbook, as the record names them.
    pub steps: Vec<String>,
    /// What the world saw.
    pub effects: Vec<String>,
}

/// Fails over undisturbed, to learn what there is to disturb.
///
/// # Errors
/// When even that does not end well.
pub async fn undisturbed(stand: &impl Stand) -> Result<Undisturbed, String> {
    let account = finish(stand).await;
    let execution = account.state.as_ref().and_then(|state| state.current.as_ref()).ok_or("there is no record")?;
    let steps = execution.steps.iter().map(|step| step.step.clone()).collect();
    let undisturbed = Undisturbed { steps, effects: account.effects.clone() };
    promises(&account, &undisturbed)?;
    Ok(undisturbed)
}

/// Drives one step through one way.
///
/// # Errors
/// The promise that was broken, or that the step was never met and nothing is proven.
pub async fn prove(stand: &impl Stand, step: &str, way: Way, expected: &Undisturbed) -> Result<(), String> {
    stand.arm(step, way);
    stand.invoke().await;
    let first = stand.account();
    if first.met == 0 {
        return Err(format!("{step} was never met, so nothing is proven"));
    }
    if way == Way::Refused {
        promises::refused(&first, step, expected)?;
        stand.repair();
    }
    promises(&finish(stand).await, expected)
}

/// Calls until it is finished, or often enough.
async fn finish(stand: &impl Stand) -> Account {
    for _ in 0..CALLS {
        let account = stand.account();
        let status = account.state.as_ref().and_then(|state| state.current.as_ref()).map(|run| run.status);
        if status == Some(Status::Completed) {
            break;
        }
        stand.invoke().await;
    }
    // One more: what is finished stays as it is.
    stand.invoke().await;
    stand.account()
}

/// Every step in every way, each in a world of its own. Returns how many cases there were.
///
/// # Errors
/// One line for each case in which a promise was broken.
pub async fn every_step_every_way<S: Stand>(fresh: impl Fn() -> S, ways: &[Way]) -> Result<usize, Vec<String>> {
    let expected = undisturbed(&fresh()).await.map_err(|why| vec![format!("undisturbed: {why}")])?;
    let mut broken = Vec::new();
    let mut cases = 0;
    for step in &expected.steps {
        for way in ways {
            cases += 1;
            if let Err(why) = prove(&fresh(), step, *way, &expected).await {
                broken.push(format!("{step}, {way:?}: {why}"));
            }
        }
    }
    if broken.is_empty() { Ok(cases) } else { Err(broken) }
}
