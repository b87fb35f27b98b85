//! How things stand.

use holdfast_core::{
    Timestamp,
    clock::later,
    engine::Answer,
    evidence::{Evidence, Level},
    fault::quoted,
    record::{Execution, Pause, Progress, State, Status, Trigger},
};

use super::{moment, plan, unreadable};
use crate::command::{exit::Exit, target::Target};

/// The screen.
pub fn status(target: &Target, answer: &Answer, now: Timestamp) -> (String, Exit) {
    let view = View { target, state: answer.state.as_deref(), evidence: answer.evidence.as_deref(), now };
    let Some(state) = view.state else {
        let mut text = format!("{}: CANNOT TELL: {}\n\n", target.name(), unreadable(answer));
        view.sites(&mut text);
        text.push_str("\nNext: reach the standby cluster; the record is there. By hand: holdfast runbook\n");
        return (text, Exit::CannotTell);
    };
    let mut text = format!("{}: {}   {}\n\n", target.name(), view.headline(state), moment::utc(now));
    view.sites(&mut text);
    text.push('\n');
    view.gates(state, &mut text);
    view.last(state, &mut text);
    text.push_str(&format!("\nNext: {}\n", view.next(state)));
    (text, Exit::Done)
}

struct View<'a> {
    target: &'a Target,
    state: Option<&'a State>,
    evidence: Option<&'a Evidence>,
    now: Timestamp,
}

impl View<'_> {
    fn locked(&self) -> Option<bool> {
        self.evidence.and_then(|evidence| evidence.locked)
    }

    fn pause<'s>(&self, state: &'s State) -> Option<&'s Pause> {
        state.pause.as_ref().filter(|pause| !pause.is_over(self.now))
    }

    fn headline(&self, state: &State) -> String {
        let (home, standby) = (self.target.home().to_uppercase(), self.target.standby().to_uppercase());
        let mut told = match (state.open(), state.failed_over(), self.locked()) {
            (Some(run), ..) => vec![format!("A {} IS OPEN ({})", run.kind.name().to_uppercase(), progress(run))],
            (None, true, Some(false)) => vec![format!("{standby} ACTIVE"), "TRAFFIC NOT LOCKED".to_owned()],
            (None, true, _) => vec![format!("{standby} ACTIVE"), "traffic locked".to_owned()],
            (None, false, Some(true)) => {
                vec!["TRAFFIC LOCKED".to_owned(), "by no execution of the record".to_owned()]
            }
            (None, false, _) => vec![format!("{home} ACTIVE"), format!("{} at rest", self.target.standby())],
        };
        if self.locked().is_none() {
            told.push("LOCK NOT READ".to_owned());
        }
        if self.pause(state).is_some() {
            told.push("PAUSED".to_owned());
        }
        if state.armed.is_none() {
            told.push("NOT ARMED (home was not seen well yet)".to_owned());
        }
        told.join(", ")
    }

    /// One line for each site.
    fn sites(&self, text: &mut String) {
        let Some(evidence) = self.evidence else {
            text.push_str("  neither site was looked at\n");
            return;
        };
        let policy = self.target.policy();
        let width = self.target.home().len().max(self.target.standby().len());
        let health = plan::health(evidence, &policy);
        text.push_str(&format!("  {:width$}  home      {health}\n", self.target.home()));
        let fitness = match &evidence.fitness {
            None => "not looked at".to_owned(),
            Some(Err(fault)) => format!("not reached: {fault}"),
            Some(Ok(fitness)) => {
                let count = |level: Level| fitness.checks.iter().filter(|check| check.level == level).count();
                let worst = fitness.errors().next().map(|check| format!("; {}: {}", check.name, check.found));
                let (errors, warnings) = (count(Level::Error), count(Level::Warning));
                format!("{errors} checks failed, {warnings} warn{}", worst.unwrap_or_default())
            }
        };
        text.push_str(&format!("  {:width$}  standby   {fitness}\n", self.target.standby()));
        for seen in &evidence.steps {
            let found = match &seen.seen {
                Ok(step) => step.found.clone(),
                Err(fault) => format!("not seen: {fault}"),
            };
            text.push_str(&format!("  {:width$}    {:<22} {found}\n", "", seen.step));
        }
    }

    fn gates(&self, state: &State, text: &mut String) {
        let pause = match self.pause(state) {
            Some(pause) => pause.to_string(),
            None => "not paused".to_owned(),
        };
        let armed = match state.armed {
            Some(at) => format!("armed: home was seen well at {}", moment::ago(at, self.now)),
            None => "not armed: nothing is failed over by itself until home has been seen well".to_owned(),
        };
        let cooldown = match state.last_failover() {
            Some(at) if state.acknowledged.is_some_and(|said| said >= at) => "cooldown waived by a person".to_owned(),
            Some(at) => {
                let ends = later(at, self.target.policy().cooldown);
                if ends > self.now {
                    format!("cooldown until {}", moment::ago(ends, self.now))
                } else {
                    "cooldown over".to_owned()
                }
            }
            None => "no cooldown".to_owned(),
        };
        let mut mode = self.target.mode().to_owned();
        if let Some(due) = state.question() {
            mode.push_str(&format!("; question {}, asked {}", quoted(&due.id), moment::ago(due.at, self.now)));
        }
        for due in state.observed.iter().filter_map(holdfast_core::record::Kept::known).take(3) {
            let (at, until) = (moment::utc(due.at), moment::utc(due.until));
            mode.push_str(&format!("; a failover was due from {at} to {until} at least"));
        }
        for (name, told) in [("mode", mode), ("pause", pause), ("armed", armed), ("cooldown", cooldown)] {
            text.push_str(&format!("  {name:<9} {told}\n"));
        }
    }

    fn last(&self, state: &State, text: &mut String) {
        let Some(run) = &state.current else {
            text.push_str("  last      no execution is in the record\n");
            return;
        };
        let took = run
            .finished_at
            .map(|end| format!(" (took {})", moment::span(holdfast_core::clock::until(run.started_at, end))));
        text.push_str(&format!(
            "  last      {} {} by {}, begun {}: {}{}\n",
            run.kind,
            run.id,
            run.trigger.known().map_or("what this version does not know", Trigger::label),
            moment::ago(run.started_at, self.now),
            progress(run),
            took.unwrap_or_default()
        ));
        for step in run.steps.iter().filter(|step| !step.is_done()) {
            let why = match &step.progress {
                Progress::Owed { why } | Progress::Failing { why } => why.to_string(),
                Progress::Pending | Progress::Done { .. } => "not reached yet".to_owned(),
            };
            text.push_str(&format!("            owed: {}: {why}\n", step.step));
        }
    }

    fn next(&self, state: &State) -> String {
        let home = self.target.home();
        let open = state.open();
        match open {
            _ if self.pause(state).is_some() => "holdfast resume --reason '...', when it may go on".to_owned(),
            Some(run) if run.kind.activates_standby() => {
                "the function drives it on each minute; at once: holdfast finish --reason '...'".to_owned()
            }
            Some(run) => format!("the {} goes on by a person's word; holdfast {} --help", run.kind, verb(run)),
            None if state.failed_over() => {
                format!("nothing by itself. When {home} is well again: holdfast failback --help")
            }
            None if let Some(due) = state.question() => {
                format!("to begin the failover that is due: holdfast approve {} --reason '...'", quoted(&due.id))
            }
            None if self.locked() == Some(true) => "find out who locked traffic; holdfast history".to_owned(),
            None => "nothing".to_owned(),
        }
    }
}

/// The verb that goes on with it.
fn verb(run: &Execution) -> &'static str {
    match run.kind {
        holdfast_core::kind::Kind::Failback => "failback",
        _ => "finish",
    }
}

/// How far an execution is, in words.
pub fn progress(run: &Execution) -> &'static str {
    match run.status {
        Status::Running => "running",
        Status::Owed => "done but for what is owed",
        Status::Completed => "completed, nothing is owed",
        Status::Aborted => "ended by a person",
        Status::FailedBack => "failed back",
        Status::Closed => "closed: home did not stay well, or it was put to rest",
    }
}
