//! What can be asked of a live site pair.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, builder::PossibleValuesParser};
use holdfast_core::{action::Action, decision::Gate};

use super::exit;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say how both sites stand, what is locked, open or owed, and what to do next.
    #[command(after_help = exit::TELLS)]
    Status(Status),
    /// Say whether a failover would work now, and what stands in its way.
    #[command(after_help = exit::PREFLIGHT)]
    Preflight(Preflight),
    /// Say what a failover would do now, and why not. Writes nothing.
    #[command(after_help = exit::TELLS)]
    Plan(Reading),
    /// Fail over if that is due, by the same rules as for an alarm.
    #[command(after_help = exit::ACTS)]
    Failover(Acting),
    /// Begin the failover that people were asked about, if it is still due.
    #[command(after_help = exit::ACTS)]
    Approve(Approve),
    /// Make a primary that is well passive, and then as a failover.
    #[command(after_help = exit::ACTS)]
    Switchover(Acting),
    /// Unlock traffic to a primary that is well and see it arrive; with --rest put the standby to rest.
    #[command(after_help = exit::ACTS)]
    Failback(Failback),
    /// Start and verify the standby and put it back to rest, while the primary is well.
    #[command(after_help = exit::ACTS)]
    Rehearse(Acting),
    /// Drive an open execution to its end, and begin none.
    #[command(after_help = exit::ACTS)]
    Finish(Acting),
    /// End the execution that is open or stands, as it is.
    #[command(after_help = exit::ACTS)]
    Abort(Acting),
    /// Waive the rest of the cooldown.
    #[command(after_help = exit::NOTES)]
    Acknowledge(Noting),
    /// Hold everything back: nothing is begun and nothing driven on.
    #[command(after_help = exit::NOTES)]
    Pause(Pause),
    /// Take a pause back.
    #[command(after_help = exit::NOTES)]
    Resume(Resume),
    /// List the executions that the record holds.
    #[command(after_help = exit::TELLS)]
    History(History),
    /// Say by the exit code whether the primary may be changed now: for pipelines.
    #[command(after_help = exit::GUARD)]
    Guard(Reading),
    /// Print the raw commands with this site's real names, to be kept where they can be read when nothing else works.
    #[command(after_help = exit::FILES)]
    Runbook(Site),
    /// Print the variables of the function of a site file.
    #[command(after_help = exit::FILES)]
    Env(Env),
    /// Write a site file from the variables of a running function.
    #[command(after_help = exit::FILES)]
    Init(Init),
    /// Print the JSON Schema of the site file.
    #[command(after_help = exit::FILES)]
    Schema,
    /// Show what other holdoffs would have done on the real history of the primary.
    #[command(after_help = exit::FILES)]
    Backtest(Backtest),
    /// Judge a stored execution again, by the rules of this version.
    #[command(after_help = exit::FILES)]
    Explain(Explain),
}

/// The site pair that is meant.
#[derive(Clone, Debug, Args)]
pub struct Site {
    /// The site file.
    #[arg(long, value_name = "FILE", env = "HOLDFAST_SITE", default_value = "holdfast-site.yaml")]
    pub site: PathBuf,
}

/// How the engine of the pair is reached.
#[derive(Clone, Debug, Args)]
pub struct Reach {
    /// The pair.
    #[command(flatten)]
    pub site: Site,
    /// Do it in this process and under your own credentials, for the day the function is not at hand.
    #[arg(long)]
    pub direct: bool,
    /// The profile of AWS's or of OCI's own tools; else what they would take.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// How long an answer is waited for, in seconds. With --direct it bounds the call itself.
    #[arg(long, value_name = "SECONDS", default_value_t = 910, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub wait: u32,
    /// How answers are written.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For a person.
    Text,
    /// One JSON document on standard output: the function's own answer, with the site and the exit code.
    Json,
}

/// Options of verbs that only read.
#[derive(Debug, Args)]
pub struct Reading {
    /// How.
    #[command(flatten)]
    pub reach: Reach,
}

/// Several site pairs at once.
#[derive(Clone, Debug, Args)]
pub struct Group {
    /// Every site file (*.yaml, *.yml) of this folder instead of one, a line for each.
    #[arg(long, value_name = "FOLDER")]
    pub all: Option<PathBuf>,
}

/// Options of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// How.
    #[command(flatten)]
    pub reach: Reach,
    /// Of which pairs.
    #[command(flatten)]
    pub group: Group,
    /// Ask again every so many seconds, until Ctrl-C; on a terminal the screen is drawn anew.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "10",
        value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub watch: Option<u32>,
}

/// Options of `preflight`.
#[derive(Debug, Args)]
pub struct Preflight {
    /// How.
    #[command(flatten)]
    pub reach: Reach,
    /// Of which pairs.
    #[command(flatten)]
    pub group: Group,
}

/// Options of `resume`.
#[derive(Debug, Args)]
pub struct Resume {
    /// How, and why.
    #[command(flatten)]
    pub noting: Noting,
    /// Of which pairs.
    #[command(flatten)]
    pub group: Group,
}

/// Options of `history`.
#[derive(Debug, Args)]
pub struct History {
    /// How.
    #[command(flatten)]
    pub reach: Reach,
    /// Write a page about one execution into this file, and the same facts as JSON beside it (FILE with the ending .json).
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// The execution of the report, which the record holds in full; the newest one where it is left out.
    #[arg(value_name = "ID", requires = "report")]
    pub id: Option<String>,
}

/// Options of verbs that write to the record.
#[derive(Clone, Debug, Args)]
pub struct Noting {
    /// How.
    #[command(flatten)]
    pub reach: Reach,
    /// Why, in your words; kept in the record.
    #[arg(long, value_name = "WORDS")]
    pub reason: String,
}

/// Options of verbs that act.
#[derive(Debug, Args)]
pub struct Acting {
    /// How, and why.
    #[command(flatten)]
    pub noting: Noting,
    /// A gate that need not be passed; may be given more than once.
    #[arg(long, value_name = "GATE", value_parser = PossibleValuesParser::new(Gate::ALL.map(Gate::name)))]
    pub waive: Vec<String>,
    /// Tell each step as it changes on standard error, also where that is no terminal.
    #[arg(long)]
    pub progress: bool,
    /// Do it without being asked: for scripts.
    #[arg(long)]
    pub yes: bool,
}

/// Options of an approval.
#[derive(Debug, Args)]
pub struct Approve {
    /// The question, as people were told it; holdfast status shows it.
    #[arg(value_name = "QUESTION")]
    pub question: String,
    /// How, and why.
    #[command(flatten)]
    pub noting: Noting,
    /// Tell each step as it changes on standard error, also where that is no terminal.
    #[arg(long)]
    pub progress: bool,
    /// Do it without being asked: for scripts.
    #[arg(long)]
    pub yes: bool,
}

/// Options of a failback.
#[derive(Debug, Args)]
pub struct Failback {
    /// How, and why.
    #[command(flatten)]
    pub noting: Noting,
    /// What becomes of the data that the standby took in, and who says so. Needed to begin.
    #[arg(long, value_name = "WORDS", required_unless_present = "rest")]
    pub data: Option<String>,
    /// Put the standby to rest, once users are served by the primary.
    #[arg(long)]
    pub rest: bool,
    /// Do not ask that the primary has been well for the whole time that the policy names.
    #[arg(long)]
    pub waive_well_for: bool,
    /// Tell each step as it changes on standard error, also where that is no terminal.
    #[arg(long)]
    pub progress: bool,
    /// Do it without being asked: for scripts.
    #[arg(long)]
    pub yes: bool,
}

/// Options of a pause.
#[derive(Debug, Args)]
pub struct Pause {
    /// How, and why.
    #[command(flatten)]
    pub noting: Noting,
    /// Of which pairs.
    #[command(flatten)]
    pub group: Group,
    /// How long, such as 2h or 90m; until `resume` where it is left out.
    #[arg(long = "for", value_name = "TIME")]
    pub lasts: Option<String>,
}

/// Options of `env`.
#[derive(Debug, Args)]
pub struct Env {
    /// The pair.
    #[command(flatten)]
    pub site: Site,
    /// How the variables are written.
    #[arg(long, value_enum, default_value_t = Form::Env)]
    pub form: Form,
}

/// How variables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// `NAME=value`, one a line, quoted for a shell where that is needed.
    Env,
    /// A JSON object.
    Json,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The variables of the function as a JSON object: `aws lambda get-function-configuration --query Environment.Variables`, or
    /// the settings of `az functionapp config appsettings list` as name and value, or `oci fn function get --query data.config`. `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub variables: PathBuf,
    /// The ARN of the function on Lambda.
    #[arg(long, value_name = "ARN", required_unless_present_any = ["app_url", "function_id"])]
    pub arn: Option<String>,
    /// The endpoint of the function app for operators.
    #[arg(long, value_name = "URL", requires = "key_env", conflicts_with = "arn")]
    pub app_url: Option<String>,
    /// The OCID of the function on OCI.
    #[arg(long, value_name = "OCID", requires = "endpoint", conflicts_with_all = ["arn", "app_url"])]
    pub function_id: Option<String>,
    /// Its invoke endpoint.
    #[arg(long, value_name = "URL", requires = "function_id")]
    pub endpoint: Option<String>,
    /// The variable of your environment that holds the operators' key of the function app.
    #[arg(long, value_name = "NAME")]
    pub key_env: Option<String>,
    /// The name of the pair.
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// The name of the site where the service lives when all is well.
    #[arg(long, value_name = "NAME", default_value = "home")]
    pub home: String,
    /// The name of the other site.
    #[arg(long, value_name = "NAME", default_value = "standby")]
    pub standby: String,
}

/// Options of a backtest.
#[derive(Debug, Args)]
pub struct Backtest {
    /// How.
    #[command(flatten)]
    pub reach: Reach,
    /// Take the history from this file instead: lines of `time,minimum,maximum` or `time,value`, 1 healthy and 0 failing.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// How many days of history are asked for.
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=93))]
    pub days: u32,
    /// The holdoffs to try, such as 60s or 5m.
    #[arg(long, value_name = "TIME,...", value_delimiter = ',', default_value = "60s,120s,180s,300s,600s")]
    pub holdoffs: Vec<String>,
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A record, or one execution of it, as JSON; `-` reads standard input.
    #[arg(value_name = "RECORD")]
    pub record: PathBuf,
    /// Write a page about it into this file, and the same facts as JSON beside it (FILE with the ending .json).
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// One call of the engine: what it does, and what is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Errand {
    /// The action.
    pub action: Action,
    /// The arguments beside `action`, as an operator's call has them.
    pub arguments: Vec<(&'static str, serde_json::Value)>,
}

impl Errand {
    /// An action without arguments.
    pub fn plain(action: Action) -> Self {
        Self { action, arguments: Vec::new() }
    }

    /// The same with an argument.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }

    /// The call as it is sent.
    pub fn payload(&self) -> serde_json::Value {
        let action = ("action", serde_json::Value::from(self.action.name()));
        let all = std::iter::once(&action).chain(&self.arguments);
        serde_json::Value::Object(all.map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }
}
