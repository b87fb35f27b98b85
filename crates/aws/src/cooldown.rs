//! When a failover last began, as operators find it in Parameter Store.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ssm::types::ParameterType;
use holdfast_core::{Call, Fault, FaultClass, Timestamp, ports::CooldownStore};

use crate::{fault::of_sdk, sdk::Sdk};

const GET: &str = "ssm:GetParameter";
const PUT: &str = "ssm:PutParameter";

/// How much of a value that makes no sense is shown.
const SHOWN: usize = 40;

/// The parameter's name where none is configured: the one that the product's documentation names.
pub fn default_parameter(function_name: &str) -> String {
    format!("/logscale-dr/{function_name}/last-failover-timestamp")
}

/// Keeps the time in one parameter of Systems Manager, as whole epoch seconds in text.
///
/// Values of the reference function are read too: seconds with a fraction, and 0 for "never". Parameter Store has
/// no compare-and-set, so the parameter is a note for people and a second opinion; the record is the authority.
pub struct SsmCooldown {
    sdk: Arc<Sdk>,
    parameter: String,
}

impl SsmCooldown {
    /// A store in the parameter of that name.
    pub fn new(sdk: Arc<Sdk>, parameter: impl Into<String>) -> Self {
        Self { sdk, parameter: parameter.into() }
    }

    /// The parameter's value; `None` when there is no such parameter.
    async fn value(&self) -> Result<Option<String>, Fault> {
        match self.sdk.ssm.get_parameter().name(&self.parameter).send().await {
            Ok(answer) => Ok(answer.parameter.and_then(|parameter| parameter.value)),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) => Ok(None),
            Err(error) => Err(of_sdk(GET, &error)),
        }
    }

    async fn put(&self, value: String) -> Result<(), Fault> {
        let request = self.sdk.ssm.put_parameter().name(&self.parameter).value(value);
        let request = request.r#type(ParameterType::String).overwrite(true);
        request.send().await.map(|_| ()).map_err(|error| of_sdk(PUT, &error))
    }
}

#[async_trait]
impl CooldownStore for SsmCooldown {
    async fn last(&self, call: &Call) -> Result<Option<Timestamp>, Fault> {
        let Some(value) = call.once(GET, self.value()).await? else { return Ok(None) };
        understand(&value).ok_or_else(|| {
            let shown: String = value.chars().take(SHOWN).collect();
            let message = format!(
                "parameter {} holds {shown:?}; allowed are epoch seconds between 0 and the year 9999, 0 for never",
                self.parameter
            );
            Fault::new(FaultClass::Invalid, GET, message)
        })
    }

    async fn set(&self, call: &Call, at: Timestamp) -> Result<(), Fault> {
        call.once(PUT, self.put(at.as_second().to_string())).await
    }
}

/// The time in a value: `Some(None)` for never, `None` where it makes no sense.
pub fn understand(value: &str) -> Option<Option<Timestamp>> {
    let seconds: f64 = value.trim().parse().ok()?;
    if seconds == 0.0 {
        return Some(None);
    }
    // Microseconds are exact far beyond the year 9999, where a timestamp ends.
    let micros = (seconds * 1e6).round();
    let in_range = seconds > 0.0 && micros <= Timestamp::MAX.as_microsecond() as f64;
    in_range.then(|| Timestamp::from_microsecond(micros as i64).ok().map(Some)).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Answer, NOW, Server, at, call};

    #[test]
    fn values_of_the_reference_are_read() {
        assert_eq!(understand("0"), Some(None));
        assert_eq!(understand("0.0"), Some(None));
        assert_eq!(understand("1767225600"), Some(Some(at(NOW))));
        let fraction = understand("1767225600.4817634").flatten().expect("a time");
        assert_eq!(fraction.as_microsecond(), 1_767_225_600_481_763);
        assert_eq!(understand(" 1767225600\n"), Some(Some(at(NOW))));
    }

    #[test]
    fn times_that_nobody_could_have_written_make_no_sense() {
        for value in ["", "never", "-1", "NaN", "inf", "-inf", "1e30", "253402300800", "2026-01-01", "1,5"] {
            assert_eq!(understand(value), None, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_understood_or_refused(value in ".*") {
            let _ = understand(&value);
        }

        #[test]
        fn whole_seconds_are_read_back_as_written(second in 1_i64..=253_402_207_200) {
            prop_assert_eq!(understand(&second.to_string()), Some(Some(at(second))));
        }
    }

    async fn store(answers: Vec<Answer>) -> (SsmCooldown, Server) {
        let server = Server::start(answers).await;
        (SsmCooldown::new(Arc::new(server.sdk()), default_parameter("dr")), server)
    }

    fn holds(value: &str) -> Answer {
        let body =
            format!("{{\"Parameter\":{{\"Name\":\"n\",\"Type\":\"String\",\"Value\":\"{value}\",\"Version\":3}}}}");
        Answer::ok("application/x-amz-json-1.1", body)
    }

    #[tokio::test]
    async fn a_time_is_read_from_the_default_parameter() {
        let (store, server) = store(vec![holds("1767225600.25")]).await;
        let last = store.last(&call()).await.expect("a time").expect("not never");
        assert_eq!(last.as_millisecond(), NOW * 1000 + 250);
        let body = String::from_utf8_lossy(&server.requests()[0].body).into_owned();
        assert!(body.contains("/logscale-dr/dr/last-failover-timestamp"), "{body}");
    }

    #[tokio::test]
    async fn a_missing_parameter_is_never() {
        let (store, _server) = store(vec![Answer::json_error(400, "ParameterNotFound")]).await;
        assert_eq!(store.last(&call()).await.expect("never"), None);
    }

    #[tokio::test]
    async fn a_404_that_is_not_the_services_is_not_never() {
        let (store, _server) = store(vec![Answer::status(404, "text/html", "<html>")]).await;
        assert_eq!(store.last(&call()).await.expect_err("unknown").class, FaultClass::Server);
    }

    #[tokio::test]
    async fn nonsense_is_a_fault_that_names_the_parameter_and_what_is_allowed() {
        let (store, _server) = store(vec![holds(&"x".repeat(500))]).await;
        let fault = store.last(&call()).await.expect_err("nonsense");
        assert_eq!(fault.class, FaultClass::Invalid);
        assert!(
            fault.message.contains("last-failover-timestamp") && fault.message.contains("epoch seconds"),
            "{fault}"
        );
        assert!(fault.message.len() < 250, "{fault}");
    }

    #[tokio::test]
    async fn whole_seconds_are_written_over_what_is_there() {
        let (store, server) = store(vec![Answer::ok("application/x-amz-json-1.1", "{\"Version\":4}")]).await;
        store.set(&call(), at(NOW)).await.expect("written");
        let body: serde_json::Value = serde_json::from_slice(&server.requests()[0].body).expect("json");
        assert_eq!(body["Value"], "1767225600");
        assert_eq!((&body["Overwrite"], &body["Type"]), (&true.into(), &"String".into()));
    }

    #[tokio::test]
    async fn concurrent_updates_and_throttling_are_worth_a_retry_and_a_refusal_is_not() {
        let codes = [("TooManyUpdates", true), ("ThrottlingException", true), ("AccessDeniedException", false)];
        for (code, transient) in codes {
            let (store, _server) = store(vec![Answer::json_error(400, code)]).await;
            let fault = store.set(&call(), at(NOW)).await.expect_err(code);
            assert_eq!(fault.class.is_transient(), transient, "{code}");
        }
    }
}
