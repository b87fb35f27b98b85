//! The envelopes in which AWS hands events over, in the types of `aws_lambda_events`.
//!
//! An envelope that is not as those types have it is read all the same, by the few fields that we need, and a line in the
//! log says so: an alarm comes once, and is not lost for a field that nobody here looks at (decision 0012).

use aws_lambda_events::event::{eventbridge::EventBridgeEvent, sns::SnsRecord};
use holdfast_core::fault::{Limit, quoted_within};
use holdfast_site::json;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    ignored::{self, IgnoredReason},
    text, whole,
};

/// Where a notification is from.
const SNS: &str = "aws:sns";

/// One notification of a topic. Its texts are whole: to be compared, and not to be shown.
pub(super) struct Notification {
    pub(super) topic: Option<String>,
    pub(super) message_id: Option<String>,
    pub(super) message: String,
}

/// One record of an SNS event.
///
/// # Errors
/// A record of another service, or one without a notification.
pub(super) fn notification(record: &Value) -> Result<Notification, IgnoredReason> {
    let source = || text(record, "/EventSource");
    // SNS writes `EventSource`, every other service `eventSource`.
    let sns = json::at(record, "/Sns").filter(|_| whole(record, "/EventSource") == Some(SNS));
    let sns = sns.ok_or_else(|| ignored::not_sns(source().as_deref()))?;
    Ok(match documented::<SnsRecord>(record, "a record of SNS") {
        Some(SnsRecord { sns, .. }) => {
            Notification { topic: Some(sns.topic_arn), message_id: Some(sns.message_id), message: sns.message }
        }
        None => {
            let field = |name| whole(sns, name).map(str::to_owned);
            let message = field("/Message").unwrap_or_default();
            Notification { topic: field("/TopicArn"), message_id: field("/MessageId"), message }
        }
    })
}

/// An event of EventBridge: what kind it is of, and what it is about.
pub(super) struct Bridged {
    /// Its `detail-type`, whole.
    pub(super) kind: String,
    /// The alarm in it, as an alarm's own call carries it.
    pub(super) alarm: Value,
}

/// The event of EventBridge in `payload`; `None` where it is none.
pub(super) fn bridged(payload: &Value) -> Option<Bridged> {
    let kind = payload.get("detail-type")?.as_str()?;
    let direct = |arn: Option<&str>, detail: &Value| json!({"alarmArn": arn, "alarmData": detail});
    let alarm = match documented::<EventBridgeEvent>(payload, "an event of EventBridge") {
        Some(event) => direct(event.resources.unwrap_or_default().first().map(String::as_str), &event.detail),
        None => direct(
            payload.pointer("/resources/0").and_then(Value::as_str),
            payload.get("detail").unwrap_or(&Value::Null),
        ),
    };
    Some(Bridged { kind: kind.to_owned(), alarm })
}

/// `document` in the type that its sender documents. Where it does not fit the place is logged, never its content.
fn documented<T: DeserializeOwned>(document: &Value, what: &str) -> Option<T> {
    serde_path_to_error::deserialize(document)
        .inspect_err(|error| {
            let place = quoted_within(&error.path().to_string(), Limit::Phrase);
            tracing::warn!(place, "{what} is not as AWS documents it; it is read all the same");
        })
        .ok()
}
