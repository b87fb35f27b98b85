//! DNS: the steering policy on the wire (docs/reference/oci.md#steering-policies).

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode};
use serde_json::Value;

use super::error::{OciError, json_answer};
use super::request::OciRequest;
use super::steering::SteeringPolicy;
use super::{Cloud, POLICY_ID};
use crate::time;
use crate::timeline::EventKind;

pub(super) fn get(cloud: &Cloud, id: &str) -> Result<Response<Body>, OciError> {
    cloud.world.with(|state| {
        Ok(answer(state.control::<SteeringPolicy>().filter(|_| id == POLICY_ID).ok_or_else(OciError::not_found)?))
    })
}

pub(super) fn update(cloud: &Cloud, request: &OciRequest, id: &str) -> Result<Response<Body>, OciError> {
    let sent: Value = serde_json::from_slice(&request.body).map_err(|_| OciError::invalid("the body is no JSON"))?;
    let (answer, told) = cloud.world.with(|state| {
        let (policy, _) =
            state.control_mut::<SteeringPolicy>().filter(|_| id == POLICY_ID).ok_or_else(OciError::not_found)?;
        policy.update(&sent, request.header("if-match"), time::now())?;
        let told = EventKind::TrafficWritten { service: "DNS", detail: policy.describe(), locked: policy.is_locked() };
        Ok::<_, OciError>((answer(policy), told))
    })?;
    cloud.world.record_event(told);
    Ok(answer)
}

fn answer(policy: &SteeringPolicy) -> Response<Body> {
    let mut answer = json_answer(StatusCode::OK, &policy.document(time::now()));
    let etag = HeaderValue::from_str(&policy.etag()).expect("a version is a header value");
    answer.headers_mut().insert("etag", etag);
    answer
}
