//! What lets a failover begin, where that is not left to itself.

use std::time::Duration;

use fastrand::Rng;
use holdfast_core::{
    decision::Reason,
    engine::Action,
    mode::{Mode, Unanswered},
    record::{Execution, State},
};

use super::{
    Micros, SECOND,
    operator_actions::Act,
    seconds,
    story::{LARGEST_SKEW_S, pick},
    world::{Worker, World, micros},
};

/// A primary that was well for so long while a question was open has withdrawn it: it was looked at without a break, or
/// the question was too old.
const WITHDRAWN: Micros = seconds(300);

/// The mode of a site, and what people do about a question.
pub fn draw(rng: &mut Rng, calm: Micros) -> (Mode, Vec<(Micros, Act)>) {
    let within = Duration::from_secs(rng.u64(60..1200));
    let then = *pick(rng, &[Unanswered::Lapse, Unanswered::Begin]);
    let mode = *pick(rng, &[Mode::Observe, Mode::Ask { within, then }, Mode::Ask { within, then }]);
    let approves = |_| (rng.u64(0..calm + seconds(900)), Act::Call(Action::Approve));
    let mut acts: Vec<_> = (0..3).map(approves).collect();
    acts.truncate(rng.usize(0..4));
    if rng.f64() < 0.2 {
        acts.push((rng.u64(0..calm), Act::Call(Action::FailOver)));
    }
    (mode, acts)
}

/// The time that a configuration gives people.
fn length(of: Duration) -> Micros {
    u64::try_from(of.as_micros()).unwrap_or(Micros::MAX)
}

impl World {
    /// The question that a person approves: the one that stands in the record, else the one that was told last. Some take
    /// one that never was.
    pub fn question(&mut self, worker: Worker) -> String {
        if let Some(due) = self.stored.0.question() {
            self.asked_last = due.id.clone();
        }
        if worker % 7 == 3 { "q-of-another-site".to_owned() } else { self.asked_last.clone() }
    }

    /// A failover begins that is not forced: who let it?
    pub fn check_mode(&mut self, worker: Worker, old: &State, execution: &Execution) {
        let Some(decision) = execution.decision.known() else { return };
        let by_person = self.workers[worker].by_operator;
        let said = decision.reasons.iter().find_map(|reason| match reason {
            Reason::Approved { id } => Some((id.clone(), true)),
            Reason::Unanswered { id } => Some((id.clone(), false)),
            _ => None,
        });
        let Mode::Ask { within, then } = self.story.policy.mode else {
            if self.story.policy.mode == Mode::Observe {
                self.breaks("a failover began in mode observe");
            }
            return;
        };
        let Some((id, approved)) = said else {
            if !by_person {
                self.breaks("a failover began in mode ask, and nobody had said a word");
            }
            return;
        };
        let Some(due) = old.question().filter(|due| due.id == id).cloned() else {
            return self.breaks("a failover began on a question that does not stand in the record");
        };
        if approved && !by_person {
            self.breaks("a failover began on an approval, and no person had called");
        }
        let skew = seconds(LARGEST_SKEW_S);
        let (asked, frozen) = (micros(due.at), self.workers[worker].frozen_for);
        if !approved && (then == Unanswered::Lapse || self.now + skew + frozen < asked + length(within)) {
            self.breaks("a failover began by itself before people had had their time to answer");
        }
        // From when the question was last seen to be about the outage that went on.
        let seen = micros(due.until).saturating_sub(skew);
        let sent = self.workers[worker].sent.at.min(self.now);
        if self.story.longest_up(seen, sent) >= WITHDRAWN + frozen {
            self.breaks(format!(
                "a failover began on a question of another outage, after the primary was well for {} s",
                self.story.longest_up(seen, sent) / SECOND
            ));
        }
    }

    /// How much later a failover that is due begins by itself; `None` where it never does.
    pub fn begins_after(&self) -> Option<Micros> {
        match self.story.policy.mode {
            Mode::Automatic => Some(0),
            Mode::Ask { within, then: Unanswered::Begin } => Some(length(within)),
            Mode::Ask { then: Unanswered::Lapse, .. } | Mode::Observe => None,
        }
    }

    /// A failover that is due and does not begin stands in the record for people.
    pub fn must_be_announced(&mut self) {
        let state = &self.stored.0;
        let announced = match self.story.policy.mode {
            Mode::Observe => !state.observed.is_empty(),
            _ => state.question.is_some(),
        };
        let begun = self.standby.is_active() || state.failed_over() || state.open().is_some();
        if self.is_provable() && self.is_armed() && !announced && !begun {
            self.breaks("the primary stays dead, all is well with the APIs, and nobody was asked or told");
        }
    }
}
