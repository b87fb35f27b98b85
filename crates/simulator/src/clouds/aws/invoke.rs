//! Lambda's `Invoke`: how `aws lambda invoke` reaches the function by hand.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::alarm::ACCOUNT;
use super::error::AwsError;
use super::request::AwsRequest;
use super::tree::{read_json, respond};
use super::{Cloud, Outcome};
use crate::environment::FUNCTION_NAME;
use crate::host::{InvocationResult, Outcome as Ending};

/// How much of the log a caller gets that asks for its tail, in bytes.
const TAIL: usize = 4096;

/// The ARN of the function that the path names, by name or by ARN.
pub(super) fn resource(region: &str, request: &AwsRequest) -> String {
    let asked = request.path.get(2).map(String::as_str).unwrap_or_default();
    let name = asked.rsplit_once(":function:").map_or(asked, |(_, name)| name);
    format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{name}")
}

pub(super) async fn answer(cloud: &Cloud, request: &AwsRequest) -> Outcome {
    let resource = resource(&cloud.region, request);
    cloud.authority.admit(request, &resource)?;
    if request.region() != cloud.region
        || !resource.ends_with(&format!(":{FUNCTION_NAME}"))
        || !cloud.lambda.has_function()
    {
        return Err(AwsError::new(404, "ResourceNotFoundException", &format!("Function not found: {resource}")));
    }
    let payload = read_json(&request.body)
        .map_err(|_| AwsError::new(400, "InvalidRequestContentException", "Could not parse request body into json"))?;
    match request.header("x-amz-invocation-type") {
        "DryRun" => Ok(respond(StatusCode::NO_CONTENT, "application/json", Vec::new())),
        "Event" => {
            cloud.lambda.invoke_async(payload);
            Ok(respond(StatusCode::ACCEPTED, "application/json", Vec::new()))
        }
        _ => answer_of(&cloud.lambda.invoke(payload).await, request.header("x-amz-log-type") == "Tail"),
    }
}

/// The answer of a synchronous call. A failed function is a success of the service, with a header that says so.
fn answer_of(result: &InvocationResult, tail: bool) -> Outcome {
    let (body, failed) = match &result.outcome {
        Ending::Ok { answer } => (answer.clone(), false),
        Ending::FunctionError { kind, message } => (error(kind, message), true),
        Ending::Crashed { detail } => (error("Runtime.ExitError", detail), true),
        Ending::TimedOut => (error("Sandbox.Timedout", "Task timed out"), true),
        Ending::Throttled => return Err(AwsError::new(429, "TooManyRequestsException", "Rate Exceeded.")),
    };
    let mut answer = respond(StatusCode::OK, "application/json", body.to_string().into_bytes());
    let headers = answer.headers_mut();
    headers.insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    if failed {
        headers.insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    }
    if tail {
        add_tail(&mut answer, &result.log_text());
    }
    Ok(answer)
}

fn error(kind: &str, message: &str) -> Value {
    json!({"errorType": kind, "errorMessage": message})
}

fn add_tail(answer: &mut Response<Body>, log: &str) {
    let tail = &log.as_bytes()[log.len().saturating_sub(TAIL)..];
    if let Ok(value) = STANDARD.encode(tail).parse() {
        answer.headers_mut().insert("x-amz-log-result", value);
    }
}
