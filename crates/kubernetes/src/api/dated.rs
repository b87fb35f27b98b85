//! An object together with the server's own time: what the times that others wrote into it are judged by.

use holdfast_core::{Call, Fault, Timestamp};
use http::{HeaderMap, header::DATE};
use jiff::fmt::rfc2822::DateTimeParser;
use serde::de::DeserializeOwned;

use super::{Api, Operation, is_missing, read_named};

static HTTP_DATE: DateTimeParser = DateTimeParser::new();

/// An object, and when it was read.
#[derive(Clone, Debug)]
pub(crate) struct Dated<T> {
    /// The object.
    pub(crate) object: T,
    /// The server's time when it answered (`Date`), in whole seconds; `None` where it did not say.
    pub(crate) server: Option<Timestamp>,
    /// Our time when the answer was there.
    pub(crate) at: Timestamp,
}

impl Api {
    /// Reads one object and the server's time; `None` when it is not there.
    pub(crate) async fn get_dated<T: DeserializeOwned>(
        &self,
        call: &Call,
        operation: &Operation,
        name: &str,
    ) -> Result<Option<Dated<T>>, Fault> {
        match self.exchange(call, operation, Some(name), "", Vec::new()).await {
            Ok((headers, answer)) => {
                let object = read_named(operation, name, &answer)?;
                Ok(Some(Dated { object, server: date(&headers), at: call.clock.now() }))
            }
            Err(fault) if is_missing(&fault) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

/// The time of an answer. What cannot be read is as good as none.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    HTTP_DATE.parse_timestamp(headers.get(DATE)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, text.parse().expect("a header"));
        date(&headers).map(|at| at.to_string())
    }

    #[test]
    fn the_date_of_an_answer_is_read_and_anything_else_is_none() {
        assert_eq!(of("Thu, 01 Jan 2026 00:00:07 GMT").as_deref(), Some("2026-01-01T00:00:07Z"));
        for text in ["", "soon", "2026-01-01T00:00:07Z", "Thu, 32 Jan 2026 00:00:07 GMT", "99999999999999999999"] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(date(&HeaderMap::new()), None);
    }
}
