//! Which answers are values, and which are errors that Lambda is to repeat.
//!
//! An asynchronous call that ends in an error is repeated by Lambda after one and after two more minutes. That is what
//! an alarm needs, which comes once; a tick comes again by itself, and a person reads the answer.

use holdfast_core::{
    engine::{Answer, Outcome},
    record::Trigger,
};
use holdfast_settings::ConfigurationFaults;
use holdfast_site::report;
use lambda_runtime::Diagnostic;
use serde_json::Value;

/// Why one record of an event was not acted upon: a stable word, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The word.
    pub code: String,
    /// The sentence.
    pub says: String,
}

/// The value for an event of which nothing is for us.
pub fn ignored(reasons: &[Passed]) -> Value {
    serde_json::json!({"outcome": "ignored", "reasons": listed(reasons)})
}

/// The value of a call that answered one record of several: what became of the others stands beside it.
pub fn beside(mut value: Value, others: &[Passed]) -> Value {
    if let Some(fields) = value.as_object_mut().filter(|_| !others.is_empty()) {
        fields.insert("others".to_owned(), listed(others));
    }
    value
}

fn listed(reasons: &[Passed]) -> Value {
    reasons.iter().map(|one| serde_json::json!({"code": one.code, "says": one.says})).collect()
}

/// The reply to an answer.
///
/// # Errors
/// An alarm that is not finished with, and a failed step on a tick, so that the function's error metric shows it.
pub fn reply(trigger: &Trigger, answer: &Answer) -> Result<Value, Diagnostic> {
    let repeat = match trigger {
        Trigger::Alarm { .. } => answer.outcome.wants_retry(),
        Trigger::Tick => matches!(answer.outcome, Outcome::Failed { .. }),
        Trigger::Operator => false,
    };
    if repeat {
        return Err(Diagnostic { error_type: error_type(&answer.outcome), error_message: message(answer) });
    }
    report::document(answer).map_err(|error| Diagnostic {
        error_type: "Holdfast.Answer".to_owned(),
        error_message: format!("the answer cannot be written as JSON: {error}"),
    })
}

/// The error of a configuration that cannot be used.
pub fn misconfigured(faults: &ConfigurationFaults) -> Diagnostic {
    Diagnostic { error_type: "Holdfast.Configuration".to_owned(), error_message: faults.to_string() }
}

/// The error of a call that ended in a panic. Its words hold nothing of what was worked on.
pub fn panicked() -> Diagnostic {
    Diagnostic {
        error_type: "Holdfast.Panic".to_owned(),
        error_message: "a defect ended this call; what was begun stays in the record and is driven on by the next call"
            .to_owned(),
    }
}

fn error_type(outcome: &Outcome) -> String {
    let name = match outcome {
        Outcome::Deferred { .. } => "Deferred",
        Outcome::Owed { .. } => "Owed",
        Outcome::Failed { .. } => "Failed",
        // Values to every trigger.
        Outcome::Completed
        | Outcome::AlreadyDone
        | Outcome::StoodDown
        | Outcome::Refused
        | Outcome::Unconfirmed { .. }
        | Outcome::Asked { .. }
        | Outcome::WouldBegin { .. }
        | Outcome::Planned { .. }
        | Outcome::Reported => "Answered",
    };
    format!("Holdfast.{name}")
}

fn message(answer: &Answer) -> String {
    let outcome = match &answer.outcome {
        Outcome::Deferred { until } => format!("not decided; worth another look at {until:.0}"),
        Outcome::Owed { steps } => format!("active on the standby; still owed: {}", report::cut(&steps.join(", "))),
        Outcome::Failed { step, why } => format!("{} is not done: {}", report::cut(step), report::cut(why)),
        Outcome::Completed
        | Outcome::AlreadyDone
        | Outcome::StoodDown
        | Outcome::Refused
        | Outcome::Unconfirmed { .. }
        | Outcome::Asked { .. }
        | Outcome::WouldBegin { .. }
        | Outcome::Planned { .. }
        | Outcome::Reported => answer.outcome.label().to_owned(),
    };
    [Some(outcome), report::sentences(answer)].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use holdfast_core::{Timestamp, decision::Verdict};

    use super::*;

    fn answer(outcome: Outcome) -> Answer {
        Answer::new(outcome, Vec::new())
    }

    fn alarm() -> Trigger {
        Trigger::Alarm { name: "a".to_owned(), changed_at: None }
    }

    /// Each outcome, and the error that it is to an alarm and to a tick; none where it is a value.
    fn table() -> Vec<(Outcome, Option<&'static str>, Option<&'static str>)> {
        let steps = vec!["lock-traffic".to_owned()];
        let failed = Outcome::Failed { step: "scale".to_owned(), why: "denied".to_owned() };
        vec![
            (Outcome::Completed, None, None),
            (Outcome::AlreadyDone, None, None),
            (Outcome::StoodDown, None, None),
            (Outcome::Refused, None, None),
            (Outcome::Deferred { until: Timestamp::UNIX_EPOCH }, Some("Holdfast.Deferred"), None),
            (Outcome::Owed { steps }, Some("Holdfast.Owed"), None),
            (failed, Some("Holdfast.Failed"), Some("Holdfast.Failed")),
            (Outcome::Unconfirmed { step: "rest".to_owned() }, None, None),
            (Outcome::Planned { would: Verdict::StandDown }, None, None),
            (Outcome::Asked { id: "q".to_owned(), until: Timestamp::UNIX_EPOCH }, None, None),
            (Outcome::WouldBegin { since: Timestamp::UNIX_EPOCH }, None, None),
            (Outcome::Reported, None, None),
        ]
    }

    #[test]
    fn each_outcome_is_a_value_or_an_error_by_who_asked() {
        for (outcome, of_alarm, of_tick) in table() {
            let expected = [(alarm(), of_alarm), (Trigger::Tick, of_tick), (Trigger::Operator, None)];
            for (trigger, error) in expected {
                let replied = reply(&trigger, &answer(outcome.clone()));
                let found = replied.as_ref().err().map(|error| error.error_type.as_str());
                assert_eq!(found, error, "{trigger:?} {outcome:?}");
                if let Ok(value) = replied {
                    assert_eq!(value["outcome"], outcome.label());
                }
            }
        }
    }

    #[test]
    fn an_error_says_what_is_open_and_why() {
        let message = |outcome| reply(&alarm(), &answer(outcome)).expect_err("an error").error_message;
        assert!(message(Outcome::Owed { steps: vec!["lock-traffic".to_owned()] }).contains("owed: lock-traffic"));
        let failed = Outcome::Failed { step: "scale".to_owned(), why: "denied".to_owned() };
        assert_eq!(message(failed), "scale is not done: denied");
        assert!(message(Outcome::Deferred { until: Timestamp::UNIX_EPOCH }).contains("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn an_error_has_bounded_words_whatever_the_record_holds() {
        let long = "x".repeat(800_000);
        let failed = Outcome::Failed { step: long.clone(), why: long.clone() };
        let answer = Answer { says: vec![long; 100], ..answer(failed) };
        let message = reply(&alarm(), &answer).expect_err("an error").error_message;
        assert!(message.len() < 30_000, "{} bytes", message.len());
    }

    #[test]
    fn what_became_of_the_other_records_stands_beside_the_answer() {
        let other = Passed { code: "state_ok".to_owned(), says: "alarm a is in state OK".to_owned() };
        let value = reply(&Trigger::Tick, &answer(Outcome::Completed)).expect("a value");
        assert_eq!(beside(value.clone(), &[]), value);
        let value = beside(value, std::slice::from_ref(&other));
        assert_eq!((&value["outcome"], &value["others"][0]["code"]), (&"completed".into(), &"state_ok".into()));
        assert_eq!(ignored(&[other])["reasons"][0]["says"], "alarm a is in state OK");
    }
}
