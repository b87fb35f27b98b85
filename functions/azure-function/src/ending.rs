//! What becomes of an invocation after an answer, by what triggered it. Pure.

use axum::http::StatusCode;
use holdfast_core::engine::{Answer, Outcome};
use holdfast_site::report;
use serde_json::Value;

use crate::{
    event::{Function, IgnoredReason},
    later::Next,
    reply::{self, Ending},
};

/// A tick comes again by itself; it fails only where a step did, so that the host's failure count shows it.
pub fn of_tick(answer: &Answer) -> Ending {
    match answer.outcome {
        Outcome::Failed { .. } => Ending::Again(document(answer)),
        Outcome::Completed
        | Outcome::AlreadyDone
        | Outcome::StoodDown
        | Outcome::Refused
        | Outcome::Deferred { .. }
        | Outcome::Owed { .. }
        | Outcome::Unconfirmed { .. }
        | Outcome::Asked { .. }
        | Outcome::WouldBegin { .. }
        | Outcome::Planned { .. }
        | Outcome::Reported => Ending::Say(StatusCode::OK, document(answer)),
    }
}

/// A person reads the answer, whatever it says.
pub fn of_operator(answer: &Answer) -> Ending {
    Ending::Say(StatusCode::OK, document(answer))
}

/// Work that is not finished has been put back (`kept`), or the host itself must deliver it again, after its
/// `visibilityTimeout`.
pub fn of_work(answer: &Answer, next: &Next, kept: bool) -> Ending {
    match next {
        Next::Later(..) if !kept => Ending::Again(document(answer)),
        Next::Later(..) | Next::Finished | Next::TooOld => Ending::Say(StatusCode::OK, document(answer)),
    }
}

/// A person is told that the call makes no sense, or may not come in. A message of the queue that is not worked on is
/// refused, so that the host keeps it in the poison queue in the end. To everybody else it is a success, or it would
/// come again.
pub fn of_ignored(function: Function, reason: &IgnoredReason) -> Ending {
    let document = reply::ignored(reason);
    match (function, reason) {
        (Function::Work, _) => Ending::Again(document),
        (Function::Operator, IgnoredReason::NotAdmitted { .. }) => Ending::Say(StatusCode::FORBIDDEN, document),
        (Function::Operator, _) => Ending::Say(StatusCode::BAD_REQUEST, document),
        (Function::Alarm | Function::Tick | Function::Preflight, _) => Ending::Say(StatusCode::OK, document),
    }
}

fn document(answer: &Answer) -> Value {
    report::document(answer).unwrap_or_else(|_| serde_json::json!({"outcome": answer.outcome.label()}))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use holdfast_core::{Timestamp, decision::Verdict};
    use holdfast_site::json::Unreadable;

    use super::*;
    use crate::{event::Work, later};

    const AGAIN: u16 = 500;
    const OK: u16 = 200;

    /// What the host is told: 500 where it must deliver again, else the status for the caller, and the outcome.
    fn told(ending: Ending) -> (u16, String) {
        let (status, document) = match ending {
            Ending::Say(status, document) => (status.as_u16(), document),
            Ending::Again(document) => (AGAIN, document),
            Ending::Enqueue(work) => panic!("{work}"),
        };
        (status, document["outcome"].as_str().expect("an outcome").to_owned())
    }

    /// Each outcome, and how it ends for work that was put back, for work that could not be, and for a tick.
    fn table() -> Vec<(Outcome, u16, u16, u16)> {
        let failed = Outcome::Failed { step: "scale".to_owned(), why: "denied".to_owned() };
        vec![
            (Outcome::Completed, OK, OK, OK),
            (Outcome::AlreadyDone, OK, OK, OK),
            (Outcome::StoodDown, OK, OK, OK),
            (Outcome::Refused, OK, OK, OK),
            (Outcome::Deferred { until: Timestamp::UNIX_EPOCH }, OK, AGAIN, OK),
            (Outcome::Owed { steps: vec!["lock-traffic".to_owned()] }, OK, AGAIN, OK),
            (failed, OK, AGAIN, AGAIN),
            (Outcome::Unconfirmed { step: "rest-operator".to_owned() }, OK, OK, OK),
            (Outcome::Planned { would: Verdict::StandDown }, OK, OK, OK),
            (Outcome::Asked { id: "q".to_owned(), until: Timestamp::UNIX_EPOCH }, OK, OK, OK),
            (Outcome::WouldBegin { since: Timestamp::UNIX_EPOCH }, OK, OK, OK),
            (Outcome::Reported, OK, OK, OK),
        ]
    }

    #[test]
    fn each_outcome_ends_an_invocation_by_what_triggered_it() {
        let now = Timestamp::UNIX_EPOCH;
        let work = Work { alarm: "a".to_owned(), changed_at: None, alert_id: None, first_seen: None, attempt: 0 };
        for (outcome, kept, lost, tick) in table() {
            let answer = Answer::new(outcome.clone(), Vec::new());
            let next = later::next(&answer, &work, Duration::from_secs(15), now);
            assert_eq!(matches!(next, Next::Later(..)), outcome.wants_retry(), "{outcome:?}");
            let label = outcome.label().to_owned();
            assert_eq!(told(of_work(&answer, &next, true)), (kept, label.clone()));
            assert_eq!(told(of_work(&answer, &next, false)), (lost, label.clone()));
            assert_eq!(told(of_work(&answer, &Next::TooOld, false)), (OK, label.clone()));
            assert_eq!(told(of_tick(&answer)), (tick, label.clone()));
            assert_eq!(told(of_operator(&answer)), (OK, label));
        }
    }

    #[test]
    fn what_is_ignored_ends_by_who_sent_it_and_no_message_of_the_queue_is_a_success() {
        let not_json = || IgnoredReason::from(Unreadable::NotJson);
        let refused = || IgnoredReason::NotAdmitted { why: "no".to_owned() };
        for (function, reason, status) in [
            (Function::Alarm, not_json(), OK),
            (Function::Alarm, refused(), OK),
            (Function::Tick, refused(), OK),
            (Function::Preflight, refused(), OK),
            (Function::Operator, not_json(), 400),
            (Function::Operator, refused(), 403),
            (Function::Work, IgnoredReason::foreign("unreadable_work", "no"), AGAIN),
            (Function::Work, not_json(), AGAIN),
            (Function::Work, Unreadable::Empty.into(), AGAIN),
            (Function::Work, IgnoredReason::TooLarge { limit: "1 MiB" }, AGAIN),
            (Function::Work, refused(), AGAIN),
        ] {
            assert_eq!(told(of_ignored(function, &reason)), (status, "ignored".to_owned()), "{function:?} {reason:?}");
        }
    }
}
