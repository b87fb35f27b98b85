//! Every reader of foreign data, on hostile input.
//!
//! # Layout
//!
//! * this file: [`TARGETS`], and what holds of everything that is said.
//! * [`event`], [`azure_event`], [`oci_event`], [`record`], [`configuration`]: what the function is called with, remembers, and is told.
//! * [`cloud`]: what AWS and Azure answer; [`cluster`]: what the standby cluster answers; [`tls`]: its certificates;
//!   [`api_connect`]: both data centres of API Connect.
//! * [`mutate`]: small damage to good input, for the bounded run in `tests/bounded.rs`.
//! * `seeds/NAME`: good and bad examples for each target; more for events in the functions' `fixtures`.
//!
//! A body takes bytes and panics when a promise is broken: no panic in the reader, no output without bounds, always a
//! reason. `make fuzz` runs the same bodies under libFuzzer (`fuzz/`).

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

use std::fmt::Display;

pub mod api_connect;
pub mod azure_event;
pub mod cloud;
pub mod cluster;
pub mod configuration;
pub mod event;
pub mod mutate;
pub mod oci_event;
pub mod record;
pub mod tls;

/// The most that may be said about one input, in bytes: a log line of CloudWatch may have 256 KiB, a person reads less.
const LONGEST: usize = 4096;

/// One reader under test.
pub struct Target {
    /// Its name, also that of its folder of seeds.
    pub name: &'static str,
    /// Reads the bytes, and panics when a promise is broken.
    pub run: fn(&[u8]),
}

/// All readers.
pub const TARGETS: &[Target] = &[
    Target { name: "event", run: event::event },
    Target { name: "azure-event", run: azure_event::event },
    Target { name: "oci-event", run: oci_event::event },
    Target { name: "timestamp", run: event::timestamp },
    Target { name: "record", run: record::record },
    Target { name: "configuration", run: configuration::configuration },
    Target { name: "cooldown", run: cloud::cooldown },
    Target { name: "live", run: cloud::live },
    Target { name: "probe", run: cloud::probe },
    Target { name: "kubeconfig", run: cloud::kubeconfig },
    Target { name: "humio", run: cluster::humio },
    Target { name: "api-connect", run: api_connect::resource },
    Target { name: "api-connect-status", run: api_connect::status },
    Target { name: "answer", run: cluster::answer },
    Target { name: "lease", run: cluster::lease },
    Target { name: "recovery_log", run: cluster::recovery_log },
    Target { name: "secret", run: tls::secret },
    Target { name: "tls", run: tls::judgement },
];

/// What was taken over from others is short, and may be empty.
fn said_or_nothing(what: &str) {
    assert!(what.len() <= LONGEST, "{} bytes are said", what.len());
}

/// What is said has words, and not too many.
fn said(what: &impl Display) {
    let text = what.to_string();
    assert!(!text.trim().is_empty(), "nothing is said");
    assert!(text.len() <= LONGEST, "{} bytes are said", text.len());
}
