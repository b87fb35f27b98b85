//! What happened in one sentence, and the figures beside it.

use holdfast_core::{
    decision::Reason,
    kind::Kind,
    record::{Execution, Progress, Status, StepRecord},
};
use jiff::Timestamp;

use crate::{
    report::Figure,
    source::{Lane, Source},
    words::{Scale, span, utc},
};

/// Since when the primary is known to fail: when it broke, where somebody saw that; else the beginning of what is proven.
pub fn failing_since(source: &Source<'_>) -> Option<Timestamp> {
    let proven = || {
        let decision = source.run.filter(|run| run.kind == Kind::Failover)?.decision.known()?;
        let told = decision.reasons.iter().find_map(|reason| match reason {
            Reason::PrimaryFailing { streak } => Some(streak),
            _ => None,
        });
        decision.streak.as_ref().or(told).map(|streak| streak.since)
    };
    source.seen.as_ref().and_then(|seen| seen.broke_at).or_else(proven)
}

/// The sentence.
pub fn sentence(source: &Source<'_>) -> String {
    let Some(run) = source.run else {
        return match failing_since(source) {
            Some(_) => format!("{} failed, and nothing was begun.", source.home),
            None => format!("Nothing failed over: {} was not found to be down for long enough.", source.home),
        };
    };
    let scale = Scale { zero: run.started_at, pace: source.pace };
    let began = match (run.kind, failing_since(source)) {
        (Kind::Failover, Some(since)) => format!("{} failed at {}", source.home, utc(since)),
        (kind, _) => format!("A {kind} was begun at {}", utc(run.started_at)),
    };
    let from = failing_since(source).filter(|_| run.kind == Kind::Failover).unwrap_or(run.started_at);
    let after = run.finished_at.filter(|_| !run.status.is_open());
    let after = after.map_or_else(String::new, |end| format!(" after {}", span(scale.length(from, end))));
    let sentence = format!("{began}; {}{after}.", outcome(source, run));
    match sentence.strip_prefix("the ") {
        Some(rest) => format!("The {rest}"),
        None => sentence,
    }
}

fn outcome(source: &Source<'_>, run: &Execution) -> String {
    let Source { home, standby, .. } = source;
    let open = || {
        let left: Vec<&str> = run.steps.iter().filter(|step| !step.is_done()).map(|step| step.step.as_str()).collect();
        left.join(", ")
    };
    match (run.status, run.kind) {
        (Status::Completed, Kind::Failover | Kind::Switchover) => {
            format!("{standby} was active and traffic was locked to it")
        }
        (Status::Completed, Kind::Failback) => format!("traffic was back on {home} and {standby} at rest"),
        (Status::Completed, Kind::Rehearsal) => format!("{standby} was started, verified and put back to rest"),
        (Status::Owed, _) => format!("{standby} was active, and these steps are still owed: {}", open()),
        (Status::Running, _) => format!("it is not finished; not done: {}", open()),
        (Status::Aborted, _) => "a person ended it".to_owned(),
        (Status::FailedBack, _) => format!("a person led traffic back to {home} before it was finished"),
        (Status::Closed, _) => format!("it was closed, since {home} did not stay well"),
    }
}

/// The four figures that are looked for first.
pub fn figures(source: &Source<'_>) -> Vec<Figure> {
    let since = failing_since(source);
    let scale = since.map(|zero| Scale { zero, pace: source.pace });
    let to = |end: Option<Timestamp>| Some((scale?, end?)).map(|(scale, end)| scale.seconds(end));
    let steps = source.run.map(|run| run.steps.as_slice()).unwrap_or_default();
    let figure = |name, seconds: Option<f64>, known: &str, unknown: &str| Figure {
        name,
        seconds,
        value: seconds.map_or_else(|| "not known".to_owned(), span),
        note: if seconds.is_some() { known } else { unknown }.to_owned(),
    };
    let in_full = steps.iter().all(StepRecord::is_done).then(|| source.run.and_then(|run| run.finished_at)).flatten();
    vec![
        figure(
            "time to first effect",
            to(first_effect(steps)),
            "from the failure to the first step that changed something",
            "no step changed anything, or the failure's beginning is not known",
        ),
        figure("time to service", to(in_full), "from the failure to the last step", "not every step is done"),
        figure(
            "users' downtime by DNS",
            to(served(source)),
            "from the failure until the users' name led to a standby that served",
            "when the users' name led to a standby that served was not seen",
        ),
        figure("age of the recovered snapshot", None, "", "the record does not hold it"),
    ]
}

fn first_effect(steps: &[StepRecord]) -> Option<Timestamp> {
    let changed = steps.iter().filter(|step| step.progress == Progress::Done { changed: true });
    changed.filter_map(|step| step.ended_at).min()
}

/// When the users' name led to a standby that served.
fn served(source: &Source<'_>) -> Option<Timestamp> {
    let events = &source.seen.as_ref()?.events;
    let first = |lane: Lane| events.iter().filter(|event| event.lane == lane).map(|event| event.at).min();
    Some(first(Lane::Dns { to_standby: true })?.max(first(Lane::Pods { serves: true })?))
}
