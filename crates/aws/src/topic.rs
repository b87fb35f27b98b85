//! A topic of SNS by which people are told.

use async_trait::async_trait;
use aws_sdk_sns::types::MessageAttributeValue;
use holdfast_core::{Fault, FaultClass};
use holdfast_notify::{Notice, Topic};

use crate::{
    fault::of_sdk,
    sdk::{self, Environment, Options},
};

const PUBLISH: &str = "sns:Publish";

/// A topic of SNS. Subscriptions by mail get subject and text; filters of subscriptions see the labels.
pub struct SnsTopic {
    client: aws_sdk_sns::Client,
    arn: String,
}

impl SnsTopic {
    /// The topic `arn`, in the region that is part of it.
    pub fn new(environment: &Environment, options: &Options, arn: impl Into<String>) -> Self {
        let arn = arn.into();
        let region = arn.split(':').nth(3).unwrap_or(&options.cluster_region);
        Self { client: sdk::sns(environment, options, region), arn }
    }
}

#[async_trait]
impl Topic for SnsTopic {
    fn name(&self) -> &'static str {
        "sns"
    }

    async fn publish(&self, notice: &Notice) -> Result<(), Fault> {
        let mut request = self.client.publish().topic_arn(&self.arn).subject(&notice.subject).message(&notice.text);
        for (name, value) in &notice.labels {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            let value = value.map_err(|why| Fault::new(FaultClass::Invalid, PUBLISH, why.to_string()))?;
            request = request.message_attributes(*name, value);
        }
        request.send().await.map(drop).map_err(|error| of_sdk(PUBLISH, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Reply, Server, environment, options, xml};

    const ARN: &str = "arn:aws:sns:us-west-2:111122223333:people";

    fn notice() -> Notice {
        let labels = [("occasion", "begun".to_owned()), ("urgency", "high".to_owned()), ("incident", "i".to_owned())];
        Notice { subject: "dr: it begins".to_owned(), text: "dr: it begins\n".to_owned(), labels }
    }

    async fn publish(answer: Reply) -> (Result<(), Fault>, String, String) {
        let server = Server::start(vec![answer]).await;
        let published = SnsTopic::new(&environment(&server.url()), &options(), ARN).publish(&notice()).await;
        let request = server.requests().remove(0);
        let scope = request.headers["authorization"].to_str().expect("text").to_owned();
        (published, String::from_utf8_lossy(&request.body).into_owned(), scope)
    }

    #[tokio::test]
    async fn a_message_is_published_in_the_region_of_the_topic_with_its_labels() {
        let answer = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
                      <MessageId>m</MessageId></PublishResult></PublishResponse>";
        let (published, body, scope) = publish(xml(answer)).await;
        published.expect("published");
        assert!(scope.contains("/us-west-2/sns/"), "{scope}");
        for part in ["Action=Publish", "TopicArn=arn%3Aaws%3Asns%3Aus-west-2", "Subject=dr%3A%20it%20begins", "urgency"]
        {
            assert!(body.contains(part), "{part}: {body}");
        }
    }

    #[tokio::test]
    async fn a_refusal_is_denied_and_said_once() {
        let refusal = "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code>\
                       <Message>not yours</Message></Error></ErrorResponse>";
        let (published, _, _) = publish(Reply::of_type(403, "text/xml", refusal)).await;
        let fault = published.expect_err("refused");
        assert_eq!((fault.class, fault.message.as_str()), (FaultClass::Denied, "AuthorizationError: not yours"));
    }
}
