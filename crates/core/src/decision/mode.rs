//! The last question: does a failover that is due begin by itself?
//!
//! It is asked after every gate, so that a mode holds nothing back that was begun, and announces nothing that is not due.

use std::time::Duration;

use jiff::Timestamp;

use super::{Judge, Reason, Verdict, Word};
use crate::{
    clock::{earlier, later, until},
    fault::{Limit, quoted_within},
    mode::{Mode, Unanswered},
    record::Due,
};

impl Judge<'_> {
    /// Every gate is passed: does it begin?
    pub(super) fn mode(&mut self) -> Verdict {
        match (self.policy.mode, self.said.word) {
            (Mode::Observe, Word::None) => {
                let since = self.observed_since();
                self.ends(Reason::OnlyObserved, Verdict::WouldBegin { since })
            }
            (Mode::Observe, Word::Begins | Word::Approves(_)) => self.ends(Reason::OnlyObserved, Verdict::Refuse),
            (Mode::Automatic | Mode::Ask { .. }, Word::Begins) | (Mode::Automatic, Word::None) => Verdict::FailOver,
            // It would begin without a word, too; a wrong id is still told.
            (Mode::Automatic, Word::Approves(id)) => {
                let question = self.question();
                self.approved(id, question)
            }
            (Mode::Ask { within, then }, word) => self.asked_for(within, then, word),
        }
    }

    /// A failover is due, and people are asked before it begins.
    fn asked_for(&mut self, within: Duration, then: Unanswered, word: Word<'_>) -> Verdict {
        let now = self.right_now();
        let question = self.question();
        let over = question.as_ref().filter(|due| later(due.at, within) <= now);
        match (over, then, question.as_ref(), word) {
            (Some(due), Unanswered::Begin, ..) => {
                let id = told(&due.id);
                self.ends(Reason::Unanswered { id }, Verdict::FailOver)
            }
            (Some(due), Unanswered::Lapse, ..) => {
                let (id, at) = (told(&due.id), later(due.at, within));
                self.ends(Reason::QuestionLapsed { id, at }, Verdict::Refuse)
            }
            (None, _, _, Word::Approves(id)) => self.approved(id, question),
            (None, _, Some(due), _) => {
                let (id, until) = (Some(told(&due.id)), later(due.at, within));
                self.ends(Reason::ApprovalNeeded { id, until, then }, Verdict::AwaitApproval)
            }
            (None, _, None, _) => {
                let until = later(now, within);
                self.ends(Reason::ApprovalNeeded { id: None, until, then }, Verdict::Ask)
            }
        }
    }

    fn approved(&mut self, id: &str, question: Option<Due>) -> Verdict {
        if question.as_ref().is_some_and(|due| due.id == id) {
            return self.ends(Reason::Approved { id: told(id) }, Verdict::FailOver);
        }
        let open = question.map(|due| told(&due.id));
        self.ends(Reason::NoSuchQuestion { id: told(id), open }, Verdict::Refuse)
    }

    /// The question that was asked about this outage.
    fn question(&mut self) -> Option<Due> {
        let due = self.state.as_ref().ok()?.question()?.clone();
        if self.is_of_this_outage(&due) {
            return Some(due);
        }
        self.reasons.push(Reason::QuestionOutdated { id: told(&due.id) });
        None
    }

    /// Since when this outage has been due, by the record.
    fn observed_since(&mut self) -> Timestamp {
        let newest = self.state.as_ref().ok().and_then(|state| state.observed.first()?.known().cloned());
        newest.filter(|due| self.is_of_this_outage(due)).map_or_else(|| self.right_now(), |due| due.at)
    }

    /// True where `due` is about the outage that goes on: it was looked at without a break until now, and the history has
    /// not seen the primary well since. What was restored from a backup is caught by this, also in a newer outage.
    fn is_of_this_outage(&mut self, due: &Due) -> bool {
        let both = [due.at, due.until].map(|at| self.believed("a failover that was due", Some(at)).is_some());
        let Some(streak) = self.streak.as_ref().filter(|_| both == [true, true]) else { return false };
        // The streak is by our clock, and what was due is by the server's.
        let since = earlier(self.right_now(), until(streak.since, self.now));
        let watched = until(due.until, since) <= self.policy.well_gap();
        watched && due.at <= due.until && self.well_until(Some(due.until)).is_none()
    }
}

/// The id of a record, or of a caller, as it is told.
fn told(id: &str) -> String {
    quoted_within(id, Limit::Value)
}
