//! Which answers are values, and which are errors that Lambda is to repeat.
//!
//! An asynchronous call that ends in an error is repeated by Lambda after one and after two more minutes. That is what
//! an alarm needs, which comes once; a tick comes again by itself, and a person reads the answer.

use holdfast_core::{
    engine::{Answer, Outcome},
    record::Trigger,
};
use lambda_runtime::Diagnostic;
use serde_json::Value;

/// The value for an event that is not for us.
pub fn ignored(reasons: &[(String, String)]) -> Value {
    let reasons: Vec<_> = reasons.iter().map(|(code, says)| serde_json::json!({"code": code, "says": says})).collect();
    serde_json::json!({"outcome": "ignored", "reasons": reasons})
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
    serde_json::to_value(answer).map_err(|error| Diagnostic {
        error_type: "Holdfast.Answer".to_owned(),
        error_message: format!("the answer cannot be written as JSON: {error}"),
    })
}

/// The error of a configuration that cannot be used.
pub fn misconfigured(faults: &str) -> Diagnostic {
    Diagnostic { error_type: "Holdfast.Configuration".to_owned(), error_message: faults.to_owned() }
}

fn error_type(outcome: &Outcome) -> String {
    let name = match outcome {
        Outcome::Deferred { .. } => "Deferred",
        Outcome::Owed { .. } => "Owed",
        _ => "Failed",
    };
    format!("Holdfast.{name}")
}

fn message(answer: &Answer) -> String {
    let outcome = match &answer.outcome {
        Outcome::Deferred { until } => format!("not decided; worth another look at {until:.0}"),
        Outcome::Owed { steps } => format!("active on the standby; still owed: {}", steps.join(", ")),
        Outcome::Failed { step, why } => format!("{step} is not done: {why}"),
        other => other.label().to_owned(),
    };
    [vec![outcome], answer.says.clone()].concat().join("; ")
}

#[cfg(test)]
mod tests {
    use holdfast_core::Timestamp;

    use super::*;

    fn answer(outcome: Outcome) -> Answer {
        Answer::new(outcome, Vec::new())
    }

    fn alarm() -> Trigger {
        Trigger::Alarm { name: "a".to_owned(), changed_at: None }
    }

    #[test]
    fn an_alarm_that_is_not_finished_with_is_an_error_so_that_lambda_repeats_it() {
        let deferred = answer(Outcome::Deferred { until: Timestamp::UNIX_EPOCH });
        let error = reply(&alarm(), &deferred).expect_err("an error");
        assert_eq!(error.error_type, "Holdfast.Deferred");
        assert!(reply(&alarm(), &answer(Outcome::Owed { steps: vec!["lock".to_owned()] })).is_err());
    }

    #[test]
    fn a_final_answer_is_a_value() {
        for outcome in [Outcome::Completed, Outcome::AlreadyDone, Outcome::StoodDown, Outcome::Refused] {
            let value = reply(&alarm(), &answer(outcome.clone())).expect("a value");
            assert_eq!(value["outcome"], outcome.label());
        }
    }

    #[test]
    fn a_tick_is_an_error_only_when_a_step_failed_and_a_person_always_gets_a_value() {
        let failed = answer(Outcome::Failed { step: "scale".to_owned(), why: "denied".to_owned() });
        let deferred = answer(Outcome::Deferred { until: Timestamp::UNIX_EPOCH });
        assert!(reply(&Trigger::Tick, &failed).is_err());
        assert!(reply(&Trigger::Tick, &deferred).is_ok());
        assert!(reply(&Trigger::Operator, &failed).is_ok());
    }
}
