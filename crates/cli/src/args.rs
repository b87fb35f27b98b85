//! What can be asked on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// Measure the shipped function against the simulator and print the budgets beside the figures.
    Bench(BenchArguments),
}

/// The cloud whose function is drilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cloud {
    /// AWS Lambda.
    Aws,
    /// Azure Functions.
    Azure,
}

impl Cloud {
    /// Name of the function's executable, and the package that makes it.
    fn function(self) -> (&'static str, &'static str) {
        match self {
            Self::Aws => ("bootstrap", "holdfast-aws-lambda"),
            Self::Azure => ("handler", "holdfast-azure-function"),
        }
    }
}

/// Options of a drill.
#[derive(Debug, Args)]
pub struct DrillArguments {
    /// The cloud to rehearse on.
    #[arg(long, value_enum, default_value = "aws")]
    pub cloud: Cloud,
    /// List the scenarios and leave.
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
    /// Print the result as JSON instead of a story.
    #[arg(long)]
    pub json: bool,
    /// How many scenarios of --all run side by side.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub jobs: u8,
    /// The function's executable; by default the `bootstrap` or `handler` beside this command.
    #[arg(long, value_name = "PATH")]
    pub bootstrap: Option<PathBuf>,
}

/// Options of a measurement.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// How many cold starts are measured.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(20..))]
    pub runs: u32,
    /// The function's executable; by default the `bootstrap` beside this command.
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

/// Where the executable of a cloud's function is.
pub fn function(cloud: Cloud, given: Option<&PathBuf>) -> Result<PathBuf, String> {
    let (name, package) = cloud.function();
    let path = match given {
        Some(path) => path.clone(),
        None => {
            let here = std::env::current_exe().map_err(|error| format!("this command cannot find itself: {error}"))?;
            here.with_file_name(name)
        }
    };
    if path.is_file() {
        // The Functions host starts it in a folder of its own.
        return path.canonicalize().map_err(|error| format!("{}: {error}", path.display()));
    }
    Err(format!("there is no function at {}; build it with: cargo build -p {package}", path.display()))
}
