//! The isolation of the primary: a person's word, or a hook's, that the network between the two data centres is cut.
//!
//! A program beside the standby cannot see such a cut. So the word is written into a ConfigMap on the standby's cluster,
//! with who gave it and when, and each step that rests on it tells it in the record. It is good for a bounded time: a word
//! of the last exercise must not open the way in the next outage. Where the standby says that it reaches its peer, the
//! network is not cut by its account, and only a word of the last minutes counts against that.

use std::time::Duration;

use holdfast_core::{
    Call, Timestamp,
    clock::{later, until},
    fault::{Limit, quoted_within},
    policy::MOST_AHEAD,
};
use holdfast_kubernetes::{
    api::{Api, Operation},
    single_flight::SingleFlight,
};
use http::Method;
use serde_json::Value;

const GET_ISOLATION: Operation = Operation::custom("kubernetes:get configmaps", Method::GET, "api/v1", "configmaps");

/// Whether the primary is isolated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Somebody said so.
    Confirmed {
        /// Who, when and in which words.
        said: String,
        /// When.
        given: Timestamp,
    },
    /// Nobody said so in a way that counts.
    Unconfirmed {
        /// Why not.
        why: String,
    },
}

impl Isolation {
    /// The same where the standby says that it reaches its peer: a word counts that was given a short while before `now`.
    pub(crate) fn against_the_standbys_word(self, now: Timestamp) -> Self {
        match self {
            Self::Confirmed { said, given } if until(given, now) > FRESH => Self::Unconfirmed {
                why: format!("{said}; but the standby says that it reaches its peer, so the word must be given anew"),
            },
            other => other,
        }
    }
}

/// How old a word may be that counts against what the standby says.
const FRESH: Duration = Duration::from_secs(900);

/// The ConfigMap with the word.
pub(crate) struct Confirmation {
    api: Api,
    name: String,
    longest: Duration,
    reads: SingleFlight<Option<Value>>,
}

impl Confirmation {
    /// The ConfigMap `name`; a word in it is good for `longest`.
    pub(crate) fn new(api: Api, name: String, longest: Duration) -> Self {
        Self { api, name, longest, reads: SingleFlight::new() }
    }

    /// Looks now. What cannot be read is unconfirmed.
    pub(crate) async fn look(&self, call: &Call) -> Isolation {
        let (api, name, asked) = (self.api.clone(), self.name.clone(), call.clone());
        let read = self.reads.get(|| async move { api.get::<Value>(&asked, &GET_ISOLATION, &name).await }).await;
        let place = self.api.place("ConfigMap", &self.name);
        match read {
            Ok(document) => judge(document.as_ref().as_ref(), &place, call.clock.now(), self.longest),
            Err(fault) => Isolation::Unconfirmed { why: format!("{place} cannot be read: {fault}") },
        }
    }
}

/// What the ConfigMap at `place` says at `now`: `data.isolated` is the word, `data.by` who gave it, `data.at` when (RFC 3339). It
/// counts for `longest`.
pub fn judge(document: Option<&Value>, place: &str, now: Timestamp, longest: Duration) -> Isolation {
    let unconfirmed = |why: &str| Isolation::Unconfirmed { why: format!("{place} {why}") };
    let Some(document) = document else { return unconfirmed("is not there") };
    let entry = |name: &str| {
        let text = document.get("data").and_then(|data| data.get(name)).and_then(Value::as_str);
        text.map(str::trim).filter(|text| !text.is_empty())
    };
    let (Some(word), Some(by), Some(at)) = (entry("isolated"), entry("by"), entry("at")) else {
        return unconfirmed("has no word: it needs isolated, by and at");
    };
    let Ok(given) = at.parse::<Timestamp>() else {
        return unconfirmed("names no time in at, such as 2026-01-01T00:00:00Z");
    };
    if given > later(now, MOST_AHEAD) {
        return unconfirmed("names a time that is yet to come");
    }
    if until(given, now) > longest {
        return unconfirmed(&format!(
            "has a word of {given:.0}, which is too old: it counts for {} s",
            longest.as_secs()
        ));
    }
    let (word, by) = (quoted_within(word, Limit::Reason), quoted_within(by, Limit::Value));
    Isolation::Confirmed { said: format!("isolation confirmed by {by} at {given:.0}: {word}"), given }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(data: Value) -> Isolation {
        let now = "2026-01-01T12:00:00Z".parse().expect("a time");
        judge(Some(&json!({"data": data})), "ConfigMap f", now, Duration::from_secs(3600))
    }

    #[test]
    fn a_word_with_its_author_and_a_recent_time_confirms() {
        let said = judged(json!({"isolated": "change 12", "by": "Ann", "at": "2026-01-01T11:30:00Z"}));
        let expected = "isolation confirmed by Ann at 2026-01-01T11:30:00Z: change 12".to_owned();
        let given = "2026-01-01T11:30:00Z".parse().expect("a time");
        assert_eq!(said, Isolation::Confirmed { said: expected, given });
    }

    #[test]
    fn everything_else_confirms_nothing() {
        let at = "2026-01-01T11:30:00Z";
        for data in [
            json!(null),
            json!([]),
            json!({"isolated": "x", "by": "Ann"}),
            json!({"isolated": "", "by": "Ann", "at": at}),
            json!({"isolated": "x", "by": "  ", "at": at}),
            json!({"isolated": true, "by": "Ann", "at": at}),
            json!({"isolated": "x", "by": "Ann", "at": "yesterday"}),
            json!({"isolated": "x", "by": "Ann", "at": 1_767_265_800}),
            json!({"isolated": "x", "by": "Ann", "at": "2026-01-01T10:59:59Z"}),
            json!({"isolated": "x", "by": "Ann", "at": "2026-01-02T11:30:00Z"}),
            json!({"isolated": "x", "by": "Ann", "at": "9999-12-31T00:00:00Z"}),
        ] {
            assert!(matches!(judged(data.clone()), Isolation::Unconfirmed { .. }), "{data}");
        }
        let none = judge(None, "ConfigMap f", Timestamp::UNIX_EPOCH, Duration::MAX);
        assert_eq!(none, Isolation::Unconfirmed { why: "ConfigMap f is not there".to_owned() });
    }

    #[test]
    fn a_long_word_is_cut() {
        let said =
            judged(json!({"isolated": "x".repeat(100_000), "by": "y".repeat(9_000), "at": "2026-01-01T11:30:00Z"}));
        let Isolation::Confirmed { said, .. } = said else { panic!("{said:?}") };
        assert!(said.chars().count() < 600);
    }
}
