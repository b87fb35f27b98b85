//! What can be asked on the command line.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use holdfast_simulator::backend::{CloudBackend, FunctionProgram};
use holdfast_simulator::clouds::{CLOUDS, by_name};

/// Makes the standby active when the primary is gone, and holds it there.
#[derive(Debug, Parser)]
#[command(name = "holdfast", version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Rehearse a failover: the shipped function against clouds and clusters simulated on this machine.
    Drill(DrillArguments),
    /// For a live site pair.
    #[command(flatten)]
    Site(Box<crate::command::Verb>),
    /// Write the man page, in roff: holdfast man | man -l -
    Man,
    /// Write the completions of a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Measure the shipped function against the simulator and print the budgets beside the figures.
    Bench(BenchArguments),
}

/// Options of a drill.
#[derive(Debug, Args)]
pub struct DrillArguments {
    /// The cloud to rehearse on.
    #[arg(long, value_name = "CLOUD", value_parser = cloud(), default_value = CLOUDS[0].name())]
    pub cloud: &'static dyn CloudBackend,
    /// List the scenarios and leave; with --json the clouds and their functions as well.
    #[arg(long)]
    pub list: bool,
    /// The scenario to run; may be given more than once.
    #[arg(long = "scenario", value_name = "NAME", default_value = "region-down")]
    pub scenarios: Vec<String>,
    /// Run every scenario, one line each.
    #[arg(long)]
    pub all: bool,
    /// How much faster than life: with 60, the 180 s of holdoff take 3 s.
    #[arg(long, value_name = "N", default_value_t = 60.0, value_parser = pace)]
    pub compress: f64,
    /// Seed of everything that is drawn at random.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Print the result as JSON instead of text.
    #[arg(long)]
    pub json: bool,
    /// Show every event of the timeline, also those that come each minute and the bookkeeping of the function.
    #[arg(long)]
    pub verbose: bool,
    /// Write a page about the scenario into this file, and the same facts as JSON beside it (FILE with the ending .json).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["all", "list"])]
    pub report: Option<PathBuf>,
    /// How many scenarios of --all run side by side.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub jobs: u8,
    /// The function's executable; by default the one of the cloud beside this command.
    #[arg(long, value_name = "PATH")]
    pub bootstrap: Option<PathBuf>,
}

/// Options of a measurement.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// The cloud whose function is measured.
    #[arg(long, value_name = "CLOUD", value_parser = cloud(), default_value = CLOUDS[0].name())]
    pub cloud: &'static dyn CloudBackend,
    /// How many cold starts are measured.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(20..))]
    pub runs: u32,
    /// The function's executable; by default the one of the cloud beside this command.
    #[arg(long, value_name = "PATH")]
    pub bootstrap: Option<PathBuf>,
}

/// Paces at which a minute of metrics is a period that CloudWatch has. At others the drill's metrics would be of other
/// times than the drill's holdoff; beyond the last one the shortest period of all would be too long.
const PACES: [u8; 6] = [1, 2, 3, 6, 12, 60];

fn pace(text: &str) -> Result<f64, String> {
    let pace = text.parse().ok().filter(|pace| PACES.contains(pace));
    pace.map(f64::from).ok_or_else(|| format!("must be one of {}", PACES.map(|pace| pace.to_string()).join(", ")))
}

/// The name of a cloud that the simulator has.
fn cloud() -> impl TypedValueParser<Value = &'static dyn CloudBackend> {
    PossibleValuesParser::new(CLOUDS.map(CloudBackend::name)).try_map(|name| by_name(&name).ok_or("no such cloud"))
}

/// Where the executable of a cloud's function is.
pub fn function(cloud: &dyn CloudBackend, given: Option<&PathBuf>) -> Result<PathBuf, String> {
    let FunctionProgram { executable, package } = cloud.program();
    let path = match given {
        Some(path) => path.clone(),
        None => {
            let here = std::env::current_exe().map_err(|error| format!("this command cannot find itself: {error}"))?;
            here.with_file_name(executable)
        }
    };
    if path.is_file() {
        // The Functions host starts it in a folder of its own.
        return path.canonicalize().map_err(|error| format!("{}: {error}", path.display()));
    }
    Err(format!("there is no function at {}; build it with: cargo build -p {package}", path.display()))
}
