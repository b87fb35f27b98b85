//! What a look shows and the record has to know, though nothing is driven for it.

use super::{
    evaluate::Round,
    request::Action,
    session::{NotAcquired, Session},
};
use crate::{
    action::Access,
    clock::{half, later, until},
    decision::{Decision, Reason, Verdict, answers_now, counts_wellness},
    evidence::Evidence,
    record::Well,
    transition::Event,
};

impl Session<'_> {
    /// Counts for how long the primary has been well while a failover stands: what a failback asks for.
    pub(super) async fn count_wellness(&mut self, evidence: &Evidence) {
        let only_asks = self.request.action == Action::Finish || self.request.action.rule().access == Access::Reads;
        let Some(record) = self.record.as_ref().filter(|record| counts_wellness(record.state()) && !only_asks) else {
            return;
        };
        let (policy, now) = (&self.engine.policy, self.time());
        let mark = record.state().well.as_ref();
        let event = match (answers_now(evidence), mark) {
            (Some(true), Some(mark)) if until(mark.until, now) <= policy.well_gap() => {
                let well = Well { since: mark.since, until: now };
                // The mark is renewed before it breaks, and not at each look.
                (later(mark.until, half(policy.probe_gap())) <= now).then_some(Event::WellFor(well))
            }
            (Some(true), _) => Some(Event::WellFor(Well { since: now, until: now })),
            (Some(false), Some(_)) => Some(Event::NotWell),
            (Some(false), None) | (None, _) => None,
        };
        let Some(event) = event else { return };
        let before = self.record.clone();
        self.note([event]).await;
        // What could not be noted leaves the record as it was read.
        self.record = self.record.take().or(before);
    }

    /// Writes down that the lock is gone, so that the history from before is not held against the primary. An open
    /// execution that it belonged to is over. Done under the lease: a worker that drives may be about to set the lock.
    pub(super) async fn note_unlock(&mut self, mut decision: Decision) -> Round {
        let engine = self.engine;
        let then = later(engine.ports.clock.now(), engine.policy.poll);
        match self.acquire(&mut decision).await {
            Ok(()) => {}
            Err(NotAcquired::Held(until)) => return Round::Again(until.max(then), decision),
            Err(NotAcquired::Fault(fault)) => {
                decision.reasons.push(Reason::ClaimFailed { fault: fault.noted() });
                return Round::Again(then, decision);
            }
        }
        // The readings of one look are not of one instant: the lock may have been read before another worker set it,
        // and the record after. What is seen from here on is younger than the record.
        if !engine.is_unlocked(self.call).await {
            return Round::Again(then, decision);
        }
        let at = self.time();
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
        self.note(events.into_iter().flatten()).await;
        self.record = None;
        Round::Again(then, decision)
    }

    /// Writes down, once, a lock that no execution explains, or that the lock of a failover that stands is gone. What the
    /// history says from under a lock is about the lock.
    pub(super) async fn note_lock(&mut self, evidence: &Evidence) {
        let at = self.time();
        let Some(stands) = evidence.locked else { return };
        if !self.record.as_ref().is_some_and(|record| record.state().lock_is_news(at, stands)) {
            return;
        }
        // The readings of one look are not of one instant. What is written is written on the record as it was read, so
        // that what is seen now is younger.
        if self.engine.lock_stands(self.call).await == Some(stands) {
            self.note([Event::LockSeen { at, stands }]).await;
        }
    }

    /// Writes down, once, that the primary was seen well, and takes back what people were asked about it.
    pub(super) async fn seen_well(&mut self, decision: &Decision) {
        let well = |reason: &Reason| matches!(reason, Reason::PrimaryHealthy { .. });
        let Some(record) = self.record.as_ref().filter(|_| decision.reasons.iter().any(well)) else { return };
        let (unarmed, asked) = (record.state().armed.is_none(), record.state().question.is_some());
        let at = self.time();
        let events = [unarmed.then_some(Event::Armed { at }), asked.then_some(Event::Withdrawn)];
        if unarmed || asked {
            self.note(events.into_iter().flatten()).await;
        }
    }
}
