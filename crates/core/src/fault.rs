//! What can go wrong in a call, whose fault it is, and whether trying again can help.

use std::{error::Error, fmt, time::Duration};

use serde::{Deserialize, Serialize};

mod foreign;

pub use foreign::is_hidden;

/// The class of a fault: it alone decides what the engine does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultClass {
    /// The server asked for fewer calls (429, `Throttling`). Worth a retry, after a pause.
    Throttled,
    /// The server failed (5xx). Worth a retry.
    Server,
    /// No connection, or it broke. The call may have taken effect. Worth a retry.
    Connection,
    /// No answer in time. The call may have taken effect. Worth a retry.
    Timeout,
    /// The fence did not match: somebody else wrote first, or our own earlier attempt did.
    /// Worth a new observation, never a blind repeat.
    Conflict,
    /// The caller may not do this (401, 403). A person must act.
    Denied,
    /// The thing is not there (404).
    NotFound,
    /// The request or the answer makes no sense (other 4xx, unreadable data). A person must act.
    Invalid,
}

/// How much of a foreign text is kept, by what the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// One value or name, shown so that it can be recognised: 60 characters.
    Value,
    /// A few words beside others of their kind, as in what each control target said: 100 characters.
    Phrase,
    /// Who called: 200 characters, in the record.
    Caller,
    /// The sentence that names a cause and a resource: 300 characters.
    Sentence,
    /// The reason that an operator gives: 400 characters, in the record.
    Reason,
    /// A text of an answer or of a line of the log: 1000 characters.
    Answer,
}

impl Limit {
    /// The most characters that are kept.
    pub const fn characters(self) -> usize {
        match self {
            Self::Value => 60,
            Self::Phrase => 100,
            Self::Caller => 200,
            Self::Sentence => 300,
            Self::Reason => 400,
            Self::Answer => 1000,
        }
    }
}

/// The first line of what another said, at most a [`Limit::Sentence`] of it: without characters that are not seen or that
/// turn the direction of text ([`is_hidden`]), and with everything masked that looks like a credential. The one way in
/// which foreign text gets into faults, checks, records and logs.
pub fn quoted(text: &str) -> String {
    quoted_within(text, Limit::Sentence)
}

/// As [`quoted`], for a text that has another limit.
pub fn quoted_within(text: &str, limit: Limit) -> String {
    foreign::shown(text, limit.characters())
}

/// An error with its causes, which for connections say what really happened; [`quoted`].
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string);
    let mut words: Vec<String> = Vec::new();
    for cause in causes {
        // Wrappers often print their cause as well.
        if !words.last().is_some_and(|last| last.contains(&cause)) {
            words.push(cause);
        }
    }
    quoted(&words.join(": "))
}

impl FaultClass {
    /// True when the same call may succeed a moment later.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::Server | Self::Connection | Self::Timeout)
    }

    /// A short stable name for metrics and error types.
    pub fn label(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Server => "server",
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::Conflict => "conflict",
            Self::Denied => "denied",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
        }
    }

    /// The class of an HTTP status that is not a success.
    pub fn of_status(status: u16) -> Self {
        match status {
            429 => Self::Throttled,
            401 | 403 => Self::Denied,
            404 => Self::NotFound,
            408 => Self::Timeout,
            409 | 412 => Self::Conflict,
            500..=599 => Self::Server,
            _ => Self::Invalid,
        }
    }
}

/// A failed call.
#[derive(Debug)]
pub struct Fault {
    /// What kind of failure it is.
    pub class: FaultClass,
    /// The call that failed, as `service:Operation`.
    pub call: &'static str,
    /// What happened, in words that hold no secret and no payload.
    pub message: String,
    /// How long the server asked to wait (`Retry-After`), when it did.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A fault of `class` in `call`.
    pub fn new(class: FaultClass, call: &'static str, message: impl Into<String>) -> Self {
        Self { class, call, message: message.into(), retry_after: None }
    }

    /// The same fault with the pause that the server asked for.
    #[must_use]
    pub fn retry_after(mut self, pause: Option<Duration>) -> Self {
        self.retry_after = pause;
        self
    }

    /// The part of the fault that a record keeps.
    pub fn noted(&self) -> NotedFault {
        NotedFault { class: self.class, call: self.call.to_owned(), message: self.message.clone() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.call, self.message, self.class.label())
    }
}

impl Error for Fault {}

/// A fault as evidence and records keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedFault {
    /// See [`Fault::class`].
    pub class: FaultClass,
    /// See [`Fault::call`].
    pub call: String,
    /// See [`Fault::message`].
    pub message: String,
}

impl fmt::Display for NotedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.call, self.message, self.class.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_of_the_class_that_says_what_to_do_next() {
        use FaultClass::{Conflict, Denied, Invalid, NotFound, Server, Throttled, Timeout};
        let expected = [
            (400, Invalid),
            (401, Denied),
            (403, Denied),
            (404, NotFound),
            (408, Timeout),
            (409, Conflict),
            (412, Conflict),
            (422, Invalid),
            (429, Throttled),
            (499, Invalid),
            (500, Server),
            (503, Server),
            (599, Server),
            (600, Invalid),
        ];
        for (status, class) in expected {
            assert_eq!(FaultClass::of_status(status), class, "{status}");
            assert_eq!(class.is_transient(), [Timeout, Throttled, Server].contains(&class), "{status}");
        }
        assert!(FaultClass::Connection.is_transient());
    }

    #[test]
    fn what_others_say_is_one_line_of_bounded_length_that_can_be_shown() {
        assert_eq!(quoted("  first\u{7} line \n second"), "first line ");
        assert_eq!(quoted(&"é".repeat(1000)).chars().count(), 300);
    }

    /// An error of a library, which says what it says and has a cause.
    #[derive(Debug)]
    struct Wrapper(&'static str, Option<Box<Wrapper>>);

    impl fmt::Display for Wrapper {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Wrapper {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    #[test]
    fn an_error_is_told_with_its_causes_and_none_of_them_twice() {
        let cause = |text, cause| Some(Box::new(Wrapper(text, cause)));
        let error = Wrapper("connect error: refused", cause("refused", cause("os error 111", None)));
        assert_eq!(with_causes(&error), "connect error: refused: os error 111");
    }

    #[test]
    fn a_fault_says_the_same_in_a_log_and_in_a_record() {
        let fault = Fault::new(FaultClass::NotFound, "eks:DescribeCluster", "no such cluster");
        assert_eq!(fault.to_string(), "eks:DescribeCluster: no such cluster (not_found)");
        assert_eq!(fault.noted().to_string(), fault.to_string());
    }

    #[test]
    fn the_name_of_a_class_is_the_one_that_records_have() {
        use FaultClass::{Conflict, Connection, Denied, Invalid, NotFound, Server, Throttled, Timeout};
        for class in [Throttled, Server, Connection, Timeout, Conflict, Denied, NotFound, Invalid] {
            assert_eq!(serde_json::to_value(class).expect("a name"), class.label());
        }
    }
}
