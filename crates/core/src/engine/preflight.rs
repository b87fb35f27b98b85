//! What operators ask the engine: plan, preflight, status. Not one write.

use super::{
    Engine,
    answer::{Answer, Outcome},
    look::Scope,
    request::{Action, Request},
};
use crate::{
    clock::Call,
    evidence::{Check, Evidence, Level, ProbeResult, Reading},
    holdoff::{Health, judge_history},
    policy::Policy,
    record::State,
    step::Standing,
};

impl Engine {
    /// Says what a failover would do now (`plan`), or whether one would succeed (`preflight`).
    pub(super) async fn plan(&self, request: &Request, call: &Call) -> Answer {
        let seen = self.look(Scope::Full, &mut Vec::new(), call).await;
        let decision = self.decide(&seen, request);
        let outcome = Outcome::Planned { would: decision.verdict };
        let state: Reading<State> = seen.state.map(|versioned| versioned.state);
        let checks = match request.action {
            Action::Preflight => preflight(&state, &seen.evidence, &self.policy),
            _ => Vec::new(),
        };
        let execution = state.ok().and_then(|state| state.current).map(Box::new);
        Answer { checks, execution, looks: 1, ..Answer::decided(outcome, decision, Some(seen.evidence)) }
    }

    /// Says how things stand: the document and each step as it is now.
    pub(super) async fn status(&self, call: &Call) -> Answer {
        let seen = self.look(Scope::Full, &mut Vec::new(), call).await;
        let (outcome, state) = match seen.state {
            Ok(versioned) => (Outcome::Reported, Some(Box::new(versioned.state))),
            Err(fault) => (Outcome::Failed { step: "status".to_owned(), why: fault.to_string() }, None),
        };
        Answer { state, evidence: Some(Box::new(seen.evidence)), looks: 1, ..Answer::new(outcome, Vec::new()) }
    }
}

/// Everything that would stand in the way of a failover while the primary is well.
pub fn preflight(state: &Reading<State>, evidence: &Evidence, policy: &Policy) -> Vec<Check> {
    let mut checks = vec![record(state), probe(evidence)];
    checks.extend(pause(state));
    checks.extend(history(evidence, policy));
    if let Some(Err(fault)) = &evidence.last_failover {
        checks.push(check("last-failover-note", Level::Warning, fault.to_string()));
    }
    for seen in &evidence.steps {
        checks.push(match &seen.seen {
            Ok(step) => match &step.standing {
                Standing::Blocked { why } => check(&seen.step, Level::Error, why.clone()),
                Standing::Done | Standing::Todo => check(&seen.step, Level::Good, step.found.clone()),
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

fn check(name: &str, level: Level, found: String) -> Check {
    Check { name: name.to_owned(), level, found }
}

fn record(state: &Reading<State>) -> Check {
    match state {
        Err(fault) => check("record", Level::Error, fault.to_string()),
        Ok(state) => match state.open() {
            Some(open) => check("record", Level::Warning, format!("execution {} is not finished", open.id)),
            None if state.failed_over() => check("record", Level::Warning, "the last failover still stands".to_owned()),
            None => check("record", Level::Good, "readable, nothing unfinished".to_owned()),
        },
    }
}

fn pause(state: &Reading<State>) -> Option<Check> {
    let pause = state.as_ref().ok()?.pause.as_ref()?;
    Some(check("pause", Level::Error, format!("paused since {:.0}: {}", pause.at, pause.reason)))
}

fn probe(evidence: &Evidence) -> Check {
    match evidence.probes.last().map(|probe| &probe.result) {
        None => check("probe", Level::Warning, "none is configured: without metrics there is no evidence".to_owned()),
        Some(ProbeResult::Healthy { said }) => check("probe", Level::Good, format!("the primary answers: {said}")),
        Some(ProbeResult::Failing { why }) => check(
            "probe",
            Level::Warning,
            format!("the primary does not answer: {why}; check the way out of this function"),
        ),
        Some(ProbeResult::Inconclusive { why }) => {
            check("probe", Level::Error, format!("the probe cannot tell: {why}"))
        }
    }
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
