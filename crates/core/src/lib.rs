//! What a failover is, without any cloud, cluster, network, runtime or wall clock.
//!
//! # Layout
//!
//! Read in this order:
//!
//! * [`evidence`]: what was seen of the primary, with its source and age.
//! * [`holdoff`]: how long the primary is *proven* to have been failing.
//! * [`policy`]: the numbers a decision depends on.
//! * [`decision`]: `decide(view, policy, now)`, pure; every reason has a name.
//! * [`kind`]: what an execution is for; [`mode`]: whether a failover that is due begins by itself.
//! * [`record`]: the one document that is kept, and [`transition`]: the only way it changes.
//! * [`step`]: one idempotent effect; [`runbook`]: steps in order.
//! * [`ports`]: what the engine needs of the world, with the guarantees in prose.
//! * [`action`]: what an operator may ask for; [`news`]: what people are told.
//! * [`engine`]: observe, decide, claim, drive, answer.
//! * [`fault`], [`clock`], [`retry`]: what can go wrong, when, and how often to try again.
//! * [`epoch`]: the one reader of a time that people keep as seconds in text.
//! * `fakes` (feature of the same name): in-memory ports and failing decorators.
//!
//! Everything that talks to the world lives in the adapter crates and comes in through [`ports`].

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]
// A decision that panics is a failover that does not happen: what can fail is a value here.
#![cfg_attr(not(test), deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        // Times and numbers that others wrote may lie anywhere: sums of them are `later`, `saturating_add` and the like.
        clippy::arithmetic_side_effects
    )
)]

pub mod action;
pub mod clock;
pub mod decision;
pub mod engine;
pub mod epoch;
pub mod evidence;
#[cfg(any(test, feature = "fakes"))]
#[allow(clippy::arithmetic_side_effects, reason = "the numbers in it are the tests' own")]
pub mod fakes;
pub mod fault;
pub mod holdoff;
pub mod kind;
pub mod mode;
pub mod news;
pub mod policy;
pub mod ports;
pub mod record;
pub mod retry;
pub mod runbook;
pub mod step;
pub mod transition;

pub use clock::{Call, Clock};
pub use fault::{Fault, FaultClass};
pub use jiff::Timestamp;
