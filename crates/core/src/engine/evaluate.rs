//! Looks and decides until there is something to do or to say.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Engine,
    answer::{Answer, Outcome, outcome},
    claim::Claimed,
    observe::{Observed, Scope},
    request::{Action, Request},
    session::Session,
};
use crate::{
    clock::{Call, half, later, until},
    decision::{Asked, Decision, Gate, Reason, Said, Verdict, Word, decide, decide_asked},
    evidence::{Evidence, Reading},
    holdoff::{Health, judge_history},
    policy::MOST_AHEAD,
    record::{State, Trigger, Waiter},
    step::StepState,
    transition::Event,
};

/// The shortest pause between two looks, and that only after the first claim of a call that failed: the others get a poll.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);

/// What a round of looking came to.
pub(super) enum Round {
    /// Say this.
    Answer(Box<Answer>),
    /// Look again, not before this time, for these reasons.
    Again(Timestamp, Decision),
}

impl Engine {
    pub(super) fn decide(&self, seen: &Observed, request: &Request) -> Decision {
        let state: Reading<State> = seen.state.clone().map(|versioned| versioned.state);
        let mut waived = request.overrides.clone();
        if request.action == Action::Finish && request.trigger == Trigger::Operator {
            // A person who says "finish it" has looked at the primary.
            waived.push(Gate::PrimaryFailing);
        }
        let (evidence, policy, at) = (&seen.evidence, &self.policy, seen.evidence.at);
        let Some(kind) = request.action.kind() else {
            return decide(&state, evidence, policy, at, Said { waived: &waived, word: word(request) });
        };
        let asked = Asked {
            kind,
            by_person: request.trigger == Trigger::Operator,
            given: self.runbook.driven(kind, None).is_some(),
            data: request.data.is_some(),
            confirms: request.action == Action::Failback { rest: true },
        };
        decide_asked(asked, &state, evidence, policy, at, &waived)
    }
}

impl Session<'_> {
    /// Judges the evidence until it has an answer, waiting in between as long as the deadline allows.
    pub(super) async fn evaluate(mut self) -> Answer {
        let (engine, request) = (self.engine, self.request);
        let mut observations = 0;
        let mut doubted = false;
        let mut noted = Vec::new();
        let mut scope = if request.trigger == Trigger::Tick { Scope::Quick } else { Scope::Full };
        let answer = loop {
            observations = u32::saturating_add(observations, 1);
            let mut seen = self.observe(scope).await;
            if let Some(steps) = request.action.kind().and_then(|kind| engine.runbook.driven(kind, None)) {
                seen.evidence.kind_steps = engine.observe_kind(&steps, self.call).await;
            }
            self.count_wellness(&seen.evidence).await;
            let decision = engine.decide(&seen, request);
            if scope == Scope::Quick && !engine.quick_is_enough(&seen, &decision) {
                scope = Scope::Full;
                continue;
            }
            if !doubted && is_of_one_moment(&decision, request) {
                doubted = true;
                let then = later(seen.evidence.at, engine.policy.poll);
                if self.may_wait(then, &decision) {
                    engine.ports.clock.sleep(engine.policy.poll).await;
                    continue;
                }
            }
            self.teller.saw(&seen, &decision, request);
            if matches!(decision.verdict, Verdict::NoteUnlock | Verdict::NoteFailback) {
                // What is noted on the way is said in the end, whatever is concluded then.
                noted.extend(decision.reasons.last().cloned());
            }
            match self.round(seen, decision).await {
                Round::Answer(answer) => break *answer,
                Round::Again(then, mut decision) => {
                    if !self.may_wait(then, &decision) {
                        self.teller.waits();
                        break Answer::decided(Outcome::Deferred { until: then }, decision, None);
                    }
                    if let Some(reason) = self.another_waits().await {
                        decision.reasons.push(reason);
                        break Answer::decided(Outcome::Deferred { until: then }, decision, None);
                    }
                    // Its mark stands; without one another call may be about to set its own.
                    if self.record.is_some() {
                        self.teller.waits();
                    }
                    let pause = until(engine.ports.clock.now(), then).min(engine.policy.poll).max(SHORTEST_PAUSE);
                    let why = decision.reasons.last().map(tracing::field::display);
                    tracing::info!(pause_s = pause.as_secs_f64(), why, "waiting");
                    engine.ports.clock.sleep(pause).await;
                }
            }
        };
        if let Some(lease) = self.lease.take() {
            lease.release().await;
        }
        self.teller.answered(&answer);
        self.teller.settle(self.call).await;
        noted.dedup();
        Answer { observations, ..answer.after(noted) }
    }

    async fn round(&mut self, seen: Observed, decision: Decision) -> Round {
        let engine = self.engine;
        let evidence = seen.evidence;
        let Ok(versioned) = seen.state else {
            // Without the record nobody knows what is unfinished, whatever was asked.
            return Round::Again(later(evidence.at, engine.policy.poll), decision);
        };
        let only_finish = self.request.action == Action::Finish;
        // A worker that drives a failover may be about to set the lock.
        let locks = versioned.state.open().is_none_or(|open| open.kind.activates_standby());
        let sets_lock = locks && acts(decision.verdict);
        if !only_finish && !sets_lock {
            self.note_lock(&evidence).await;
        }
        match decision.verdict {
            Verdict::Begin { .. } if self.ended.is_some() => {
                let why = self.ended.take().unwrap_or_default();
                let mut decision = decision;
                decision.reasons.push(Reason::PrimaryNotWell { why });
                say(Outcome::Refused, decision, evidence)
            }
            verdict if only_finish && versioned.state.open().is_none() && begins(verdict) => {
                nothing_unfinished(decision)
            }
            Verdict::Relock if !engine.is_unlocked(self.call).await => {
                Round::Again(later(engine.ports.clock.now(), engine.policy.poll), decision)
            }
            Verdict::Ask => self.ask(evidence, decision).await,
            Verdict::AwaitApproval => self.await_approval(evidence, decision).await,
            Verdict::WouldBegin { since } => self.would_begin(since, evidence, decision).await,
            Verdict::AwaitPerson => {
                let execution = versioned.state.current;
                let outcome = execution.as_ref().map_or(Outcome::Reported, outcome);
                let answer = Answer::decided(outcome, decision, Some(evidence));
                Round::Answer(Box::new(Answer { execution: execution.map(Box::new), ..answer }))
            }
            Verdict::NoteUnlock | Verdict::NoteFailback => self.note_unlock(decision).await,
            Verdict::Wait { .. } if only_finish => nothing_unfinished(decision),
            Verdict::Wait { until } => Round::Again(until, decision),
            Verdict::AlreadyDone => {
                let execution = versioned.state.current.map(Box::new);
                let answer = Answer::decided(Outcome::AlreadyDone, decision, Some(evidence));
                Round::Answer(Box::new(Answer { execution, ..answer }))
            }
            Verdict::StandDown => {
                self.seen_well(&decision).await;
                say(Outcome::StoodDown, decision, evidence)
            }
            Verdict::Refuse => {
                self.still_lapsed(&decision).await;
                say(Outcome::Refused, decision, evidence)
            }
            Verdict::Finish | Verdict::FailOver | Verdict::Relock | Verdict::Begin { .. } | Verdict::Close => {
                self.drive(evidence, decision).await
            }
        }
    }

    async fn drive(&mut self, evidence: Evidence, decision: Decision) -> Round {
        let run = match self.claim(evidence, decision).await {
            Claimed::Run(run) => run,
            Claimed::NotNow(then, decision) => return Round::Again(then, decision),
        };
        let driven = run.drive().await;
        self.lease = driven.lease;
        self.record = None;
        match driven.not_well {
            // It is over, or not to go on like this; what is due now is judged anew.
            Some(why) => self.primary_not_well(why),
            None => Round::Answer(Box::new(driven.answer)),
        }
    }

    /// An effect that asks for a primary that is well did not find it so: the next look tells what becomes of that.
    fn primary_not_well(&mut self, why: String) -> Round {
        self.ended = Some(why.clone());
        let decision =
            Decision { verdict: Verdict::Close, reasons: vec![Reason::PrimaryNotWell { why }], streak: None };
        Round::Again(later(self.engine.ports.clock.now(), self.engine.policy.poll), decision)
    }

    /// One waiting call is enough: many would use up the invocations that an operator needs. The first leaves a mark,
    /// which is over by itself; who finds another's goes, and says when to come back. An operator's own call waits in
    /// any case, and so does whoever cannot read or write the mark.
    async fn another_waits(&mut self) -> Option<Reason> {
        let Engine { policy, holder, .. } = self.engine;
        let record = self.record.as_ref().filter(|_| self.request.trigger != Trigger::Operator)?;
        let now = self.time();
        let lasts = policy.waiter_mark();
        let until = later(now, lasts);
        match &record.state().waiter {
            // A mark that ends later than any clock explains is somebody else's invention.
            Some(mark) if mark.holder != *holder && now < mark.until && mark.until <= later(until, MOST_AHEAD) => {
                return Some(Reason::AnotherWaits { holder: mark.holder.clone(), until: mark.until });
            }
            Some(mark) if mark.holder == *holder && later(now, half(lasts)) < mark.until => return None,
            _ => {}
        }
        self.note([Event::Waits(Waiter { holder: holder.clone(), until })]).await;
        None
    }

    /// A person and an alarm wait: no other call may come. A tick comes again by itself, so it stays only for what
    /// has to be watched without a break. Nobody waits for what only a person can mend.
    fn may_wait(&self, then: Timestamp, decision: &Decision) -> bool {
        let (request, limits) = (self.request, &self.engine.limits);
        let watching = |reason: &Reason| {
            matches!(
                reason,
                Reason::HoldoffRunning { .. }
                    | Reason::SourcesDisagree { .. }
                    | Reason::LockGone { .. }
                    | Reason::ForeignLockGone { .. }
                    | Reason::FailedBack { .. }
                    | Reason::DnsNamesPrimary { .. }
                    | Reason::PrimaryNotWell { .. }
            )
        };
        let patient = request.trigger != Trigger::Tick || decision.reasons.iter().any(watching);
        let hopeless = decision.reasons.last().is_some_and(Reason::is_permanent);
        patient && !hopeless && later(then, limits.margin) <= request.deadline
    }
}

impl Engine {
    pub(super) async fn is_unlocked(&self, call: &Call) -> bool {
        self.lock_stands(call).await == Some(false)
    }

    /// Whether traffic is locked now; `None` where that cannot be seen.
    pub(super) async fn lock_stands(&self, call: &Call) -> Option<bool> {
        let lock = self.runbook.steps.get(self.runbook.lock()?)?;
        let seen = call.read(lock.name(), || lock.observe(call)).await;
        seen.ok().map(|seen| seen.state == StepState::Done)
    }

    /// A quick observation sees that the primary is well, and what holds everything back; all else needs a full look. So does a lock
    /// that may stand, by the record or because the history fails while the primary answers.
    fn quick_is_enough(&self, seen: &Observed, decision: &Decision) -> bool {
        let held = |reason: &Reason| matches!(reason, Reason::Paused { .. } | Reason::CoolingDown { .. });
        match decision.verdict {
            Verdict::StandDown => {
                let state = seen.state.as_ref().map(|versioned| &versioned.state);
                let lock_may_stand = state.is_ok_and(State::lock_may_stand);
                let unlocked = state.ok().and_then(|state| state.unlocked);
                let unlocked = unlocked.filter(|at| *at <= seen.evidence.latest());
                let history = seen.evidence.history.as_ref().and_then(|history| history.as_ref().ok());
                let judged = history.map(|history| judge_history(history, unlocked, &self.policy, seen.evidence.at));
                !lock_may_stand && !matches!(judged, Some(Health::Failing(_)))
            }
            Verdict::Refuse => decision.reasons.last().is_some_and(held),
            _ => false,
        }
    }
}

/// What a caller says about the question whether a failover begins.
fn word(request: &Request) -> Word<'_> {
    match request.action {
        Action::Approve => Word::Approves(request.question.as_deref().unwrap_or_default()),
        Action::FailOver if request.trigger == Trigger::Operator => Word::Begins,
        _ => Word::None,
    }
}

/// True for a verdict on which something is driven or noted.
fn acts(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::FailOver | Verdict::Finish | Verdict::Relock | Verdict::NoteUnlock | Verdict::NoteFailback
    )
}

/// True for a verdict on which a failover begins or would begin, or which clears the way for one.
fn begins(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::FailOver | Verdict::Ask | Verdict::AwaitApproval | Verdict::WouldBegin { .. } | Verdict::NoteUnlock
    )
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
