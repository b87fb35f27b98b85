//! What operators ask the engine: plan, preflight, status. Not one write.

use super::{
    Engine,
    answer::{Answer, Outcome},
    observe::Scope,
    request::{Action, Request},
};
use jiff::Timestamp;

use crate::{
    clock::{Call, later},
    evidence::{Check, Control, Evidence, Level, NamedSite, ProbeResult, Reading},
    fault::quoted,
    holdoff::{Health, judge_history},
    mode::Mode,
    policy::{MOST_AHEAD, Policy},
    record::State,
    step::StepState,
};

/// The largest number of changes that a Kubernetes Lease counts to (`int32`).
const LARGEST_FENCE: u64 = 2_147_483_647;

impl Engine {
    /// Says what a failover would do now (`plan`), or whether one would succeed (`preflight`).
    pub(super) async fn plan(&self, request: &Request, call: &Call) -> Answer {
        let seen = self.observe(Scope::Asked, &mut Vec::new(), call).await;
        let decision = self.decide(&seen, request);
        let outcome = Outcome::Planned { would: decision.verdict };
        let state: Reading<State> = seen.state.map(|versioned| versioned.state);
        let checks = match request.action {
            Action::Preflight => {
                let mut checks = preflight(&state, &seen.evidence, &self.policy);
                let watching = self.runbook.steps.iter().filter(|step| step.is_verification()).map(|step| step.name());
                let has_begun = state.as_ref().is_ok_and(|state| state.open().is_some() || state.failed_over());
                watching.for_each(|step| judge_watched(&mut checks, &seen.evidence, step, has_begun));
                checks.push(mode(self.policy.mode, self.ports.announcers.is_empty()));
                checks
            }
            _ => Vec::new(),
        };
        let execution = state.ok().and_then(|state| state.current).map(Box::new);
        Answer { checks, execution, observations: 1, ..Answer::decided(outcome, decision, Some(seen.evidence)) }
    }

    /// Says how things stand: the document and each step as it is now.
    pub(super) async fn status(&self, call: &Call) -> Answer {
        let seen = self.observe(Scope::Asked, &mut Vec::new(), call).await;
        let (outcome, state) = match seen.state {
            Ok(versioned) => (Outcome::Reported, Some(Box::new(versioned.state))),
            Err(fault) => (Outcome::Failed { step: "status".to_owned(), why: fault.to_string() }, None),
        };
        Answer { state, evidence: Some(Box::new(seen.evidence)), observations: 1, ..Answer::new(outcome, Vec::new()) }
    }
}

/// Everything that would stand in the way of a failover while the primary is well.
pub fn preflight(state: &Reading<State>, evidence: &Evidence, policy: &Policy) -> Vec<Check> {
    let mut checks = vec![record(state, evidence), probe(evidence)];
    checks.extend(pause(state, evidence));
    checks.extend(controls(evidence));
    checks.extend(traffic(evidence));
    checks.extend(history(evidence, policy));
    checks.extend(armed(state, evidence));
    checks.extend(times(state, evidence));
    for seen in &evidence.steps {
        checks.push(match &seen.seen {
            Ok(step) => match &step.state {
                StepState::Blocked { why } => check(&seen.step, Level::Error, why.clone()),
                StepState::Done | StepState::Todo => check(&seen.step, Level::Good, step.found.clone()),
            },
            Err(fault) => check(&seen.step, Level::Error, fault.to_string()),
        });
    }
    match &evidence.fitness {
        Some(Ok(fitness)) => checks.extend(fitness.checks.iter().cloned()),
        Some(Err(fault)) => checks.push(check("standby", Level::Error, fault.to_string())),
        None => {}
    }
    checks
}

/// What a watching step still misses. Before a failover that is everything, so it says nothing; afterwards it is told
/// as what it is.
fn judge_watched(checks: &mut [Check], evidence: &Evidence, step: &str, has_begun: bool) {
    let waits = evidence
        .steps
        .iter()
        .any(|seen| seen.step == step && seen.seen.as_ref().is_ok_and(|observed| observed.state == StepState::Todo));
    for check in checks.iter_mut().filter(|check| waits && check.name == step) {
        if has_begun {
            check.level = Level::Warning;
        } else {
            check.found = "not checked: it is looked at once a failover has begun".to_owned();
        }
    }
}

/// Whether a failover that is due would begin.
fn mode(mode: Mode, is_mute: bool) -> Check {
    let (level, found) = match mode {
        Mode::Automatic => (Level::Good, "automatic: a failover that is due begins".to_owned()),
        Mode::Observe => {
            (Level::Warning, "observe: a failover that is due is told and noted, and not begun".to_owned())
        }
        Mode::Ask { .. } if is_mute => {
            (Level::Error, "ask: people are to approve a failover, and nobody is configured to be told".to_owned())
        }
        Mode::Ask { within, then } => {
            let (minutes, then) = (within.as_secs_f64() / 60.0, then.name());
            (
                Level::Good,
                format!("ask: people approve a failover that is due within {minutes:.0} minutes, then {then}"),
            )
        }
    };
    check("mode", level, found)
}

fn check(name: &str, level: Level, found: String) -> Check {
    Check { name: name.to_owned(), level, found }
}

fn record(state: &Reading<State>, evidence: &Evidence) -> Check {
    match state {
        Err(fault) => check("record", Level::Error, fault.to_string()),
        Ok(state) => match state.open() {
            _ if let (Some(why), Some(run)) = (&evidence.foreign, &state.current) => {
                check("record", Level::Error, format!("execution {} is not executed: {why}", quoted(&run.id)))
            }
            Some(open) => check("record", Level::Warning, format!("execution {} is not finished", open.id)),
            None if state.failed_over() => check("record", Level::Warning, "the last failover still stands".to_owned()),
            None if let Some(since) = state.lock_seen => {
                let found = format!("a lock stands since {since:.0} at the latest that no execution of the record set");
                check("record", Level::Warning, found)
            }
            None => check("record", Level::Good, "readable, nothing unfinished".to_owned()),
        },
    }
}

fn pause(state: &Reading<State>, evidence: &Evidence) -> Option<Check> {
    let now = evidence.clock_is_wrong().unwrap_or(evidence.at);
    let pause = state.as_ref().ok()?.pause.as_ref().filter(|pause| !pause.is_over(now))?;
    Some(check("pause", Level::Error, pause.to_string()))
}

fn probe(evidence: &Evidence) -> Check {
    match evidence.probes.last().map(|probe| &probe.result) {
        None => check("probe", Level::Warning, "none is configured: without metrics there is no evidence".to_owned()),
        Some(ProbeResult::Healthy { said }) => check("probe", Level::Good, format!("the primary answers: {said}")),
        Some(ProbeResult::Failing { why }) => {
            check("probe", Level::Warning, format!("the primary does not answer: {why}"))
        }
        Some(ProbeResult::Inconclusive { why }) => {
            check("probe", Level::Error, format!("the probe cannot tell: {why}"))
        }
    }
}

/// What shows that a failing probe is the primary's silence, and not our own.
fn controls(evidence: &Evidence) -> Option<Check> {
    let probe = evidence.probes.last()?;
    let answered = probe.controls.iter().filter(|control| control.answered).count();
    let said = |control: &Control| format!("{}: {}", control.target, control.found);
    let all: Vec<_> = probe.controls.iter().map(said).collect();
    Some(match (probe.controls.len(), answered) {
        (0, _) => check(
            "control-targets",
            Level::Error,
            "none is configured: without metrics this function could never prove an outage".to_owned(),
        ),
        (asked, 0) => check(
            "control-targets",
            Level::Error,
            format!(
                "none of {asked} answers: this function has no way out, so its probes prove nothing. {}",
                all.join("; ")
            ),
        ),
        (asked, answered) if answered < asked => {
            check("control-targets", Level::Warning, format!("{answered} of {asked} answer. {}", all.join("; ")))
        }
        (asked, _) => check("control-targets", Level::Good, format!("{asked} of {asked} answer")),
    })
}

fn traffic(evidence: &Evidence) -> Option<Check> {
    Some(match evidence.traffic.as_ref()? {
        Err(fault) => check("traffic-name", Level::Warning, fault.to_string()),
        Ok(answer) if answer.names == NamedSite::Primary => {
            check("traffic-name", Level::Good, format!("leads to the primary: {}", answer.found))
        }
        Ok(answer) => check("traffic-name", Level::Warning, format!("does not lead to the primary: {}", answer.found)),
    })
}

fn armed(state: &Reading<State>, evidence: &Evidence) -> Option<Check> {
    let state = state.as_ref().ok()?;
    let seen = evidence.probes.iter().any(|probe| matches!(probe.result, ProbeResult::Healthy { .. }));
    Some(match (state.armed, &evidence.last_well) {
        (Some(at), _) => check("armed", Level::Good, format!("the primary was seen well at {at:.0}")),
        (None, Some(Ok(Some(at)))) => {
            check("armed", Level::Good, format!("the history saw the primary well until {at:.0}"))
        }
        _ if seen => check("armed", Level::Good, "the primary is well now".to_owned()),
        (None, Some(Err(fault))) => {
            check("armed", Level::Warning, format!("not yet, and the history cannot be asked: {fault}"))
        }
        (None, _) => check(
            "armed",
            Level::Warning,
            "the primary was never seen well: nothing is failed over by itself until it is".to_owned(),
        ),
    })
}

/// Times and numbers that somebody wrote and that cannot be.
fn times(state: &Reading<State>, evidence: &Evidence) -> Vec<Check> {
    let now = evidence.at.max(evidence.server_time.unwrap_or(evidence.at));
    let mut checks = Vec::new();
    let mut look = |name: &str, of: &str, at: Option<Timestamp>| {
        if let Some(at) = at.filter(|at| *at > later(now, MOST_AHEAD)) {
            let found = format!("{of} names {at:.0}, ahead of the time now ({now:.0}); it is not believed");
            checks.push(check(name, Level::Warning, found));
        }
    };
    if let Some(Ok(noted)) = &evidence.last_failover {
        look("last-failover-note", "the note of the last failover", *noted);
    }
    if let Ok(state) = state {
        look("record-times", "the record's execution", state.current.as_ref().map(|run| run.started_at));
        look("record-times", "the record's acknowledgement", state.acknowledged);
        look("record-times", "the record's unlock", state.unlocked.max(state.lock_gone));
        let fence = state.open().map(|open| open.fence).filter(|fence| *fence > LARGEST_FENCE);
        checks.extend(fence.map(|fence| {
            let found = format!("the record's fence is {fence}; a lease counts to {LARGEST_FENCE}. It is not believed");
            check("record-fence", Level::Warning, found)
        }));
    }
    if let Some(Err(fault)) = &evidence.last_failover {
        checks.push(check("last-failover-note", Level::Warning, fault.to_string()));
    }
    checks
}

fn history(evidence: &Evidence, policy: &Policy) -> Option<Check> {
    let history = evidence.history.as_ref()?;
    Some(match history {
        Err(fault) => check("history", Level::Error, fault.to_string()),
        Ok(history) => match judge_history(history, None, policy, evidence.at) {
            Health::Healthy { at } => check("history", Level::Good, format!("healthy until {at:.0}")),
            Health::Failing(streak) => check("history", Level::Warning, format!("failing since {:.0}", streak.since)),
            Health::Silent { why } => check("history", Level::Error, why),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{evidence::StepSeen, step::Observation};

    #[test]
    fn what_a_watching_step_misses_is_never_called_good() {
        let told = |observation: Observation, has_begun| {
            let steps = vec![StepSeen {
                step: "verify".to_owned(),
                locks: false,
                direction: Default::default(),
                seen: Ok(observation.clone()),
            }];
            let evidence = Evidence { steps, ..Evidence::nothing(Timestamp::UNIX_EPOCH) };
            let mut checks = vec![check("verify", Level::Good, observation.found)];
            judge_watched(&mut checks, &evidence, "verify", has_begun);
            checks.remove(0)
        };
        let missing = || Observation::todo("0 of 1 nodes ready", serde_json::Value::Bool(true));
        let before = told(missing(), false);
        assert!(before.level == Level::Good && before.found.starts_with("not checked"), "{before:?}");
        let after = told(missing(), true);
        assert!(after.level == Level::Warning && after.found == "0 of 1 nodes ready", "{after:?}");
        assert_eq!(told(Observation::done("1 of 1 nodes ready"), true).level, Level::Good);
    }
}
