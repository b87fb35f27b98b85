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
    clock::{Call, half, later, until},
    decision::{Decision, Gate, Reason, Verdict, decide},
    evidence::{Evidence, Reading},
    policy::MOST_AHEAD,
    ports::{Claim, Grant, Versioned},
    record::{State, Trigger, Waiter},
    step::Standing,
    transition::{Event, next},
};

/// The shortest pause between two looks: a wait that is over already must not become a busy loop.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);

/// What a round of looking came to.
pub(super) enum Round {
    /// Say this.
    Answer(Box<Answer>),
    /// Look again, not before this time, for these reasons. The record is as it was read, where it is known.
    Again(Timestamp, Decision, Option<Box<Versioned>>),
}

impl Engine {
    /// Judges the evidence until it has an answer, waiting in between as long as the deadline allows.
    pub(super) async fn evaluate(&self, request: &Request, call: &Call) -> Answer {
        let mut probes = Vec::new();
        let mut grant = None;
        let mut looks = 0;
        let mut doubted = false;
        let mut noted = Vec::new();
        let mut scope = if request.trigger == Trigger::Tick { Scope::Glance } else { Scope::Full };
        let answer = loop {
            looks = u32::saturating_add(looks, 1);
            let seen = self.look(scope, &mut probes, call).await;
            let decision = self.decide(&seen, request);
            if scope == Scope::Glance && !glance_is_enough(&decision) {
                scope = Scope::Full;
                continue;
            }
            if !doubted && is_of_one_moment(&decision, request) {
                doubted = true;
                let then = later(seen.evidence.at, self.policy.poll);
                if self.may_wait(then, &decision, request) {
                    self.ports.clock.sleep(self.policy.poll).await;
                    continue;
                }
            }
            if matches!(decision.verdict, Verdict::NoteUnlock | Verdict::NoteFailback) {
                // What is noted on the way is said in the end, whatever is concluded then.
                noted.extend(decision.reasons.last().cloned());
            }
            match self.round(seen, decision, request, call, &mut grant).await {
                Round::Answer(answer) => break *answer,
                Round::Again(then, mut decision, versioned) => {
                    if !self.may_wait(then, &decision, request) {
                        break Answer::decided(Outcome::Deferred { until: then }, decision, None);
                    }
                    if let Some(reason) = self.another_waits(versioned, request, call).await {
                        decision.reasons.push(reason);
                        break Answer::decided(Outcome::Deferred { until: then }, decision, None);
                    }
                    let pause = until(self.ports.clock.now(), then).min(self.policy.poll).max(SHORTEST_PAUSE);
                    let why = decision.reasons.last().map(tracing::field::display);
                    tracing::info!(pause_s = pause.as_secs_f64(), why, "waiting");
                    self.ports.clock.sleep(pause).await;
                }
            }
        };
        if let Some(grant) = &grant {
            self.release(grant, call).await;
        }
        noted.dedup();
        Answer { looks, ..answer.after(noted) }
    }

    pub(super) fn decide(&self, seen: &Seen, request: &Request) -> Decision {
        let state: Reading<State> = seen.state.clone().map(|versioned| versioned.state);
        let mut waived = request.overrides.clone();
        if request.action == Action::Resume && request.trigger == Trigger::Operator {
            // A person who says "finish it" has looked at the primary.
            waived.push(Gate::PrimaryFailing);
        }
        decide(&state, &seen.evidence, &self.policy, seen.evidence.at, &waived)
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
            return Round::Again(later(evidence.at, self.policy.poll), decision, None);
        };
        let only_resume = request.action == Action::Resume;
        match decision.verdict {
            Verdict::FailOver | Verdict::NoteUnlock if only_resume => nothing_unfinished(decision),
            Verdict::Relock if !self.is_unlocked(call).await => {
                Round::Again(later(self.ports.clock.now(), self.policy.poll), decision, Some(Box::new(versioned)))
            }
            Verdict::Resume | Verdict::FailOver | Verdict::Relock => {
                match self.claim(versioned, evidence, decision, request, call, grant).await {
                    Claimed::Run(run) => Round::Answer(Box::new(self.drive(*run, call, grant).await)),
                    Claimed::NotNow(then, decision, versioned) => Round::Again(then, decision, versioned),
                }
            }
            Verdict::NoteUnlock | Verdict::NoteFailback => self.note_unlock(versioned, decision, call, grant).await,
            Verdict::Wait { .. } if only_resume => nothing_unfinished(decision),
            Verdict::Wait { until } => Round::Again(until, decision, Some(Box::new(versioned))),
            Verdict::AlreadyDone => {
                let execution = versioned.state.current.map(Box::new);
                let answer = Answer::decided(Outcome::AlreadyDone, decision, Some(evidence));
                Round::Answer(Box::new(Answer { execution, ..answer }))
            }
            Verdict::StandDown => {
                self.arm(versioned, &decision, call).await;
                say(Outcome::StoodDown, decision, evidence)
            }
            Verdict::Refuse => say(Outcome::Refused, decision, evidence),
        }
    }

    /// Writes down that the lock is gone, so that the history from before is not held against the primary. An open
    /// execution that it belonged to is over. Done under the lease: a worker that drives may be about to set the lock.
    async fn note_unlock(
        &self,
        versioned: Versioned,
        mut decision: Decision,
        call: &Call,
        grant: &mut Option<Grant>,
    ) -> Round {
        let then = later(self.ports.clock.now(), self.policy.poll);
        match call.once("lease", self.ports.lease.acquire(call, &self.holder, self.limits.lease_ttl)).await {
            Ok(Claim::Granted(ours)) => *grant = Some(ours),
            Ok(Claim::Held { holder, until }) => {
                decision.reasons.push(Reason::HeldByAnother { holder, until });
                return Round::Again(until.max(then), decision, Some(Box::new(versioned)));
            }
            Err(fault) => {
                decision.reasons.push(Reason::ClaimFailed { fault: fault.noted() });
                return Round::Again(then, decision, Some(Box::new(versioned)));
            }
        }
        // The readings of one look are not of one instant: the lock may have been read before another worker set it,
        // and the record after. What is seen from here on is younger than the record.
        if !self.is_unlocked(call).await {
            return Round::Again(then, decision, Some(Box::new(versioned)));
        }
        let at = self.time(versioned.server_time);
        let event = match decision.verdict {
            Verdict::NoteFailback => {
                let reason = decision.reasons.last().map(ToString::to_string).unwrap_or_default();
                Event::FailedBack { at, reason }
            }
            _ => Event::Unlocked { at },
        };
        // That the primary is well was seen just now, and without its lock: no more is needed to be armed.
        let armed = decision.reasons.iter().any(|reason| matches!(reason, Reason::SeenWell { .. }));
        let events = [Some(event), armed.then_some(Event::Armed { at })];
        self.note_events(&versioned, events.into_iter().flatten(), call).await;
        Round::Again(then, decision, None)
    }

    /// Writes down, once, that the primary was seen well.
    async fn arm(&self, versioned: Versioned, decision: &Decision, call: &Call) {
        let well = |reason: &Reason| matches!(reason, Reason::PrimaryHealthy { .. });
        if versioned.state.armed.is_none() && decision.reasons.iter().any(well) {
            let at = self.time(versioned.server_time);
            self.note_events(&versioned, [Event::Armed { at }], call).await;
        }
    }

    /// Saves what happened, at once. What fails is noticed and noted by the next look.
    async fn note_events(&self, versioned: &Versioned, events: impl IntoIterator<Item = Event>, call: &Call) {
        let Ok(state) = events.into_iter().try_fold(versioned.state.clone(), |state, event| next(&state, event)) else {
            return;
        };
        let save = call.once("record", self.ports.store.save(call, &state, &versioned.version));
        if let Err(fault) = save.await {
            tracing::warn!(call = fault.call, "what was seen could not be noted: {}", fault.message);
        }
    }

    async fn is_unlocked(&self, call: &Call) -> bool {
        let Some(lock) = self.runbook.lock().and_then(|position| self.runbook.steps.get(position)) else {
            return false;
        };
        let seen = call.read(lock.name(), || lock.observe(call)).await;
        seen.is_ok_and(|seen| seen.standing != Standing::Done)
    }

    /// One waiting call is enough: many would use up the invocations that an operator needs. The first leaves a mark,
    /// which is over by itself; who finds another's goes, and says when to come back. An operator's own call waits in
    /// any case, and so does whoever cannot read or write the mark.
    async fn another_waits(&self, versioned: Option<Box<Versioned>>, request: &Request, call: &Call) -> Option<Reason> {
        let versioned = versioned.filter(|_| request.trigger != Trigger::Operator)?;
        let now = self.time(versioned.server_time);
        let lasts = self.policy.waiter_mark();
        let until = later(now, lasts);
        match &versioned.state.waiter {
            // A mark that ends later than any clock explains is somebody else's invention.
            Some(mark) if mark.holder != self.holder && now < mark.until && mark.until <= later(until, MOST_AHEAD) => {
                return Some(Reason::AnotherWaits { holder: mark.holder.clone(), until: mark.until });
            }
            Some(mark) if mark.holder == self.holder && later(now, half(lasts)) < mark.until => return None,
            _ => {}
        }
        let waits = Event::Waits(Waiter { holder: self.holder.clone(), until });
        self.note_events(&versioned, [waits], call).await;
        None
    }

    /// A person and an alarm wait: no other call may come. A tick comes again by itself, so it stays only for what
    /// has to be watched without a break. Nobody waits for what only a person can mend.
    fn may_wait(&self, then: Timestamp, decision: &Decision, request: &Request) -> bool {
        let watching = |reason: &Reason| {
            matches!(
                reason,
                Reason::HoldoffRunning { .. }
                    | Reason::SourcesDisagree { .. }
                    | Reason::LockGone { .. }
                    | Reason::FailedBack { .. }
                    | Reason::DnsNamesPrimary { .. }
            )
        };
        let patient = request.trigger != Trigger::Tick || decision.reasons.iter().any(watching);
        let hopeless = decision.reasons.last().is_some_and(Reason::is_permanent);
        patient && !hopeless && later(then, self.limits.margin) <= request.deadline
    }
}

/// A glance sees that the primary is well, and what holds everything back; all else needs a full look.
fn glance_is_enough(decision: &Decision) -> bool {
    let held = |reason: &Reason| matches!(reason, Reason::Paused { .. } | Reason::CoolingDown { .. });
    match decision.verdict {
        Verdict::StandDown => true,
        Verdict::Refuse => decision.reasons.last().is_some_and(held),
        _ => false,
    }
}

/// True for a refusal that an alarm would be told on what was seen in one moment. An alarm comes once, so it is looked
/// at twice.
fn is_of_one_moment(decision: &Decision, request: &Request) -> bool {
    let momentary = |reason: &Reason| matches!(reason, Reason::StandbyUnfit { .. } | Reason::NotArmed { .. });
    let alarm = matches!(request.trigger, Trigger::Alarm { .. });
    alarm && decision.verdict == Verdict::Refuse && decision.reasons.last().is_some_and(momentary)
}

fn say(outcome: Outcome, decision: Decision, evidence: Evidence) -> Round {
    Round::Answer(Box::new(Answer::decided(outcome, decision, Some(evidence))))
}

fn nothing_unfinished(mut decision: Decision) -> Round {
    decision.reasons.push(Reason::NothingUnfinished);
    Round::Answer(Box::new(Answer::decided(Outcome::StoodDown, decision, None)))
}
