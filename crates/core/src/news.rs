//! What people are told while something happens: one incident for each outage, and each state of it once.
//!
//! Pure: what is news follows from the record, a decision and an execution. What was told stands in the record
//! ([`Told`](crate::record::Told)), so a message that was not delivered is made again by the next call.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    clock::later,
    decision::{Decision, Reason, Verdict},
    fault::{Limit, quoted_within},
    mode::Unanswered,
    record::{Execution, Progress, State, Status, StepRecord, Trigger},
};

/// Most sentences of one message.
const MOST_SENTENCES: usize = 12;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The primary fails, and the holdoff runs.
    HoldoffRuns,
    /// The primary fails to our probes, and nothing else outside answers either.
    CutOff,
    /// A failover would be due by the evidence, and a gate forbids it.
    NotActedOn,
    /// A failover is due, and a person has to approve it.
    Asked,
    /// A failover is due, and in mode `observe` nothing begins.
    Observed,
    /// The kill switch has been set for longer than is configured.
    PausedLong,
    /// An execution has begun, or is carried on.
    Begun,
    /// One of its steps is done.
    Progress,
    /// A call has driven it as far as it could, and something is left.
    Unfinished,
    /// Every step of it is done.
    Completed,
    /// The primary is well again while a failover stands.
    PrimaryBack,
    /// The primary is well, or the execution was ended: the incident is over.
    Over,
    /// A person asked for a message.
    Test,
}

/// How soon somebody has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// In working hours.
    Low,
    /// Now.
    High,
}

impl Occasion {
    /// How soon somebody has to look.
    pub fn urgency(self) -> Urgency {
        match self {
            Self::HoldoffRuns | Self::PausedLong | Self::PrimaryBack | Self::Over | Self::Test => Urgency::Low,
            Self::CutOff
            | Self::NotActedOn
            | Self::Asked
            | Self::Observed
            | Self::Begun
            | Self::Progress
            | Self::Unfinished
            | Self::Completed => Urgency::High,
        }
    }

    /// True where nobody has to do anything about the incident any more.
    pub fn resolves(self) -> bool {
        matches!(self, Self::Completed | Self::Over)
    }

    /// The name, as it is serialised.
    pub fn name(self) -> &'static str {
        match self {
            Self::HoldoffRuns => "holdoff_runs",
            Self::CutOff => "cut_off",
            Self::NotActedOn => "not_acted_on",
            Self::Asked => "asked",
            Self::Observed => "observed",
            Self::PausedLong => "paused_long",
            Self::Begun => "begun",
            Self::Progress => "progress",
            Self::Unfinished => "unfinished",
            Self::Completed => "completed",
            Self::PrimaryBack => "primary_back",
            Self::Over => "over",
            Self::Test => "test",
        }
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct News {
    /// The incident: the same text from the first message to the last.
    pub incident: String,
    /// What it is about.
    pub occasion: Occasion,
    /// What makes it another message than those before it in the same incident.
    pub mark: String,
    /// When it was noticed.
    pub at: Timestamp,
    /// The execution that it is about.
    pub execution: Option<String>,
    /// What happened, in one sentence.
    pub says: String,
    /// Why, in sentences.
    pub why: Vec<String>,
    /// What is still owed.
    pub owed: Vec<String>,
    /// What to do, or to type.
    pub next: String,
}

impl News {
    /// A message that a person asked for.
    pub fn test(at: Timestamp) -> Self {
        let says = "this is a test; nothing has happened".to_owned();
        Self { next: "nothing".to_owned(), ..Self::about(Occasion::Test, "test", "test", at, says) }
    }

    fn about(occasion: Occasion, incident: &str, mark: impl Into<String>, at: Timestamp, says: String) -> Self {
        let (incident, mark) = (quoted_within(incident, Limit::Answer), quoted_within(&mark.into(), Limit::Answer));
        let says = quoted_within(&says, Limit::Answer);
        let (why, owed, next) = (Vec::new(), Vec::new(), String::new());
        Self { incident, occasion, mark, at, execution: None, says, why, owed, next }
    }
}

/// The incident that messages about this record belong to: the one that was told of, or the one after the execution that
/// ended last. It does not change when an execution begins.
pub fn incident(state: &State) -> String {
    if let Some(told) = state.told() {
        return told.incident.clone();
    }
    let stands = state.open().is_some() || state.failed_over();
    let current = state.current.as_ref().filter(|_| !stands).map(|run| &run.id);
    let before = current.or_else(|| state.earlier().next().map(|run| &run.id));
    before.map_or_else(|| "first".to_owned(), |id| format!("after-{id}"))
}

/// What a decision about a failover is news of. `paused_long` is how long a pause may last until it is news; `told`
/// whether the incident was told of before.
pub fn of_decision(
    decision: &Decision,
    state: &State,
    incident: &str,
    at: Timestamp,
    paused_long: std::time::Duration,
    told: bool,
) -> Option<News> {
    let last = decision.reasons.last();
    let failing = || decision.reasons.iter().any(|reason| matches!(reason, Reason::PrimaryFailing { .. }));
    let news = |occasion, mark: &str, says: String, next: &str| {
        let news = News::about(occasion, incident, mark, at, says);
        Some(News { why: sentences(&decision.reasons), next: next.to_owned(), ..news })
    };
    if let Some((occasion, mark, says, next)) = of_due(decision.verdict, last) {
        return news(occasion, &mark, says, &next);
    }
    match (decision.verdict, last) {
        (Verdict::Wait { until }, Some(Reason::HoldoffRunning { .. })) => news(
            Occasion::HoldoffRuns,
            "holdoff",
            format!("the primary is failing; a failover is due at {until:.0} if it stays so"),
            r#"nothing, it is judged by itself; {"action":"pause","reason":"..."} holds it back"#,
        ),
        (_, Some(Reason::CutOff { .. })) => news(
            Occasion::CutOff,
            "cut_off",
            "the primary does not answer us, and neither does anything else outside: nothing is begun".to_owned(),
            r#"look at the way out of the function and at the primary; {"action":"plan"} tells what is seen"#,
        ),
        (Verdict::Refuse, Some(Reason::Paused { pause })) if later(pause.at, paused_long) < at => news(
            Occasion::PausedLong,
            &format!("paused {}", pause.at),
            format!("nothing is failed over: {pause}"),
            r#"{"action":"resume","reason":"..."} when the reason for the pause is gone"#,
        ),
        (Verdict::Refuse, Some(Reason::StoodStill { .. } | Reason::NotOfThisRunbook { .. })) => news(
            Occasion::NotActedOn,
            &format!("not_acted_on {}", last.map(Reason::code).unwrap_or_default()),
            "an execution that is open is not driven on by itself".to_owned(),
            r#"{"action":"finish","reason":"..."} drives it to its end, {"action":"acknowledge","abort":true,"reason":"..."} ends it"#,
        ),
        // It was announced what is due, and the person who calls is told.
        (Verdict::Refuse, Some(Reason::OnlyObserved | Reason::NoSuchQuestion { .. })) => None,
        (Verdict::Refuse, Some(reason)) if failing() => news(
            Occasion::NotActedOn,
            &format!("not_acted_on {}", reason.code()),
            format!("the primary is failing, and it is not failed over: {reason}"),
            r#"mend what is named, or {"action":"failover","waive":["..."],"reason":"..."}"#,
        ),
        (Verdict::AlreadyDone, _) if state.failed_over() && state.well.is_some() => news(
            Occasion::PrimaryBack,
            "primary_back",
            "the primary is well again while the failover stands; it may write to the bucket that the standby reads"
                .to_owned(),
            r#"when its data is right: {"action":"failback","data":"...","reason":"..."}"#,
        ),
        (Verdict::StandDown, Some(reason)) if told => {
            let question = state.question().map(|due| format!("; question {} is withdrawn", due.id));
            let says = format!("it is over: {reason}{}", question.unwrap_or_default());
            news(Occasion::Over, "over", says, "nothing")
        }
        _ => None,
    }
}

/// Of a failover that is due and does not begin by itself: the occasion, the mark, what is said, and what to type.
fn of_due(verdict: Verdict, last: Option<&Reason>) -> Option<(Occasion, String, String, String)> {
    match (verdict, last) {
        (Verdict::AwaitApproval, Some(Reason::ApprovalNeeded { id: Some(id), until, then })) => {
            let says = match then {
                Unanswered::Lapse => {
                    format!("a failover is due, and begins only if a person approves it by {until:.0}")
                }
                Unanswered::Begin => format!("a failover is due, and begins by itself at {until:.0}"),
            };
            let next = format!(r#"{{"action":"approve","question":"{id}","reason":"..."}} begins it"#);
            Some((Occasion::Asked, format!("asked {id}"), says, next))
        }
        (Verdict::WouldBegin { since }, _) => {
            let says = format!("a failover has been due since {since:.0}; the mode is observe, so nothing is begun");
            let next = "look at the primary; only another mode in the configuration lets a failover begin".to_owned();
            Some((Occasion::Observed, format!("observed {since}"), says, next))
        }
        _ => None,
    }
}

/// That an execution has begun, or is carried on by another worker.
pub fn of_beginning(run: &Execution, incident: &str, reasons: &[Reason], at: Timestamp) -> News {
    let mark = format!("{} begun", run.id);
    let trigger = run.trigger.known().map_or("another version", Trigger::label);
    let says = format!("{} {} has begun, by {trigger}", run.kind, run.id);
    let next = "nothing: it is driven to its end by itself".to_owned();
    News { why: sentences(reasons), next, ..of_run(Occasion::Begun, run, incident, &mark, at, says) }
}

/// That a step is done, while others are not.
pub fn of_step(run: &Execution, step: &StepRecord, incident: &str, at: Timestamp) -> Option<News> {
    let left = run.steps.iter().any(|other| !other.is_done());
    (step.is_done() && left).then(|| {
        let says = format!("{} {}: {} is done", run.kind, run.id, step.step);
        let next = "nothing: it is driven to its end by itself".to_owned();
        let mark = format!("{} step {}", run.id, step.step);
        News { next, ..of_run(Occasion::Progress, run, incident, &mark, at, says) }
    })
}

/// How an execution stands when a call has driven it as far as it could.
pub fn of_ending(run: &Execution, incident: &str, at: Timestamp) -> News {
    let owed = owed(run);
    match run.status {
        Status::Completed if run.kind.activates_standby() => {
            let says =
                format!("{} {} is completed: the standby is active and traffic is locked to it", run.kind, run.id);
            let next = "nothing by itself. Until the failback alerts are off where ENABLE_ALERTS is false, the \
                        recovery source is still needed, and no standby is behind this site"
                .to_owned();
            News { next, ..of_run(Occasion::Completed, run, incident, &format!("{} completed", run.id), at, says) }
        }
        Status::Completed | Status::Aborted | Status::FailedBack | Status::Closed => {
            let ended = run.abort_reason.as_deref().unwrap_or("every step is done");
            let says = format!("{} {} is over: {ended}", run.kind, run.id);
            News { next: "nothing".to_owned(), ..of_run(Occasion::Over, run, incident, "over", at, says) }
        }
        Status::Running | Status::Owed => {
            let names: Vec<_> =
                run.steps.iter().filter(|step| !step.is_done()).map(|step| step.step.as_str()).collect();
            let mark = format!("{} owed {}", run.id, names.join(","));
            let says = match run.status {
                Status::Owed if run.kind.activates_standby() => {
                    format!("{} {}: the standby is active; still owed: {}", run.kind, run.id, names.join(", "))
                }
                _ => format!("{} {} is not finished: {}", run.kind, run.id, names.join(", ")),
            };
            let next = "each tick goes on with it; look at what is named".to_owned();
            News { next, owed, ..of_run(Occasion::Unfinished, run, incident, &mark, at, says) }
        }
    }
}

fn of_run(occasion: Occasion, run: &Execution, incident: &str, mark: &str, at: Timestamp, says: String) -> News {
    News { execution: Some(run.id.clone()), ..News::about(occasion, incident, mark, at, says) }
}

fn owed(run: &Execution) -> Vec<String> {
    let left = run.steps.iter().filter(|step| !step.is_done());
    let told = left.map(|step| match &step.progress {
        Progress::Failing { why } | Progress::Owed { why } => format!("{}: {why}", step.step),
        Progress::Pending | Progress::Done { .. } => format!("{}: not reached", step.step),
    });
    told.take(MOST_SENTENCES).map(|sentence| quoted_within(&sentence, Limit::Answer)).collect()
}

fn sentences(reasons: &[Reason]) -> Vec<String> {
    // The decisive ones are the last.
    let skipped = reasons.len().saturating_sub(MOST_SENTENCES);
    reasons.iter().skip(skipped).map(|reason| quoted_within(&reason.to_string(), Limit::Answer)).collect()
}

#[cfg(test)]
mod tests;
