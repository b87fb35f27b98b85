//! A topic of Notifications by which people are told.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use holdfast_core::{Call, Clock, Fault, clock::later, retry::RetryPolicy};
use holdfast_notify::{Notice, Topic};
use serde_json::json;

use crate::{
    client::{Oci, Sent},
    endpoint::Service,
    ocid::Ocid,
};

const PUBLISH: &str = "notifications:PublishMessage";

/// A topic of Notifications. It knows no attributes: the labels stand in the text.
pub struct OnsTopic {
    oci: Arc<Oci>,
    topic: Ocid,
    region: String,
    clock: Arc<dyn Clock>,
    timeout: Duration,
}

impl OnsTopic {
    /// The topic `topic` in `region`; each message has `timeout`.
    pub fn new(oci: Arc<Oci>, topic: Ocid, region: String, clock: Arc<dyn Clock>, timeout: Duration) -> Self {
        Self { oci, topic, region, clock, timeout }
    }

    /// A message belongs to no call of the function: it may be sent beside it, and after it.
    fn call(&self) -> Call {
        let retry = RetryPolicy { attempt_timeout: self.timeout, ..RetryPolicy::default() };
        Call { deadline: later(self.clock.now(), self.timeout), clock: Arc::clone(&self.clock), retry }
    }
}

#[async_trait]
impl Topic for OnsTopic {
    fn name(&self) -> &'static str {
        "ons"
    }

    async fn publish(&self, notice: &Notice) -> Result<(), Fault> {
        let body = json!({"title": notice.subject, "body": notice.text});
        let sent = Sent::post(format!("/20181201/topics/{}/messages", self.topic), &body);
        self.oci.ask(&self.call(), PUBLISH, Service::Notifications, &self.region, sent).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use holdfast_core::FaultClass;

    use super::*;
    use crate::testing::{NOW, Reply, Server, clock_at};

    fn notice() -> Notice {
        let labels = [("occasion", "begun".to_owned()), ("urgency", "high".to_owned()), ("incident", "i".to_owned())];
        Notice { subject: "dr: it begins".to_owned(), text: "dr: it begins\n".to_owned(), labels }
    }

    async fn publish(answer: Reply) -> (Result<(), Fault>, Server) {
        let server = Server::start(vec![answer]).await;
        let topic = Ocid::parse("ocid1.onstopic.oc1.phx.people").expect("an id");
        let timeout = Duration::from_millis(500);
        let topic = OnsTopic::new(server.oci(), topic, "us-phoenix-1".to_owned(), clock_at(NOW), timeout);
        (topic.publish(&notice()).await, server)
    }

    #[tokio::test]
    async fn a_message_has_a_title_and_a_body() {
        let (published, server) = publish(Reply::json(202, &json!({"messageId": "m"}))).await;
        published.expect("published");
        let request = server.requests().remove(0);
        assert_eq!(request.path, "/us-phoenix-1/20181201/topics/ocid1.onstopic.oc1.phx.people/messages");
        let body: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
        assert_eq!(body, json!({"title": "dr: it begins", "body": "dr: it begins\n"}));
    }

    #[tokio::test]
    async fn a_refusal_is_a_fault_with_its_class() {
        let (published, _server) = publish(Reply::error(404, "NotAuthorizedOrNotFound")).await;
        let fault = published.expect_err("refused");
        assert!(matches!(fault.class, FaultClass::Denied | FaultClass::NotFound), "{fault}");
    }
}
