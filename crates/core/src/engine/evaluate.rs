//! Looks and decides until there is something to do or to say.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Engine,
    answer::{Answer, Outcome},
    claim::Claimed,
    look::{Scope, Seen},
    request::{Action, Request},
};
use crate::{
    clock::{Call, until},
    decision::{Decision, Reason, Verdict, decide},
    evidence::{Evidence, Reading},
    ports::{Grant, Versioned},
    record::{State, Trigger},
    step::Standing,
    transition::{Event, next},
};

/// The shortest pause between two looks: a wait that is over already must not become a busy loop.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);

/// What a round of looking came to.
pub(super) enum Round {
    /// Say this.
    Answer(Box<Answer>),
    /// Look again, not before this time, for these reasons.
    Again(Timestamp, Decision),
}

impl Engine {
    /// Judges the evidence until it has an answer, waiting in between as long as the deadline allows.
    pub(super) async fn evaluate(&self, request: &Request, call: &Call) -> Answer {
        let mut probes = Vec::new();
        let mut grant = None;
        let mut looks = 0;
        let mut scope = if request.trigger == Trigger::Tick { Scope::Glance } else { Scope::Full };
        let answer = loop {
            looks += 1;
            let seen = self.look(scope, &mut probes, call).await;
            let decision = self.decide(&seen, request);
            if scope == Scope::Glance && !matches!(decision.verdict, Verdict::StandDown | Verdict::Refuse) {
                scope = Scope::Full;
                continue;
            }
            match self.round(seen, decision, request, call, &mut grant).await {
                Round::Answer(answer) => break *answer,
                Round::Again(then, decision) if self.may_wait(then, &decision, request) => {
                    let pause = until(self.ports.clock.now(), then).min(self.policy.poll).max(SHORTEST_PAUSE);
                    let why = decision.reasons.last().map(tracing::field::display);
                    tracing::info!(pause_s = pause.as_secs_f64(), why, "waiting");
                    self.ports.clock.sleep(pause).await;
                }
                Round::Again(then, decision) => {
                    break Answer::decided(Outcome::Deferred { until: then }, decision, None);
                }
            }
        };
        if let Some(grant) = &grant {
            self.release(grant, call).await;
        }
        Answer { looks, ..answer }
    }

    pub(super) fn decide(&self, seen: &Seen, request: &Request) -> Decision {
        let state: Reading<State> = seen.state.clone().map(|versioned| versioned.state);
        decide(&state, &seen.evidence, &self.policy, seen.evidence.at, &request.overrides)
    }

    async fn round(
        &self,
        seen: Seen,
        decision: Decision,
        request: &Request,
        call: &Call,
        grant: &mut Option<Grant>,
    ) -> Round {
        let Seen { state, evidence } = seen;
        let Ok(versioned) = state else {
            // Without the record nobody knows what is unfinished, whatever was asked.
            return Round::Again(evidence.at + self.policy.poll, decision);
        };
        let only_resume = request.action == Action::Resume;
        match decision.verdict {
            Verdict::FailOver | Verdict::NoteUnlock if only_resume => nothing_unfinished(decision),
            Verdict::Resume | Verdict::FailOver => {
                match self.claim(versioned, evidence, decision, request, call, grant).await {
                    Claimed::Run(run) => Round::Answer(Box::new(self.drive(*run, call, grant).await)),
                    Claimed::NotNow(then, decision) => Round::Again(then, decision),
                }
            }
            Verdict::NoteUnlock => self.note_unlock(versioned, decision, call).await,
            Verdict::Wait { .. } if only_resume => nothing_unfinished(decision),
            Verdict::Wait { until } => Round::Again(until, decision),
            Verdict::AlreadyDone => {
                let execution = versioned.state.current.map(Box::new);
                let answer = Answer::decided(Outcome::AlreadyDone, decision, Some(evidence));
                Round::Answer(Box::new(Answer { execution, ..answer }))
            }
            Verdict::StandDown => say(Outcome::StoodDown, decision, evidence),
            Verdict::Refuse => say(Outcome::Refused, decision, evidence),
        }
    }

    /// Writes down that the lock is gone, so that the history from before is not held against the primary.
    async fn note_unlock(&self, versioned: Versioned, decision: Decision, call: &Call) -> Round {
        let then = self.ports.clock.now() + self.policy.poll;
        // The readings of one look are not of one instant: the lock may have been read before another worker set it,
        // and the record after. What is seen from here on is younger than the record.
        if !self.is_unlocked(call).await {
            return Round::Again(then, decision);
        }
        let event = Event::Unlocked { at: self.ports.clock.now() };
        if let Ok(state) = next(&versioned.state, event) {
            let save = call.once("record", self.ports.store.save(call, &state, &versioned.version));
            if let Err(fault) = save.await {
                tracing::warn!(call = fault.call, "the unlock could not be noted: {}", fault.message);
            }
        }
        Round::Again(then, decision)
    }

    async fn is_unlocked(&self, call: &Call) -> bool {
        let Some(lock) = self.runbook.lock().and_then(|position| self.runbook.steps.get(position)) else {
            return false;
        };
        let seen = call.read(lock.name(), || lock.observe(call)).await;
        seen.is_ok_and(|seen| seen.standing != Standing::Done)
    }

    /// A person and an alarm wait: no other call may come. A tick comes again by itself, so it stays only for what
    /// has to be watched without a break.
    fn may_wait(&self, then: Timestamp, decision: &Decision, request: &Request) -> bool {
        let watching = |reason: &Reason| {
            matches!(reason, Reason::HoldoffRunning { .. } | Reason::SourcesDisagree { .. } | Reason::LockGone { .. })
        };
        let patient = request.trigger != Trigger::Tick || decision.reasons.iter().any(watching);
        patient && then + self.limits.margin <= request.deadline
    }
}

fn say(outcome: Outcome, decision: Decision, evidence: Evidence) -> Round {
    Round::Answer(Box::new(Answer::decided(outcome, decision, Some(evidence))))
}

fn nothing_unfinished(mut decision: Decision) -> Round {
    decision.reasons.push(Reason::NothingUnfinished);
    Round::Answer(Box::new(Answer::decided(Outcome::StoodDown, decision, None)))
}
