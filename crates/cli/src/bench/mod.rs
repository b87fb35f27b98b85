//! Measures the shipped function against the simulator. Figures, never assertions: machines are noisy.
//!
//! # Layout
//!
//! * `cold`: from the start of a process until it is ready for an event.
//! * `failover`: one whole failover: time, memory, round trips in sequence.
//! * `tick`: the calls of a tick on a healthy primary.
//! * `waiting`: how many calls wait during the holdoff, and what an operator waits beside them; on AWS, where the platform's concurrency is a
//!   number that one sets.
//! * `table`: figures with the budgets of docs/PROOF.md beside them.

mod cold;
mod failover;
mod table;
mod tick;
mod waiting;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use holdfast_simulator::{Options, StartError, backend::CloudBackend, kubernetes::TlsFixture};

use crate::{
    args::{BenchArguments, function},
    drill::setup::Setup,
};
use table::Row;

/// How often a failover is repeated; each takes a simulator of its own.
const FAILOVERS: usize = 5;
/// The delay per round trip that the budget speaks of.
const DELAY: Duration = Duration::from_millis(50);

/// Measures and prints the table. The exit code says only whether everything could be measured.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the command line's own voice")]
pub async fn run(arguments: &BenchArguments) -> ExitCode {
    let cloud = arguments.cloud;
    let rows = match function(cloud, arguments.bootstrap.as_ref()) {
        Ok(path) => measure(&Program { cloud, path }, arguments.runs).await,
        Err(message) => Err(message),
    };
    match rows {
        Ok(rows) => {
            print!("{}", table::render(&rows));
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// What is measured.
struct Program {
    /// The cloud that it runs on.
    cloud: &'static dyn CloudBackend,
    /// The function's executable.
    path: PathBuf,
}

async fn measure(program: &Program, runs: u32) -> Result<Vec<Row>, String> {
    let mut rows = cold::measure(program, runs).await?;
    rows.extend(failover::measure(program).await?);
    rows.push(tick::measure(program).await?);
    if program.cloud.name() == "aws" {
        rows.push(waiting::measure(program).await?);
    }
    rows.push(size(&program.path)?);
    Ok(rows)
}

/// A simulator for a measurement: real time, a stale secret so that every step has something to do.
fn options(program: &Program, delay: Duration, known_cluster: bool) -> Options {
    // As after a month: the primary was seen well, so that no call asks the history for that first.
    let standby = Setup::standby(|standby| standby.tls = TlsFixture::StaleOtherCa).standby;
    let mut options = Options {
        standby,
        bootstrap: Some(program.path.clone()),
        round_trip_delay: delay,
        known_cluster,
        ..Options::on(program.cloud)
    };
    let own = [
        ("HOLDFAST_CALL_TIMEOUT_SECONDS", "5"),
        ("HOLDFAST_OBSERVE_SECONDS", "10"),
        ("HOLDFAST_LEASE_SECONDS", "30"),
        ("HOLDFAST_MARGIN_SECONDS", "1"),
    ];
    options.function_env.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    options
}

fn not_started(error: StartError) -> String {
    format!("the simulator did not start: {error}")
}

fn size(bootstrap: &Path) -> Result<Row, String> {
    let bytes = std::fs::metadata(bootstrap).map_err(|error| format!("{}: {error}", bootstrap.display()))?.len();
    let measured = format!("{:.1} MB", bytes as f64 / 1e6);
    Ok(Row::new("executable, not zipped (make package tells the zip)", measured, "zip <= 8 MB"))
}

/// The value below which `share` of the sorted values lie.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let index = (last as f64 * share).round() as usize;
    values.get(index.min(last)).copied().unwrap_or(f64::NAN)
}
