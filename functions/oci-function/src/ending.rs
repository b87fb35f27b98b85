//! What becomes of a call after an answer, by what triggered it. Pure.
//!
//! The platform that delivers alarms tries again what it takes for a failure, for two hours with growing pauses. That is
//! what an alarm needs whose work is not finished; a tick comes again by itself, and a person reads the answer.

use holdfast_core::{
    engine::{Answer, Outcome},
    record::Trigger,
};
use holdfast_site::report;
use serde_json::{Value, json};

use crate::event::IgnoredReason;

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It is over.
    Said(Value),
    /// It must be delivered again.
    Again(Value),
    /// The work did not end in time, and was cut off; what was begun stays in the record.
    OutOfTime,
}

/// Why one message was not acted upon: a stable word, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The word.
    pub code: &'static str,
    /// The sentence.
    pub says: String,
}

impl Passed {
    /// Of a message that is not for us.
    pub fn ignored(reason: &IgnoredReason) -> Self {
        Self { code: reason.code(), says: format!("ignored: {reason}") }
    }

    /// Of a message that asks for what another one of the same call asks for.
    pub fn together(name: &str) -> Self {
        let says = format!("{name} is answered together with the first message of the call that was acted upon");
        Self { code: "answered_together", says }
    }
}

/// The ending of an answer to `trigger`, with what became of the other messages of the call.
pub fn of_answer(trigger: &Trigger, answer: &Answer, others: &[Passed]) -> Ending {
    let again = match trigger {
        Trigger::Alarm { .. } => answer.outcome.wants_retry(),
        Trigger::Tick => matches!(answer.outcome, Outcome::Failed { .. }),
        Trigger::Operator => false,
    };
    let mut document = report::document(answer).unwrap_or_else(|_| json!({"outcome": answer.outcome.label()}));
    if let Some(fields) = document.as_object_mut().filter(|_| !others.is_empty()) {
        fields.insert("others".to_owned(), listed(others));
    }
    if again { Ending::Again(document) } else { Ending::Said(document) }
}

/// The ending of a call in which nothing is for us. It is over: as a failure it would come again for two hours.
pub fn ignored(reasons: &[Passed]) -> Ending {
    Ending::Said(json!({"outcome": "ignored", "reasons": listed(reasons)}))
}

/// The ending of a call that a configuration which cannot be used leaves unanswered. A person reads it; alarms come again,
/// by when somebody may have mended it.
pub fn misconfigured(faults: &str, person: bool) -> Ending {
    let document = json!({"outcome": "misconfigured", "says": [faults]});
    if person { Ending::Said(document) } else { Ending::Again(document) }
}

/// The ending of a call that ended in a panic. Its words hold nothing of what was worked on.
pub fn panicked() -> Ending {
    let says = "a defect ended this call; what was begun stays in the record and is driven on by the next call";
    Ending::Again(json!({"outcome": "failed", "error": "Holdfast.Panic", "says": [says]}))
}

fn listed(reasons: &[Passed]) -> Value {
    reasons.iter().map(|one| json!({"code": one.code, "says": one.says})).collect()
}

#[cfg(test)]
mod tests {
    use holdfast_core::{Timestamp, decision::Verdict};

    use super::*;

    fn alarm() -> Trigger {
        Trigger::Alarm { name: "a".to_owned(), changed_at: None }
    }

    /// Each outcome, and whether it comes again for an alarm and for a tick.
    fn table() -> Vec<(Outcome, bool, bool)> {
        let failed = Outcome::Failed { step: "scale".to_owned(), why: "denied".to_owned() };
        vec![
            (Outcome::Completed, false, false),
            (Outcome::AlreadyDone, false, false),
            (Outcome::StoodDown, false, false),
            (Outcome::Refused, false, false),
            (Outcome::Deferred { until: Timestamp::UNIX_EPOCH }, true, false),
            (Outcome::Owed { steps: vec!["lock-traffic".to_owned()] }, true, false),
            (failed, true, true),
            (Outcome::Planned { would: Verdict::StandDown }, false, false),
            (Outcome::Asked { id: "q".to_owned(), until: Timestamp::UNIX_EPOCH }, false, false),
            (Outcome::WouldBegin { since: Timestamp::UNIX_EPOCH }, false, false),
            (Outcome::Reported, false, false),
        ]
    }

    #[test]
    fn each_outcome_ends_a_call_by_what_triggered_it() {
        for (outcome, of_alarm, of_tick) in table() {
            let answer = Answer::new(outcome.clone(), Vec::new());
            for (trigger, again) in [(alarm(), of_alarm), (Trigger::Tick, of_tick), (Trigger::Operator, false)] {
                let (found, document) = match of_answer(&trigger, &answer, &[]) {
                    Ending::Again(document) => (true, document),
                    Ending::Said(document) => (false, document),
                    Ending::OutOfTime => panic!("never"),
                };
                assert_eq!((found, &document["outcome"]), (again, &json!(outcome.label())), "{trigger:?}");
            }
        }
    }

    #[test]
    fn what_became_of_the_other_messages_stands_beside_the_answer() {
        let other = [Passed::ignored(&crate::event::ignored::over("a"))];
        let answer = Answer::new(Outcome::Completed, Vec::new());
        let Ending::Said(document) = of_answer(&Trigger::Tick, &answer, &other) else { panic!("again") };
        assert_eq!(document["others"][0]["code"], "state_ok");
        let Ending::Said(document) = ignored(&other) else { panic!("again") };
        assert_eq!((&document["outcome"], &document["reasons"][0]["code"]), (&json!("ignored"), &json!("state_ok")));
    }

    #[test]
    fn a_configuration_that_cannot_be_used_is_told_to_a_person_and_brings_alarms_again() {
        assert!(matches!(misconfigured("CLUSTER_ID is missing", true), Ending::Said(_)));
        assert!(matches!(misconfigured("CLUSTER_ID is missing", false), Ending::Again(_)));
    }
}
