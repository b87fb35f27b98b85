//! One verb, from its arguments to its exit code.

use std::process::ExitCode;

use holdfast_core::{Timestamp, action::Action, engine::Answer};
use serde_json::{Value, json};

use super::{
    args::{
        Acting, Approve, Errand, Failback, History, Noting, Output, Pause, Preflight, Reach, Reading, Resume, Status,
        Verb,
    },
    backtest, confirm,
    exit::{Exit, Stopped},
    explain, files, group, page, progress, screen,
    target::Target,
    watch,
    way::{Environment, Way},
};

/// What a verb says, and how it ended.
pub struct Said {
    /// The text for a person.
    pub text: String,
    /// The same facts for a program.
    pub document: Value,
    /// The code.
    pub exit: Exit,
}

/// Runs a verb. Its answer goes to standard output; why there is none, to standard error in one line.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the command line's own voice")]
pub async fn run(verb: Verb) -> ExitCode {
    #[allow(clippy::disallowed_methods, reason = "the one place where the command's environment is read")]
    let environment: Environment = std::env::vars().collect();
    let output = output(&verb);
    if let Verb::Status(Status { watch: Some(seconds), .. }) = &verb {
        return watch::run(*seconds, output, || answered(&verb, &environment)).await;
    }
    match answered(&verb, &environment).await {
        Ok(said) => {
            match output {
                Output::Text => print!("{}", said.text),
                Output::Json => println!("{}", said.document),
            }
            said.exit.into()
        }
        Err(stopped) => {
            if output == Output::Json {
                println!("{}", stopped.document());
            }
            eprintln!("holdfast: {}", stopped.why);
            stopped.exit.into()
        }
    }
}

fn output(verb: &Verb) -> Output {
    match verb {
        Verb::Status(Status { reach, .. })
        | Verb::Preflight(Preflight { reach, .. })
        | Verb::Plan(Reading { reach })
        | Verb::Guard(Reading { reach }) => reach.output,
        Verb::History(history) => history.reach.output,
        Verb::Failover(acting)
        | Verb::Switchover(acting)
        | Verb::Rehearse(acting)
        | Verb::Finish(acting)
        | Verb::Abort(acting) => acting.noting.reach.output,
        Verb::Approve(approve) => approve.noting.reach.output,
        Verb::Failback(failback) => failback.noting.reach.output,
        Verb::Acknowledge(noting) | Verb::Resume(Resume { noting, .. }) => noting.reach.output,
        Verb::Pause(pause) => pause.noting.reach.output,
        Verb::Backtest(backtest) => backtest.reach.output,
        Verb::Explain(explain) => explain.output,
        Verb::Runbook(_) | Verb::Env(_) | Verb::Init(_) | Verb::Schema => Output::Text,
    }
}

async fn answered(verb: &Verb, environment: &Environment) -> Result<Said, Stopped> {
    match verb {
        Verb::Status(Status { reach, group, .. }) => {
            let one = |reach| told_of(reach, Action::Status, screen::status, environment);
            group::each(group, reach, one).await
        }
        Verb::Preflight(Preflight { reach, group }) => {
            let one = |reach| told_of(reach, Action::Preflight, screen::preflight, environment);
            group::each(group, reach, one).await
        }
        Verb::Plan(reading) => told(&reading.reach, Errand::plain(Action::Plan), screen::plan, environment).await,
        Verb::History(history) => listed(history, environment).await,
        Verb::Guard(reading) => told(&reading.reach, Errand::plain(Action::Status), screen::guard, environment).await,
        Verb::Failover(acting) => acted(Action::FailOver, acting, environment).await,
        Verb::Switchover(acting) => acted(Action::Switchover, acting, environment).await,
        Verb::Rehearse(acting) => acted(Action::Rehearse, acting, environment).await,
        Verb::Finish(acting) => acted(Action::Finish, acting, environment).await,
        Verb::Abort(acting) => acted(Action::Acknowledge { abort: true }, acting, environment).await,
        Verb::Approve(approve) => approved(approve, environment).await,
        Verb::Failback(failback) => failed_back(failback, environment).await,
        Verb::Acknowledge(noting) => noted(Action::Acknowledge { abort: false }, noting, None, environment).await,
        Verb::Resume(Resume { noting, group }) => {
            let one = |reach| noted_of(Action::Resume, noting, reach, None, environment);
            group::each(group, &noting.reach, one).await
        }
        Verb::Pause(Pause { noting, group, lasts }) => {
            let one = |reach| noted_of(Action::Pause { lasts: None }, noting, reach, lasts.clone(), environment);
            group::each(group, &noting.reach, one).await
        }
        Verb::Runbook(site) => files::runbook(site),
        Verb::Env(env) => files::env(env),
        Verb::Init(init) => files::init(init),
        Verb::Schema => files::schema(),
        Verb::Backtest(arguments) => backtest::run(arguments, environment).await,
        Verb::Explain(arguments) => explain::run(arguments),
    }
}

/// How a screen is made of an answer.
type Screen = fn(&Target, &Answer, Timestamp) -> (String, Exit);

/// A verb that only reads.
async fn told(reach: &Reach, errand: Errand, screen: Screen, environment: &Environment) -> Result<Said, Stopped> {
    let target = Target::read(&reach.site.site)?;
    let way = Way::open(&target, reach, environment).await?;
    said(&target, &way, &errand, screen).await
}

/// The same of one pair of several.
async fn told_of(reach: Reach, action: Action, screen: Screen, environment: &Environment) -> Result<Said, Stopped> {
    told(&reach, Errand::plain(action), screen, environment).await
}

/// The same for a verb that writes to the record.
async fn noted_of(
    action: Action,
    noting: &Noting,
    reach: Reach,
    lasts: Option<String>,
    environment: &Environment,
) -> Result<Said, Stopped> {
    let noting = Noting { reach, reason: noting.reason.clone() };
    noted(action, &noting, lasts, environment).await
}

/// The list of executions, and the page of one of them where it is asked for.
async fn listed(history: &History, environment: &Environment) -> Result<Said, Stopped> {
    let reach = &history.reach;
    let mut said = told(reach, Errand::plain(Action::Status), screen::history, environment).await?;
    if let Some(path) = history.report.as_ref().filter(|_| said.exit == Exit::Done) {
        let target = Target::read(&reach.site.site)?;
        let answer: Answer = serde_json::from_value(said.document["answer"].clone())
            .map_err(|error| Stopped::ours(error.to_string()))?;
        said.text.push_str(&page::of_record(&target, &answer, history.id.as_deref(), path)?);
    }
    Ok(said)
}

/// A verb that writes to the record.
async fn noted(
    action: Action,
    noting: &Noting,
    lasts: Option<String>,
    environment: &Environment,
) -> Result<Said, Stopped> {
    let target = Target::read(&noting.reach.site.site)?;
    let way = Way::open(&target, &noting.reach, environment).await?;
    let errand = Errand::plain(action).with("reason", noting.reason.as_str());
    let errand = match lasts {
        Some(lasts) => errand.with("for", lasts),
        None => errand,
    };
    said(&target, &way, &errand, screen::noted).await
}

/// A verb that acts: what would be done is shown before a person is asked.
async fn acted(action: Action, acting: &Acting, environment: &Environment) -> Result<Said, Stopped> {
    let mut errand = Errand::plain(action).with("reason", acting.noting.reason.as_str());
    if action == (Action::Acknowledge { abort: true }) {
        errand = errand.with("abort", true);
    }
    if let Some(gate) = acting.waive.first().filter(|_| action.rule().waives.is_empty()) {
        return Err(Stopped::usage(format!("--waive {gate}: {} waives no gate", action.name())));
    }
    if !acting.waive.is_empty() {
        errand = errand.with("waive", acting.waive.clone());
    }
    confirmed(&acting.noting.reach, &errand, (acting.yes, acting.progress), environment).await
}

async fn approved(approve: &Approve, environment: &Environment) -> Result<Said, Stopped> {
    let errand = Errand::plain(Action::Approve)
        .with("reason", approve.noting.reason.as_str())
        .with("question", approve.question.as_str());
    confirmed(&approve.noting.reach, &errand, (approve.yes, approve.progress), environment).await
}

async fn failed_back(failback: &Failback, environment: &Environment) -> Result<Said, Stopped> {
    let action = Action::Failback { rest: failback.rest };
    let mut errand = Errand::plain(action).with("reason", failback.noting.reason.as_str());
    if let Some(data) = &failback.data {
        errand = errand.with("data", data.as_str());
    }
    if failback.rest {
        errand = errand.with("rest", true);
    }
    if failback.waive_well_for {
        errand = errand.with("waive", vec!["well-for"]);
    }
    confirmed(&failback.noting.reach, &errand, (failback.yes, failback.progress), environment).await
}

/// `yes`: nobody is asked. `told`: steps are told while they change, also where standard error is no terminal.
async fn confirmed(
    reach: &Reach,
    errand: &Errand,
    (yes, told): (bool, bool),
    environment: &Environment,
) -> Result<Said, Stopped> {
    let target = Target::read(&reach.site.site)?;
    if !yes {
        confirm::can_ask()?;
    }
    let way = Way::open(&target, reach, environment).await?;
    if !yes {
        let before = match errand.action {
            Action::FailOver | Action::Approve => said(&target, &way, &planned(errand), screen::plan).await?,
            _ => said(&target, &way, &Errand::plain(Action::Status), screen::status).await?,
        };
        confirm::ask(&target, &before.text, errand, &way.describe())?;
    }
    let work = said(&target, &way, errand, screen::acted);
    let mut said = progress::beside(&way, told, work).await?;
    if way.is_direct() && said.exit == Exit::Unfinished {
        said.text.push_str("Nobody drives it on now unless the function of this site runs: holdfast finish --direct\n");
    }
    Ok(said)
}

/// The same failover, only looked at.
fn planned(errand: &Errand) -> Errand {
    let takes = |name: &&str| *name == "reason" || *name == "waive";
    let arguments = errand.arguments.iter().filter(|(name, _)| takes(name)).cloned();
    Errand { action: Action::Plan, arguments: arguments.collect() }
}

async fn said(target: &Target, way: &Way, errand: &Errand, screen: Screen) -> Result<Said, Stopped> {
    let document = way.ask(errand).await?;
    let answer: Answer = serde_json::from_value(document.clone()).map_err(|error| {
        Stopped::unreached(format!("the answer is none that this version understands ({error}); holdfast --version"))
    })?;
    #[allow(clippy::disallowed_methods, reason = "ages on a screen are those of the person's own clock")]
    let (text, exit) = screen(target, &answer, Timestamp::now());
    let document = json!({
        "site": target.name(), "action": errand.action.name(), "asked": way.describe(), "exit_code": exit as u8,
        "answer": document,
    });
    Ok(Said { text, document, exit })
}
