//! The kinds of executions that a person begins, and an outage in the middle of each, explored exhaustively.
//!
//! # Layout
//!
//! - [`record`]: the record; every change of it is made by `holdfast_core::transition::next`, as in the engine
//! - [`failback`]: a failback, and what becomes of the failover that it takes back
//! - [`planned`]: a switchover and a rehearsal, which begin on a site where nothing stands

#![allow(clippy::print_stdout, reason = "a test tells its figures")]

mod failback;
mod planned;
mod record;
