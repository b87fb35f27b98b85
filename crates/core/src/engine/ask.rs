//! A failover is due, and the mode does not let it begin by itself: people are asked, or it is only noted.

use jiff::Timestamp;

use super::{
    answer::{Answer, Outcome},
    claim::armed,
    evaluate::Round,
    session::Session,
};
use crate::{
    clock::{half, later, until},
    decision::{Decision, Reason, Verdict},
    evidence::Evidence,
    record::{Due, Kept, State},
    transition::Event,
};

impl Session<'_> {
    /// Writes the question down, on the record as it was read: of two calls one asks. Who could not write it looks again.
    pub(super) async fn ask(&mut self, evidence: Evidence, mut decision: Decision) -> Round {
        let due = Due::now(self.time());
        let events = armed(&decision).into_iter().chain([Event::Asked(due.clone())]);
        if let Err(fault) = self.commit(events).await {
            decision.reasons.push(Reason::ClaimFailed { fault: fault.noted() });
            return Round::Again(later(self.engine.ports.clock.now(), self.engine.policy.poll), decision);
        }
        decision.verdict = Verdict::AwaitApproval;
        for reason in &mut decision.reasons {
            if let Reason::ApprovalNeeded { id, .. } = reason {
                *id = Some(due.id.clone());
            }
        }
        if let Some(record) = &self.record {
            self.teller.decided(&decision, record.state(), evidence.at);
        }
        tracing::info!(question = due.id, "people are asked");
        asked(decision, evidence)
    }

    /// Nobody has answered yet.
    pub(super) async fn await_approval(&mut self, evidence: Evidence, decision: Decision) -> Round {
        if let Some(due) = self.renewed(State::question) {
            self.note([Event::Asked(due)]).await;
        }
        asked(decision, evidence)
    }

    /// A question that has lapsed stays until the outage is over, so that people are not asked twice.
    pub(super) async fn still_lapsed(&mut self, decision: &Decision) {
        let lapsed = matches!(decision.reasons.last(), Some(Reason::QuestionLapsed { .. }));
        if let Some(due) = self.renewed(State::question).filter(|_| lapsed) {
            self.note([Event::Asked(due)]).await;
        }
    }

    /// Mode `observe`: that it would begin is noted, and nothing else is done.
    pub(super) async fn would_begin(&mut self, since: Timestamp, evidence: Evidence, decision: Decision) -> Round {
        let known = |state: &State| state.observed.first().and_then(Kept::known).is_some_and(|due| due.at == since);
        if !self.record.as_ref().is_some_and(|record| known(record.state())) {
            let due = Due { at: since, ..Due::now(self.time()) };
            self.note(armed(&decision).into_iter().chain([Event::Observed(due)])).await;
        } else if let Some(due) = self.renewed(|state| state.observed.first().and_then(Kept::known)) {
            self.note([Event::Observed(due)]).await;
        }
        let answer = Answer::decided(Outcome::WouldBegin { since }, decision, Some(evidence));
        Round::Answer(Box::new(answer))
    }

    /// The same, seen to be due now. It is renewed before it could be taken for that of another outage, and not at each look.
    fn renewed(&self, of: impl Fn(&State) -> Option<&Due>) -> Option<Due> {
        let due = of(self.record.as_ref()?.state())?;
        let now = self.time();
        (until(due.until, now) >= half(self.engine.policy.probe_gap())).then(|| Due { until: now, ..due.clone() })
    }
}

fn asked(decision: Decision, evidence: Evidence) -> Round {
    let about = decision.reasons.iter().find_map(|reason| match reason {
        Reason::ApprovalNeeded { id: Some(id), until, .. } => Some((id.clone(), *until)),
        _ => None,
    });
    let (id, until) = about.unwrap_or((String::new(), evidence.at));
    Round::Answer(Box::new(Answer::decided(Outcome::Asked { id, until }, decision, Some(evidence))))
}
