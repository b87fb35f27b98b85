//! The alarm that always fires, as a clock: how often its message comes is not documented to the minute.

use std::ops::RangeInclusive;

use super::alarm_message::MessageType;

/// From one message to the next so many minutes pass, unless it is told otherwise.
const MINUTES: RangeInclusive<u32> = 1..=3;

/// The alarm's state.
pub(super) struct TickAlarm {
    rng: fastrand::Rng,
    minutes: RangeInclusive<u32>,
    /// Minutes until the next message, this one included.
    left: u32,
    has_fired: bool,
}

impl TickAlarm {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed), minutes: MINUTES, left: 1, has_fired: false }
    }

    /// From the next message on exactly so many minutes lie between two messages; none is taken for one.
    pub(super) fn set_minutes(&mut self, minutes: u32) {
        let minutes = minutes.max(1);
        self.minutes = minutes..=minutes;
    }

    /// A minute passes; gives what the alarm says in it.
    pub(super) fn minute(&mut self) -> Option<MessageType> {
        self.left -= 1;
        if self.left > 0 {
            return None;
        }
        self.left = self.rng.u32(self.minutes.clone());
        let first = !std::mem::replace(&mut self.has_fired, true);
        Some(if first { MessageType::OkToFiring } else { MessageType::Repeat })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_begins_once_and_repeats_with_one_to_three_minutes_between() {
        let mut alarm = TickAlarm::new(1);
        let said: Vec<Option<MessageType>> = (0..100).map(|_| alarm.minute()).collect();
        assert_eq!(said[0], Some(MessageType::OkToFiring));
        let at: Vec<usize> = (0..100).filter(|minute| said[*minute].is_some()).collect();
        assert!(at[1..].iter().all(|minute| said[*minute] == Some(MessageType::Repeat)));
        let gaps: BTreeSet<usize> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(gaps, BTreeSet::from([1, 2, 3]));
    }

    #[test]
    fn the_time_between_two_messages_can_be_set() {
        let mut alarm = TickAlarm::new(1);
        alarm.set_minutes(3);
        let at: Vec<u32> = (0..10).filter(|_| alarm.minute().is_some()).collect();
        assert_eq!(at, [0, 3, 6, 9]);
    }
}
