//! API Connect's own steps: a side is made passive, seen to let go, and the other one made active and seen so.
//!
//! Each service has steps of its own, named after it, and each step knows which way the active side goes: those of a
//! failback have other names, so that a record never takes one for the other.

mod demote;
mod promote;
#[cfg(test)]
mod tests;
mod watch;

pub(crate) use demote::Demote;
pub(crate) use promote::Promote;
pub(crate) use watch::{SeeActive, SeeLetGo, SeePassive};

use holdfast_core::{Fault, FaultClass, step::Observation};
use serde_json::{Value, json};

use crate::state::Declared;

/// What ties an effect to the resource that was seen.
fn precondition(declared: &Declared) -> Value {
    json!({"version": declared.version, "confirms_deletion": declared.confirms_deletion})
}

/// The version in a precondition.
fn version(call: &'static str, seen: &Observation) -> Result<String, Fault> {
    let version = seen.precondition.get("version").and_then(Value::as_str).filter(|version| !version.is_empty());
    version
        .map(str::to_owned)
        .ok_or_else(|| Fault::new(FaultClass::Invalid, call, "the observation carries no version"))
}
