//! When a failover last began, as operators find it in Parameter Store.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ssm::types::ParameterType;
use holdfast_core::{Call, Fault, FaultClass, Timestamp, epoch, fault::quoted, ports::CooldownStore};

use crate::{fault::of_sdk, sdk::Sdk};

const GET: &str = "ssm:GetParameter";
const PUT: &str = "ssm:PutParameter";

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
            Ok(answer) => match answer.parameter {
                // Its value is ciphertext, which is of no use to us and nothing to show.
                Some(found) if found.r#type() == Some(&ParameterType::SecureString) => {
                    Err(self.wrong_type(GET, ParameterType::SecureString.as_str()))
                }
                found => Ok(found.and_then(|found| found.value)),
            },
            Err(error) if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) => Ok(None),
            Err(error) => Err(of_sdk(GET, &error)),
        }
    }

    async fn put(&self, value: String) -> Result<(), Fault> {
        let request = self.sdk.ssm.put_parameter().name(&self.parameter).value(value);
        let request = request.r#type(ParameterType::String).overwrite(true);
        request.send().await.map(|_| ()).map_err(|error| {
            match error.as_service_error().is_some_and(|error| error.is_hierarchy_type_mismatch_exception()) {
                true => self.wrong_type(PUT, "of another type than String, such as SecureString"),
                false => of_sdk(PUT, &error),
            }
        })
    }

    /// Parameter Store changes no parameter's type: a person must make it anew.
    fn wrong_type(&self, call: &'static str, found: &str) -> Fault {
        let parameter = quoted(&self.parameter);
        let message = format!(
            "parameter {parameter} is {found}; allowed is String, as its value is a time and no secret: delete it, and it \
             is made anew with the next note"
        );
        Fault::new(FaultClass::Invalid, call, message)
    }
}

#[async_trait]
impl CooldownStore for SsmCooldown {
    async fn last(&self, call: &Call) -> Result<Option<Timestamp>, Fault> {
        let Some(value) = call.once(GET, self.value()).await? else { return Ok(None) };
        epoch::read(&value).map_err(|why| {
            Fault::new(FaultClass::Invalid, GET, format!("parameter {} holds {why}", quoted(&self.parameter)))
        })
    }

    async fn set(&self, call: &Call, at: Timestamp) -> Result<(), Fault> {
        call.once(PUT, self.put(at.as_second().to_string())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, Reply, Server, at, call, json_error};

    async fn store(answers: Vec<Reply>) -> (SsmCooldown, Server) {
        let server = Server::start(answers).await;
        (SsmCooldown::new(Arc::new(server.sdk()), default_parameter("dr")), server)
    }

    fn holds(value: &str) -> Reply {
        let body =
            format!("{{\"Parameter\":{{\"Name\":\"n\",\"Type\":\"String\",\"Value\":\"{value}\",\"Version\":3}}}}");
        Reply::of_type(200, "application/x-amz-json-1.1", body)
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
        let (store, _server) = store(vec![json_error(400, "ParameterNotFound")]).await;
        assert_eq!(store.last(&call()).await.expect("never"), None);
    }

    #[tokio::test]
    async fn a_404_that_is_not_the_services_is_not_never() {
        let (store, _server) = store(vec![Reply::of_type(404, "text/html", "<html>")]).await;
        assert_eq!(store.last(&call()).await.expect_err("unknown").class, FaultClass::Server);
    }

    #[tokio::test]
    async fn a_time_ahead_is_given_back_as_it_stands() {
        let (store, _server) = store(vec![holds("4102444800")]).await;
        assert_eq!(store.last(&call()).await.expect("a time"), Some(at(4_102_444_800)));
    }

    #[tokio::test]
    async fn what_is_no_time_is_told_with_value_parameter_and_what_is_allowed() {
        for value in ["1764115200000", "-1", "soon", "18446744073709551615", &"x".repeat(4096)] {
            let (store, _server) = store(vec![holds(value)]).await;
            let fault = store.last(&call()).await.expect_err("no time");
            assert_eq!(fault.class, FaultClass::Invalid);
            let shown: String = value.chars().take(40).collect();
            for part in ["/logscale-dr/dr/last-failover-timestamp", &shown, "0 for never"] {
                assert!(fault.message.contains(part), "{part} in {fault}");
            }
            assert!(fault.message.len() < 250, "{fault}");
        }
    }

    /// The case `ssm-securestring.json`.
    #[tokio::test]
    async fn a_parameter_that_is_encrypted_is_named_so_and_none_of_its_ciphertext_is_shown() {
        let case = include_str!("../../../tests/cases/ssm-securestring.json");
        let (store, _server) = store(vec![Reply::of_type(200, "application/x-amz-json-1.1", case)]).await;
        let fault = store.last(&call()).await.expect_err("ciphertext");
        assert_eq!(fault.class, FaultClass::Invalid);
        assert!(!fault.message.contains("AQICAH"), "{fault}");
        let refused = json_error(400, "HierarchyTypeMismatchException");
        let (store, _server) = self::store(vec![refused]).await;
        let put = store.set(&call(), at(NOW)).await.expect_err("another type");
        assert_eq!(put.class, FaultClass::Invalid);
        for said in [fault.message, put.message] {
            for part in ["last-failover-timestamp", "SecureString", "allowed is String"] {
                assert!(said.contains(part), "{part} in {said}");
            }
        }
    }

    #[tokio::test]
    async fn whole_seconds_are_written_over_what_is_there() {
        let (store, server) = store(vec![Reply::of_type(200, "application/x-amz-json-1.1", "{\"Version\":4}")]).await;
        store.set(&call(), at(NOW)).await.expect("written");
        let body: serde_json::Value = serde_json::from_slice(&server.requests()[0].body).expect("json");
        assert_eq!(body["Value"], "1767225600");
        assert_eq!((&body["Overwrite"], &body["Type"]), (&true.into(), &"String".into()));
    }

    #[tokio::test]
    async fn concurrent_updates_and_throttling_are_worth_a_retry_and_a_refusal_is_not() {
        let codes = [("TooManyUpdates", true), ("ThrottlingException", true), ("AccessDeniedException", false)];
        for (code, transient) in codes {
            let (store, _server) = store(vec![json_error(400, code)]).await;
            let fault = store.set(&call(), at(NOW)).await.expect_err(code);
            assert_eq!(fault.class.is_transient(), transient, "{code}");
        }
    }
}
