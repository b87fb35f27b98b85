//! SNS, as far as the function publishes: messages to the topic of the site's people (query protocol; docs/reference/aws.md#sns-envelope).

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::alarm::ACCOUNT;
use super::error::AwsError;
use super::request::AwsRequest;
use super::route53_xml::Element;
use super::{Cloud, Outcome};
use crate::environment::STANDBY_REGION;
use crate::people::{Message, TOPIC};

/// The longest message, in bytes (docs/reference/aws.md#sns-envelope).
const LONGEST: usize = 262_144;

/// The topic of the site's people.
pub(super) fn topic_arn() -> String {
    format!("arn:aws:sns:{STANDBY_REGION}:{ACCOUNT}:people")
}

/// The ARN of the topic that the call names.
pub(super) fn resource(request: &AwsRequest) -> String {
    request.form().remove("TopicArn").unwrap_or_else(|| "*".to_owned())
}

pub(super) fn answer(cloud: &Cloud, request: &AwsRequest) -> Outcome {
    if request.operation != "Publish" {
        return Err(AwsError::unknown_operation(&request.operation));
    }
    let form = request.form();
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let (topic, subject, message) = (field("TopicArn"), field("Subject"), field("Message"));
    if topic != topic_arn() || request.region() != STANDBY_REGION {
        return Err(AwsError::new(404, "NotFound", "Topic does not exist"));
    }
    let is_line = subject.len() < 100 && subject.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !is_line || subject.starts_with(' ') {
        return Err(AwsError::new(400, "InvalidParameter", "Invalid parameter: Subject"));
    }
    if message.is_empty() || message.len() > LONGEST {
        return Err(AwsError::new(400, "InvalidParameter", "Invalid parameter: Message"));
    }
    let labels: Map<String, Value> = (1..=10)
        .filter_map(|at| {
            let of = |field: &str| form.get(&format!("MessageAttributes.entry.{at}.{field}")).cloned();
            Some((of("Name")?, of("Value.StringValue")?.into()))
        })
        .collect();
    let body = json!({"subject": subject, "text": message, "labels": labels});
    cloud.people.keep(Message { path: TOPIC.to_owned(), body });
    let id = "00000000-0000-4000-8000-000000000000";
    let root = Element::new("PublishResponse")
        .namespace(Some("http://sns.amazonaws.com/doc/2010-03-31/"))
        .child(Element::new("PublishResult").text("MessageId", id))
        .child(Element::new("ResponseMetadata").text("RequestId", id));
    Ok(root.response(StatusCode::OK))
}
