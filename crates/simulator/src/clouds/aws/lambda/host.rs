//! The Lambda service as a host of the function.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::LambdaHost;
use crate::clouds::aws::notification::envelope;
use crate::clouds::aws::services::channel;
use crate::host::{Host, InvocationResult, Notice};
use crate::timeline::EventKind;

impl Host for LambdaHost {
    fn operate(&self, payload: Value) -> BoxFuture<'_, InvocationResult> {
        Box::pin(self.invoke(payload))
    }

    /// There is one way for everything: a synchronous call.
    fn deliver(&self, message: Value) -> BoxFuture<'_, InvocationResult> {
        Box::pin(self.invoke(message))
    }

    /// SNS delivers at least once: the same message as often as the notice says.
    fn notify(&self, notice: Notice) {
        if !self.has_function() {
            return;
        }
        let (message_id, subscription) = (self.uuid(), self.uuid());
        let event = envelope(&channel(), &message_id, &subscription, &notice.body, notice.state, notice.at);
        for _ in 0..notice.copies {
            self.invoke_async(event.clone());
            self.record_event(EventKind::AlarmDelivered { service: "SNS", state: notice.state, answer: None });
        }
    }

    /// The input that the schedule is deployed with (docs/reference/aws.md#eventbridge).
    fn tick(&self) -> Option<String> {
        self.has_function().then(|| self.invoke_async(json!({"source": "failover.schedule"})))
    }

    fn results(&self) -> Vec<InvocationResult> {
        self.results()
    }

    fn running(&self) -> usize {
        self.running()
    }

    fn cold_starts(&self) -> Vec<Duration> {
        self.cold_starts()
    }

    fn discard_idle(&self) {
        self.discard_idle();
    }

    fn settled(&self, limit: Duration) -> BoxFuture<'_, bool> {
        Box::pin(self.settled(limit))
    }

    fn variables(&self) -> BTreeMap<String, String> {
        self.variables()
    }

    fn set_variables(&self, variables: BTreeMap<String, String>) {
        self.set_variables(variables);
    }

    fn invocation_of(&self, session: Option<&str>) -> Option<String> {
        self.invocation_of(session)
    }

    fn kill_caller<'a>(&'a self, session: Option<&'a str>) -> BoxFuture<'a, ()> {
        Box::pin(self.kill_caller(session))
    }

    fn shut_down(&self) {
        self.shut_down();
    }
}
