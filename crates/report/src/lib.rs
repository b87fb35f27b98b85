//! One execution, or one drill, as a page: for somebody who was not there.
//!
//! # Layout
//!
//! * [`source`]: what a report is made of: the record's execution, and what else was seen.
//! * [`report`]: the facts of the page, which are its JSON too; `headline`, `timeline`, `strip`, `steps` and `open` each
//!   make one part of them.
//! * [`mod@page`]: the facts as one HTML file; `templates/page.html` is its only markup.
//! * [`words`]: times and durations in words.
//!
//! Every part is a pure function of [`source::Source`]. The page loads nothing and runs no script: its own policy
//! (`Content-Security-Policy`) forbids both. The template engine escapes every value.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod headline;
mod open;
pub mod page;
pub mod report;
pub mod source;
mod steps;
pub mod strip;
pub mod timeline;
pub mod words;

pub use page::{PageError, page};
pub use report::Report;
pub use source::Source;
