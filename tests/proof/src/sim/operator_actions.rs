//! What people do.

use fastrand::Rng;
use holdfast_core::{decision::Gate, engine::Action};

use super::{
    Micros, seconds,
    story::{Undoes, pick},
    world::World,
};

/// One deed of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Calls the function with this.
    Call(Action),
    /// Calls for a failover and waives every gate.
    Force,
    /// Locks traffic by hand.
    Lock,
    /// Takes the lock away by hand.
    Unlock,
    /// Scales the operator by hand.
    Scale(u32),
    /// Deletes the first TLS secret by hand.
    DeleteSecret,
}

impl Act {
    /// Nothing in half of the stories, a few deeds in the others; all before the calm.
    pub fn draw_all(rng: &mut Rng, calm: Micros) -> Vec<(Micros, Self)> {
        let count = if rng.bool() { 0 } else { rng.usize(1..6) };
        let mut acts: Vec<_> = (0..count).map(|_| (rng.u64(0..calm), Self::draw(rng))).collect();
        acts.sort_by_key(|(at, _)| *at);
        acts
    }

    /// Some people lock by hand, and most of them take that back. Drawn apart from all else, so that the other stories
    /// stay as they are.
    pub fn draw_lock(rng: &Rng, calm: Micros) -> Vec<(Micros, Self)> {
        let mut apart = Rng::with_seed(rng.clone().u64(..) ^ 0x006c_6f63_6b65_6421);
        if apart.f64() >= 0.08 {
            return Vec::new();
        }
        let from = apart.u64(0..calm);
        let back = (apart.f64() < 0.8).then(|| (apart.u64(from..calm), Self::Unlock));
        [(from, Self::Lock)].into_iter().chain(back).collect()
    }

    /// In a third of the stories a person fails back or rehearses a few times, in the storm and after it.
    pub fn draw_kinds(rng: &mut Rng, calm: Micros) -> Vec<(Micros, Self)> {
        let count = if rng.u32(0..3) == 0 { rng.usize(1..6) } else { 0 };
        let draw = |_| {
            let action = match rng.u32(0..5) {
                0 => Action::Rehearse,
                rest => Action::Failback { rest: rest > 2 },
            };
            (rng.u64(0..calm + seconds(1200)), Self::Call(action))
        };
        (0..count).map(draw).collect()
    }

    fn draw(rng: &mut Rng) -> Self {
        *pick(
            rng,
            &[
                Self::Call(Action::Pause { lasts: None }),
                Self::Call(Action::Resume),
                Self::Call(Action::Resume),
                Self::Call(Action::Acknowledge { abort: false }),
                Self::Call(Action::Acknowledge { abort: true }),
                Self::Call(Action::Finish),
                Self::Call(Action::Plan),
                Self::Call(Action::Preflight),
                Self::Call(Action::Status),
                Self::Force,
                Self::Unlock,
                Self::Unlock,
                Self::Scale(0),
                Self::Scale(1),
                Self::DeleteSecret,
            ],
        )
    }

    /// The gates that it waives.
    pub fn overrides(self) -> Vec<Gate> {
        if self == Self::Force { Gate::ALL.to_vec() } else { Vec::new() }
    }

    /// True for a call that must not write anything.
    pub fn only_asks(action: Action) -> bool {
        matches!(action, Action::Plan | Action::Preflight | Action::Status)
    }
}

impl World {
    /// A person's own hands.
    pub fn by_hand(&mut self, act: Act) {
        self.tell(self.current, || format!("by hand: {act:?}"));
        match act {
            Act::Lock if !self.standby.locked => {
                self.standby.lock(true);
                // A failover that is open, or stands, knows of its own lock. No other kind has one.
                let knows = self.stored.0.open().is_some_and(|open| open.kind.activates_standby());
                if !self.stored.0.failed_over() && !knows {
                    self.book.lock_unknown = true;
                    self.book.locked_by_hand_at.get_or_insert(self.now);
                }
            }
            Act::Unlock => self.take_back(Undoes::Lock),
            Act::Scale(0) => self.take_back(Undoes::Scale),
            Act::Scale(replicas) => {
                let now = self.now;
                self.standby.scale(replicas, now);
            }
            Act::DeleteSecret if !self.standby.secrets.is_empty() => {
                self.standby.secrets.remove(0);
            }
            Act::Lock | Act::DeleteSecret | Act::Call(_) | Act::Force => {}
        }
    }
}
