//! What is put back into the queue, and for how long. Pure.

use std::time::Duration;

use holdfast_core::{
    Timestamp,
    clock::until,
    engine::{Answer, Outcome},
};

use crate::event::Work;

/// No pause is longer: what changes meanwhile (a role, a cluster) should not wait for us.
const LONGEST: Duration = Duration::from_secs(300);

/// After this long an alert is left to the timer, which drives on whatever is unfinished once a minute in any case.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);

/// How far two clocks may be apart.
const SKEW: Duration = Duration::from_secs(120);

/// What becomes of a piece of work after an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// It is finished with.
    Finished,
    /// It is to come back after this pause, as this.
    Later(Duration, Work),
    /// It has come back for a day: the timer goes on alone.
    TooOld,
}

/// Decides. `poll` is the pause between two looks; pauses after a failure begin at twice that and double.
pub fn next(answer: &Answer, work: &Work, poll: Duration, now: Timestamp) -> Next {
    let growing = poll.saturating_mul(2).saturating_mul(1_u32.checked_shl(work.attempt.min(16)).unwrap_or(u32::MAX));
    let pause = match &answer.outcome {
        Outcome::Deferred { until: then } => until(now, *then),
        Outcome::Owed { .. } | Outcome::Failed { .. } => growing,
        Outcome::Completed
        | Outcome::AlreadyDone
        | Outcome::StoodDown
        | Outcome::Refused
        | Outcome::Unconfirmed { .. }
        | Outcome::Asked { .. }
        | Outcome::WouldBegin { .. }
        | Outcome::Planned { .. }
        | Outcome::Reported => return Next::Finished,
    };
    let first_seen = first_seen(work, now);
    if until(first_seen, now) > KEPT_FOR {
        return Next::TooOld;
    }
    let work = Work { first_seen: Some(first_seen), attempt: work.attempt.saturating_add(1), ..work.clone() };
    Next::Later(pause.clamp(poll.min(LONGEST), LONGEST), work)
}

/// When the alert first reached us. A time ahead of ours, by more than clocks differ, is none: the message was written
/// by somebody else, and would never be too old.
fn first_seen(work: &Work, now: Timestamp) -> Timestamp {
    work.first_seen.filter(|first_seen| until(now, *first_seen) <= SKEW).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLL: Duration = Duration::from_secs(15);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn work(attempt: u32) -> Work {
        Work { alarm: "a".to_owned(), changed_at: None, alert_id: None, first_seen: Some(at(0)), attempt }
    }

    fn after(outcome: Outcome, attempt: u32, now: i64) -> Next {
        next(&Answer::new(outcome, Vec::new()), &work(attempt), POLL, at(now))
    }

    fn owed() -> Outcome {
        Outcome::Owed { steps: vec!["lock-traffic".to_owned()] }
    }

    fn pause(next: Next) -> u64 {
        match next {
            Next::Later(pause, _) => pause.as_secs(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_done_or_refused_does_not_come_back() {
        for outcome in [Outcome::Completed, Outcome::AlreadyDone, Outcome::StoodDown, Outcome::Refused] {
            assert_eq!(after(outcome, 0, 0), Next::Finished);
        }
    }

    #[test]
    fn what_is_not_decided_comes_back_when_it_may_be() {
        assert_eq!(pause(after(Outcome::Deferred { until: at(140) }, 0, 100)), 40);
        assert_eq!(pause(after(Outcome::Deferred { until: at(100) }, 0, 100)), 15);
        assert_eq!(pause(after(Outcome::Deferred { until: at(9_999) }, 0, 100)), 300);
    }

    #[test]
    fn what_fails_comes_back_more_and_more_rarely_but_at_least_every_five_minutes() {
        let pauses: Vec<u64> = [0, 1, 2, 3, 4, 40, u32::MAX].map(|attempt| pause(after(owed(), attempt, 0))).into();
        assert_eq!(pauses, [30, 60, 120, 240, 300, 300, 300]);
    }

    #[test]
    fn each_time_is_counted_and_the_first_one_remembered() {
        let Next::Later(_, again) = after(owed(), 3, 50) else { panic!("not put back") };
        assert_eq!((again.attempt, again.first_seen), (4, Some(at(0))));
        let fresh = Work { first_seen: None, ..work(0) };
        let Next::Later(_, again) = next(&Answer::new(owed(), Vec::new()), &fresh, POLL, at(7)) else { panic!("gone") };
        assert_eq!(again.first_seen, Some(at(7)));
    }

    #[test]
    fn after_a_day_the_timer_goes_on_alone() {
        assert_eq!(after(owed(), 3, 24 * 3600 + 1), Next::TooOld);
    }

    #[test]
    fn no_time_in_a_message_panics_and_none_ahead_of_ours_keeps_it_for_ever() {
        let at_year = |year: &str| format!("{year}-12-30T22:00:00Z").parse::<Timestamp>().expect("a time");
        let seen = |first_seen| {
            next(
                &Answer::new(owed(), Vec::new()),
                &Work { first_seen: Some(first_seen), ..work(u32::MAX) },
                POLL,
                at(1_767_225_600),
            )
        };
        for early in [Timestamp::MIN, at_year("0001"), at(0)] {
            assert_eq!(seen(early), Next::TooOld, "{early}");
        }
        for late in [Timestamp::MAX, at_year("9999"), at_year("2100"), at(1_767_225_600 + 121)] {
            let Next::Later(_, again) = seen(late) else { panic!("{late}: not put back") };
            assert_eq!(again.first_seen, Some(at(1_767_225_600)), "{late}");
            assert_eq!(again.attempt, u32::MAX);
        }
        let Next::Later(_, again) = seen(at(1_767_225_600 + 60)) else { panic!("not put back") };
        assert_eq!(again.first_seen, Some(at(1_767_225_600 + 60)), "clocks differ");
    }
}
