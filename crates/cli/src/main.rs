//! `holdfast`: the operator's command.
//!
//! # Layout
//!
//! * [`args`]: what can be asked on the command line.
//! * [`command`]: the verbs of an operator, for a live site pair.
//! * [`drill`]: rehearses a failover with the shipped function against the embedded simulator.
//! * `report_file`: where a report is written.
//! * [`mod@bench`]: measures the shipped function against the budgets.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod args;
mod bench;
mod command;
mod drill;
mod report_file;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match args::Arguments::parse().command {
        args::Command::Drill(arguments) => drill::run(&arguments).await,
        args::Command::Site(verb) => command::run(*verb).await,
        args::Command::Man => command::manual::man(),
        args::Command::Completions { shell } => command::manual::completions(shell),
        args::Command::Bench(arguments) => bench::run(&arguments).await,
    }
}
