//! What a failover would do now.

use holdfast_core::{
    Timestamp,
    decision::Verdict,
    engine::{Answer, Outcome},
    evidence::{Evidence, Probe, ProbeResult},
    holdoff::{Health, judge_history},
    policy::Policy,
};

use super::{moment, steps};
use crate::command::{exit::Exit, target::Target};

/// The screen.
pub fn plan(target: &Target, answer: &Answer, now: Timestamp) -> (String, Exit) {
    let Outcome::Planned { would } = answer.outcome else {
        let text = format!("{}: CANNOT TELL: {}\n", target.name(), answer.says.join("; "));
        return (text, Exit::CannotTell);
    };
    let (verdict, next) = words(would, now);
    let mut text = format!("{}: {verdict}   {}\n", target.name(), moment::utc(now));
    for sentence in &answer.says {
        text.push_str(&format!("  because {sentence}\n"));
    }
    if let Some(seconds) = answer.failing_for_s {
        text.push_str(&format!("  failing time that is proven: {seconds:.0} s\n"));
    }
    if let Some(evidence) = &answer.evidence {
        text.push_str(&format!("\nevidence at {}\n", moment::utc(evidence.at)));
        for line in primary(evidence) {
            text.push_str(&format!("  {line}\n"));
        }
        text.push_str("\nthe steps of a failover, in this order, as they are now\n");
        for line in steps(evidence) {
            text.push_str(&format!("{line}\n"));
        }
    }
    text.push_str(&format!("\nNext: {next}\n"));
    (text, Exit::Done)
}

/// The verdict in words, and what to do next.
fn words(would: Verdict, now: Timestamp) -> (String, &'static str) {
    match would {
        Verdict::FailOver => (
            "WOULD FAIL OVER now".to_owned(),
            "the function does it by itself at its next tick; at once: holdfast failover --reason '...'",
        ),
        Verdict::Finish => ("would drive the open execution on".to_owned(), "the function does it at its next tick"),
        Verdict::AlreadyDone => (
            "nothing to do: the failover is done and stands".to_owned(),
            "when home is well again: holdfast failback --help",
        ),
        Verdict::StandDown => ("would NOT fail over: home is well".to_owned(), "nothing"),
        Verdict::Refuse => (
            "would NOT fail over: a gate forbids it".to_owned(),
            "read the reason; waiving a gate: holdfast failover --help",
        ),
        Verdict::Wait { until } => (
            format!("would NOT fail over yet; judged again by {}", moment::ago(until, now)),
            "wait; the function judges again each minute (waiving a gate: holdfast failover --help)",
        ),
        Verdict::NoteUnlock => {
            ("the lock of the last failover is gone; that is noted at the next tick".to_owned(), "nothing")
        }
        Verdict::Relock => (
            "the lock of the last failover is gone while home is not well: it is set again".to_owned(),
            "to fail back: holdfast failback --help",
        ),
        Verdict::NoteFailback => ("a person has failed back; that is noted at the next tick".to_owned(), "nothing"),
        Verdict::Begin { .. } => ("would begin what was asked for".to_owned(), "nothing"),
        Verdict::Close => ("the open execution is over: home did not stay well".to_owned(), "holdfast status"),
        Verdict::Ask => (
            "would ask people whether to fail over: it is due".to_owned(),
            "the function asks at its next tick; at once: holdfast failover --reason '...'",
        ),
        Verdict::AwaitApproval => (
            "people have been asked whether to fail over: it is due".to_owned(),
            "holdfast approve QUESTION --reason '...', with the question that is named above",
        ),
        Verdict::WouldBegin { .. } => (
            "would NOT fail over although it is due: the mode is observe".to_owned(),
            "nothing begins before the mode is another one in the configuration",
        ),
        Verdict::AwaitPerson => {
            ("the open execution waits for a person's word".to_owned(), "holdfast status shows for which")
        }
    }
}

/// What is known of the primary.
pub fn primary(evidence: &Evidence) -> Vec<String> {
    let mut lines = Vec::new();
    match &evidence.history {
        Some(Ok(history)) => {
            let newest = history.points.iter().max_by_key(|point| point.start);
            let said = match newest {
                None => "no datapoint".to_owned(),
                Some(point) if point.maximum == 0.0 => {
                    format!("failing in the period from {}", moment::utc(point.start))
                }
                Some(point) if point.minimum < 1.0 => {
                    format!("failing in part of the period from {}", moment::utc(point.start))
                }
                Some(point) => format!("well in the period from {}", moment::utc(point.start)),
            };
            lines.push(format!("metrics   {said}, the newest of {}", history.points.len()));
        }
        Some(Err(fault)) => lines.push(format!("metrics   not reached: {fault}")),
        None => {}
    }
    if let Some(probe) = evidence.probes.last() {
        lines.push(format!("probe     {}", probed(probe)));
        let answered = probe.controls.iter().filter(|control| control.answered).count();
        if !probe.controls.is_empty() {
            lines.push(format!("control   {answered} of {} targets answered", probe.controls.len()));
        }
    }
    match &evidence.live {
        Some(Ok(live)) => lines.push(format!("checkers  {} of {} see it well", live.healthy, live.total)),
        Some(Err(fault)) => lines.push(format!("checkers  not reached: {fault}")),
        None => {}
    }
    match &evidence.traffic {
        Some(Ok(answer)) => lines.push(format!("traffic   {}", answer.found)),
        Some(Err(fault)) => lines.push(format!("traffic   not resolved: {fault}")),
        None => {}
    }
    lines
}

fn probed(probe: &Probe) -> String {
    match &probe.result {
        ProbeResult::Healthy { said } => format!("well: {said}"),
        ProbeResult::Failing { why } => format!("failing: {why}"),
        ProbeResult::Inconclusive { why } => format!("cannot tell: {why}"),
    }
}

/// The health of the primary in a few words: our own probe, else the metrics.
pub fn health(evidence: &Evidence, policy: &Policy) -> String {
    if let Some(probe) = evidence.probes.last() {
        return probed(probe);
    }
    let Some(Ok(history)) = &evidence.history else { return "not known".to_owned() };
    match judge_history(history, None, policy, evidence.at) {
        Health::Healthy { at } => format!("well by its metrics of {}", moment::utc(at)),
        Health::Failing(streak) => format!("failing by its metrics since {}", moment::utc(streak.since)),
        Health::Silent { why } => format!("not known: {why}"),
    }
}
