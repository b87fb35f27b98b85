//! The agent as a host of the function.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Delivery, FnAgent};
use crate::clouds::oci::alarm;
use crate::clouds::oci::alarm_message::message;
use crate::clouds::oci::{SUBSCRIPTION_ID, notifications};
use crate::host::{Host, InvocationResult, Notice};
use crate::time;

impl Host for FnAgent {
    /// As `oci fn function invoke` does.
    fn operate(&self, payload: Value) -> BoxFuture<'_, InvocationResult> {
        let delivery = Delivery::of_operator(&self.uuid(), payload.to_string().into_bytes());
        Box::pin(async move { self.deliver(delivery).await.0 })
    }

    fn deliver(&self, message: Value) -> BoxFuture<'_, InvocationResult> {
        let body = message.to_string().into_bytes();
        let delivery = Delivery::of_subscription(&self.uuid(), 1, body, SUBSCRIPTION_ID);
        Box::pin(async move { self.deliver(delivery).await.0 })
    }

    fn notify(&self, notice: Notice) {
        if self.0.settings.executable.is_some() {
            notifications::deliver(self, &self.0.judge, &notice);
        }
    }

    /// The platform has no schedule of minutes: the tick is an alarm that always fires, through the same topic.
    fn tick(&self) -> Option<String> {
        self.0.settings.executable.as_ref()?;
        let kind = self.0.tick.lock().expect("no code panics while it holds this lock").minute()?;
        let (id, now) = (self.uuid(), time::now());
        let body = message(&alarm::tick(), kind, Some(1.0), now).to_string();
        let (agent, outstanding, request_id) = (self.clone(), self.begin(), id.clone());
        tokio::spawn(async move {
            notifications::send(&agent, &agent.0.judge, &request_id, body, kind.as_str()).await;
            drop(outstanding);
        });
        Some(id)
    }

    fn results(&self) -> Vec<InvocationResult> {
        self.results()
    }

    fn running(&self) -> usize {
        self.state().running.len()
    }

    fn cold_starts(&self) -> Vec<Duration> {
        self.state().cold_starts.clone()
    }

    fn discard_idle(&self) {
        self.state().idle.clear();
    }

    fn settled(&self, limit: Duration) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let mut outstanding = self.0.outstanding.subscribe();
            tokio::time::timeout(limit, outstanding.wait_for(|count| *count == 0)).await.is_ok()
        })
    }

    fn variables(&self) -> BTreeMap<String, String> {
        self.state().variables.clone()
    }

    fn set_variables(&self, variables: BTreeMap<String, String>) {
        self.state().variables = variables;
    }

    fn invocation_of(&self, session: Option<&str>) -> Option<String> {
        let state = self.state();
        match session {
            Some(session) => state.running.get(session).map(|(request_id, _)| request_id.clone()),
            None if state.running.len() == 1 => state.running.values().next().map(|(id, _)| id.clone()),
            None => None,
        }
    }

    fn kill_caller<'a>(&'a self, session: Option<&'a str>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let victims: Vec<_> = {
                let state = self.state();
                let is_caller = |running: &str| session.is_none_or(|session| session == running);
                let running = state.running.iter().filter(|(running, _)| is_caller(running));
                running.map(|(_, (_, process))| process.clone()).collect()
            };
            for process in victims {
                process.kill().await;
            }
        })
    }

    fn shut_down(&self) {
        let mut state = self.state();
        state.stopped = true;
        state.idle.clear();
        for (_, process) in state.running.values() {
            process.order_kill();
        }
    }
}
