//! Rehearses a failover.
//!
//! # Layout
//!
//! * `scenario`: what a scenario is, `setup`: how it begins; `scenarios`: all of them, by theme.
//! * `stage`: the simulator during one scenario, and what a scenario can do on it; `messages`: what is sent that is not for us. What
//!   differs from cloud to cloud is in the simulator's `clouds`.
//! * `facts`: everything that is known when it is over; `promise`: what must be true of it.
//! * `list`: the scenarios and clouds that there are.
//! * `show`: the live timeline; `verdict`: results, for people and as JSON.

mod facts;
mod list;
mod messages;
mod promise;
mod scenario;
mod scenarios;
mod setup;
mod show;
mod stage;
mod verdict;

use std::{path::Path, process::ExitCode};

use futures_util::{StreamExt, stream};

use crate::args::{DrillArguments, function};
use scenario::Scenario;
use stage::{Stage, Terms};
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
            if alone { verdict.tell() } else { verdict.tell_in_a_line() }
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

/// Plays one scenario and checks its promises.
async fn play(scenario: Scenario, arguments: &DrillArguments, bootstrap: &Path, live: bool) -> Verdict {
    let terms = Terms::new((scenario.setup)(), arguments, bootstrap);
    let stage = match Stage::open(terms).await {
        Ok(stage) => stage,
        Err(error) => return Verdict::stuck(&scenario, &format!("the simulator did not start: {error}")),
    };
    let show = live.then(|| show::Show::start(&scenario, &stage));
    let acted = (scenario.act)(&stage).await;
    stage.settle().await;
    if let Some(show) = show {
        show.end().await;
    }
    let facts = facts::Facts::gather(&stage);
    let verdict = Verdict::of(&scenario, acted, &facts);
    stage.close().await;
    verdict
}
