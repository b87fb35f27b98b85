//! One call as it came: content, deadline, who sent it (docs/reference/oci.md#function-contract).

use std::time::Duration;

use holdfast_core::{
    Timestamp,
    clock::{earlier, later, until},
    evidence::{Check, Level},
    fault::quoted,
};
use http::HeaderMap;
use hyper::body::Bytes;

/// A call that has this much of its 300 s left when it comes was given all of them: a start takes some seconds.
const ENOUGH: Duration = Duration::from_secs(270);

/// The longest that Fn lets a call run: a detached one.
const LONGEST_CALL: Duration = Duration::from_secs(3600);

/// How the time of a call is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margins {
    /// What is kept back of the time that a call has, for writing the record and answering.
    pub margin: Duration,
    /// How long a call has when the platform does not say.
    pub fallback: Duration,
}

impl Default for Margins {
    /// Five seconds of thirty (docs/reference/oci.md#function-contract).
    fn default() -> Self {
        Self { margin: Duration::from_secs(5), fallback: Duration::from_secs(30) }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// What identifies it.
    pub id: String,
    /// Who sent it, as the platform says; empty where it does not.
    pub subject: Subject,
    /// When the work must have ended.
    pub deadline: Timestamp,
    /// How long from now on the platform waits for an answer, less what it takes to give one.
    pub patience: Duration,
    /// What was sent; `None` when it was longer than any call may be.
    pub body: Option<Bytes>,
}

/// Who sent a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Its OCID.
    pub id: String,
    /// `user`, `instance`, `resource` and others.
    pub kind: String,
}

/// The door of a call of which the platform does not say who sent it.
const NOBODY: &str = "unknown";

impl Subject {
    /// The doors that a call of this caller comes through, the most special first: the kind with the OCID behind a colon,
    /// and the kind.
    pub fn doors(&self) -> [String; 2] {
        let kind = if self.kind.is_empty() { NOBODY } else { &self.kind };
        [format!("{kind}:{}", self.id), kind.to_owned()]
    }
}

impl Arrival {
    /// A call with these headers and this content, that came at `now`.
    pub fn new(headers: &HeaderMap, body: Option<Bytes>, now: Timestamp, margins: Margins) -> Self {
        let ends = ends(headers, now, margins);
        let id = text(headers, "fn-call-id");
        Self {
            id: if id.is_empty() { "local".to_owned() } else { id },
            subject: Subject { id: text(headers, "oci-subject-id"), kind: text(headers, "oci-subject-type") },
            deadline: earlier(ends, margins.margin).max(now),
            // The margin is for both: the work ends at its beginning, and the answer leaves before its end.
            patience: until(now, earlier(ends, margins.margin.checked_div(5).unwrap_or_default())),
            body,
        }
    }

    /// Whether the function is given as long as the platform allows: the holdoff is waited for inside one call.
    pub fn time_out(&self) -> Check {
        let given_s = self.patience.as_secs();
        let (level, found) = match self.patience >= ENOUGH {
            true => (Level::Good, format!("a call has {given_s} s left when it begins")),
            false => {
                let found = format!("a call has {given_s} s left when it begins: set the function's timeout to 300 s");
                (Level::Warning, found)
            }
        };
        Check { name: "function-time-out".to_owned(), level, found }
    }

    /// Who sent it, for the record.
    pub fn caller(&self) -> String {
        let Subject { id, kind } = &self.subject;
        match (kind.as_str(), id.as_str()) {
            ("", "") => format!("call {}", self.id),
            (kind, id) => quoted(&format!("{kind} {id}, call {}", self.id)).trim().chars().take(200).collect(),
        }
    }
}

/// When the platform stops waiting. A time that makes no sense is none; one that no call can have is the longest.
fn ends(headers: &HeaderMap, now: Timestamp, margins: Margins) -> Timestamp {
    let given = headers.get("fn-deadline").and_then(|value| value.to_str().ok()?.trim().parse::<Timestamp>().ok());
    given.unwrap_or_else(|| later(now, margins.fallback)).min(later(now, LONGEST_CALL))
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).map(quoted).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_225_600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn arrived(headers: &[(&'static str, &str)]) -> Arrival {
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), value.parse::<http::HeaderValue>().expect("a value"))
        });
        Arrival::new(&headers.collect(), Some(Bytes::new()), at(NOW), Margins::default())
    }

    /// Seconds for the work, and for the answer.
    fn left(deadline: &str) -> (i64, u64) {
        let arrival = arrived(&[("fn-deadline", deadline)]);
        (arrival.deadline.as_second() - NOW, arrival.patience.as_secs())
    }

    #[test]
    fn the_deadline_is_that_of_the_platform_less_a_margin() {
        assert_eq!(left("2026-01-01T00:05:00Z"), (295, 299));
        assert_eq!(left("2026-01-01T00:00:30Z"), (25, 29));
        assert_eq!(left("2026-01-01T00:00:03Z"), (0, 2));
        assert_eq!(left("2025-12-31T23:00:00Z"), (0, 0));
        assert_eq!(left("2026-01-02T00:00:00Z"), (3595, 3599));
    }

    #[test]
    fn without_a_deadline_that_makes_sense_a_call_has_thirty_seconds() {
        for deadline in ["", "soon", "1767225900", "2026-01-01"] {
            assert_eq!(left(deadline), (25, 29), "{deadline}");
        }
        assert_eq!(arrived(&[]).deadline, at(NOW + 25));
    }

    #[test]
    fn a_time_out_that_is_shorter_than_it_may_be_is_told() {
        for (deadline, level) in [("2026-01-01T00:05:00Z", Level::Good), ("2026-01-01T00:01:00Z", Level::Warning)] {
            assert_eq!(arrived(&[("fn-deadline", deadline)]).time_out().level, level);
        }
    }

    #[test]
    fn the_caller_is_who_the_platform_says() {
        let arrival =
            arrived(&[("fn-call-id", "01ABC"), ("oci-subject-id", "ocid1.user.oc1..u"), ("oci-subject-type", "user")]);
        assert_eq!(arrival.caller(), "user ocid1.user.oc1..u, call 01ABC");
        assert_eq!(arrived(&[]).caller(), "call local");
        let long = arrived(&[("oci-subject-id", &"x".repeat(5000))]);
        assert!(long.caller().chars().count() <= 200);
    }
}
