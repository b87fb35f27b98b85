//! Functions: `InvokeFunction`, as `oci fn function invoke` calls it (docs/reference/oci.md#function-limits).

use axum::body::Body;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::agent::Delivery;
use super::error::{OciError, json_answer};
use super::request::OciRequest;
use super::{Cloud, FUNCTION_ID};
use crate::host::Outcome;

/// The largest request, in bytes.
const LONGEST: usize = 6 * 1024 * 1024;

pub(super) async fn invoke(cloud: &Cloud, request: &OciRequest, id: &str) -> Result<Response<Body>, OciError> {
    if id != FUNCTION_ID {
        return Err(OciError::not_found());
    }
    if request.body.len() > LONGEST {
        return Err(OciError::new(413, "FunctionInvokeRequestContentTooLarge", "the content is too large"));
    }
    if request.header("is-dry-run") == Some("true") {
        return Ok(json_answer(StatusCode::OK, &json!({})));
    }
    let delivery = Delivery::of_operator(&cloud.agent.uuid(), request.body.to_vec());
    if request.header("fn-invoke-type") == Some("detached") {
        cloud.agent.spawn(delivery.detached());
        return Ok(json_answer(StatusCode::ACCEPTED, &Value::Null));
    }
    let (result, status) = cloud.agent.deliver(delivery).await;
    match result.outcome {
        Outcome::Ok { answer } => Ok(json_answer(StatusCode::OK, &answer)),
        Outcome::FunctionError { kind, message } => Err(OciError::new(status, &kind, &message)),
        Outcome::TimedOut => Err(OciError::new(status, "FunctionInvokeTimeout", "the function timed out")),
        Outcome::Crashed { detail } => Err(OciError::new(status, "FunctionInvokeExecutionError", &detail)),
        Outcome::Throttled => Err(OciError::new(429, "TooManyRequests", "the tenancy's memory is used up")),
    }
}
