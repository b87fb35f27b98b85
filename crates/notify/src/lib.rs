//! Tells people what a site does: a webhook of their own, PagerDuty, Opsgenie, a topic of the cloud. And tells a
//! dead-man's switch that ticks come.
//!
//! # Layout
//!
//! * [`settings`]: who is told, from variables.
//! * [`receiver`]: one receiver: sends one message after the other, beside the work.
//! * [`topic`]: what a topic of a cloud is, and the message that it takes.
//! * [`webhook`], [`pagerduty`], [`opsgenie`]: the request that each of them takes. Pure.
//! * [`switch`]: the dead-man's switch.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]
// A message must never stop the work: what can fail is a value here.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::todo
    )
)]

pub mod opsgenie;
pub mod pagerduty;
pub mod receiver;
pub mod settings;
pub mod switch;
pub mod topic;
pub mod webhook;

#[cfg(test)]
mod tests;

pub use receiver::Receiver;
pub use settings::NotifySettings;
pub use switch::Switch;
pub use topic::{Notice, Topic};

/// What the requests say of who sends them.
pub(crate) const USER_AGENT: &str = concat!("holdfast/", env!("CARGO_PKG_VERSION"));

/// A request as it is sent: where to, its headers and its body. Not for logs: headers and address may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The whole address.
    pub url: String,
    /// Names and values, beside `content-type` and `user-agent`.
    pub headers: Vec<(&'static str, String)>,
    /// The body, JSON.
    pub body: String,
}
