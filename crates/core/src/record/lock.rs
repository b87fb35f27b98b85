//! What the record knows of the lock.

use jiff::Timestamp;

use super::{Execution, State, Status};
use crate::kind::Kind;

impl State {
    /// True when a person ended the last failover, or a lock was seen that no execution set, and nobody has seen since
    /// that traffic is not locked. As long as the lock may stand, the history may be about the lock.
    pub fn lock_may_stand(&self) -> bool {
        self.lock_seen.is_some() || self.was_aborted()
    }

    /// True when a person ended the last failover, and whether its lock is gone is not known.
    pub(crate) fn was_aborted(&self) -> bool {
        let ended = |run: &Execution| run.kind.activates_standby() && run.status == Status::Aborted;
        self.unlocked.is_none() && self.current.as_ref().is_some_and(ended)
    }

    /// True when it is news for the record that, at `at`, the lock was seen to stand, or to be gone.
    pub fn lock_is_news(&self, at: Timestamp, stands: bool) -> bool {
        if stands {
            let explains = |open: &Execution| match open.kind {
                Kind::Failover | Kind::Switchover => true,
                Kind::Failback => self.unlocked.is_none(),
                Kind::Rehearsal => false,
            };
            let explained = self.open().is_some_and(explains) || self.failed_over() || self.was_aborted();
            self.lock_gone.is_some() || self.lock_seen.is_none() && !explained
        } else {
            let stands = self.failed_over() || self.stands.is_some() && self.unlocked.is_none();
            stands && self.lock_gone.is_none_or(|known| known > at)
        }
    }

    /// True while the last failover stands: it was driven to its end and nobody has taken its lock away.
    pub fn failed_over(&self) -> bool {
        let stands = |run: &Execution| run.kind.activates_standby() && run.status == Status::Completed;
        self.unlocked.is_none() && self.current.as_ref().is_some_and(stands)
    }
}
