//! Rehearses a failover.
//!
//! # Layout
//!
//! * `scenario`: what a scenario is, `setup`: how it begins; `scenarios`: all of them, by theme.
//! * `environment`: the simulator during one scenario, and what a scenario can do on it; `messages`: what is sent that is not for us. What
//!   differs from cloud to cloud is in the simulator's `clouds`.
//! * `run_report`: everything that is known when it is over; `promise`: what must be true of it.
//! * `list`: the scenarios and clouds that there are.
//! * `live_view`: the live timeline; `verdict`: results, for people and as JSON; `page`: the report.

mod environment;
mod list;
mod live_view;
mod messages;
mod page;
mod promise;
mod run_report;
mod scenario;
mod scenarios;
pub mod setup;
mod verdict;

use std::{path::Path, process::ExitCode};

use futures_util::{StreamExt, stream};

use crate::args::{DrillArguments, function};
use environment::{Environment, Terms};
use scenario::Scenario;
use verdict::Verdict;

/// Runs the drill that was asked for. The exit code is 0 only when every promise was kept, 2 when it could not run.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the command line's own voice")]
pub async fn run(arguments: &DrillArguments) -> ExitCode {
    let all = scenarios::all(arguments.cloud);
    if arguments.list {
        list::print(&all, arguments);
        return ExitCode::SUCCESS;
    }
    let chosen = match choose(all, arguments) {
        Ok(chosen) => chosen,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if arguments.report.is_some() && chosen.len() != 1 {
        eprintln!("--report is for one scenario");
        return ExitCode::from(2);
    }
    let bootstrap = match function(arguments.cloud, arguments.bootstrap.as_ref()) {
        Ok(bootstrap) => bootstrap,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let alone = chosen.len() == 1;
    let jobs = if alone { 1 } else { usize::from(arguments.jobs) };
    let mut verdicts = Vec::new();
    let runs = chosen.into_iter().map(|scenario| play(scenario, arguments, &bootstrap, alone && !arguments.json));
    let mut runs = stream::iter(runs).buffered(jobs);
    while let Some(verdict) = runs.next().await {
        if !arguments.json {
            if alone { verdict.print() } else { verdict.print_line() }
        }
        verdicts.push(verdict);
    }
    verdict::close(&verdicts, arguments.json, alone)
}

fn choose(all: Vec<Scenario>, arguments: &DrillArguments) -> Result<Vec<Scenario>, String> {
    if arguments.all {
        return Ok(all);
    }
    let names: Vec<_> = all.iter().map(|scenario| scenario.name).collect();
    if let Some(unknown) = arguments.scenarios.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("there is no scenario {unknown:?}; there are: {}", names.join(", ")));
    }
    Ok(all.into_iter().filter(|scenario| arguments.scenarios.iter().any(|name| name == scenario.name)).collect())
}

/// Runs one scenario and checks its promises.
async fn play(scenario: Scenario, arguments: &DrillArguments, bootstrap: &Path, live: bool) -> Verdict {
    let terms = Terms::new((scenario.setup)(), arguments, bootstrap);
    let environment = match Environment::open(terms).await {
        Ok(environment) => environment,
        Err(error) => return Verdict::stuck(&scenario, &format!("the simulator did not start: {error}")),
    };
    let live_view = live.then(|| live_view::LiveView::start(&scenario, &environment, arguments.verbose));
    let played = (scenario.run)(&environment).await;
    environment.settle().await;
    if let Some(live_view) = live_view {
        live_view.end().await;
    }
    let report = run_report::RunReport::gather(&environment);
    let mut verdict = Verdict::of(&scenario, played, &report);
    environment.close().await;
    if let Some(path) = &arguments.report {
        let page = page::report(&scenario, &report, &verdict);
        if let Err(why) = crate::report_file::write(path, &page) {
            verdict.spoil(format!("the report was not written: {why}"));
        }
    }
    verdict
}
