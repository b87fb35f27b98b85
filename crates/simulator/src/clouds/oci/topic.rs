//! The topic of the site's people: messages that the function publishes (docs/reference/oci.md#alarms).

use axum::body::Body;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::Cloud;
use super::error::{OciError, json_answer};
use super::request::OciRequest;
use crate::people::{Message, TOPIC};

/// The topic.
pub(super) const TOPIC_ID: &str = "ocid1.onstopic.oc1.us-chicago-1.aaaasimulatedpeople";

/// The longest body, in bytes.
const LONGEST: usize = 64 * 1024;

pub(super) fn publish(cloud: &Cloud, request: &OciRequest, id: &str) -> Result<Response<Body>, OciError> {
    if id != TOPIC_ID || request.region != super::STANDBY_REGION {
        return Err(OciError::not_found());
    }
    let sent: Value = serde_json::from_slice(&request.body).map_err(|_| OciError::invalid("the body is no JSON"))?;
    let text = sent["body"].as_str().filter(|text| !text.is_empty() && text.len() <= LONGEST);
    let Some(text) = text else { return Err(OciError::invalid("body is missing, or too long")) };
    let body = json!({"subject": sent["title"], "text": text});
    cloud.people.keep(Message { path: TOPIC.to_owned(), body });
    Ok(json_answer(StatusCode::ACCEPTED, &json!({"messageId": "00000000-0000-4000-8000-000000000000"})))
}
