//! The Functions host as a host of the function.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::FunctionsHost;
use crate::clouds::azure::action_group;
use crate::host::{Host, InvocationResult, Notice};

impl Host for FunctionsHost {
    fn operate(&self, payload: Value) -> BoxFuture<'_, InvocationResult> {
        Box::pin(self.operate(payload))
    }

    fn deliver(&self, message: Value) -> BoxFuture<'_, InvocationResult> {
        Box::pin(async move { self.deliver_alarm(&message).await })
    }

    fn notify(&self, notice: Notice) {
        action_group::deliver(self, &notice);
    }

    fn tick(&self) -> Option<String> {
        self.tick()
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

    /// A process runs many invocations side by side, so that a session tells nothing.
    fn invocation_of(&self, _: Option<&str>) -> Option<String> {
        self.only_invocation()
    }

    fn kill_caller<'a>(&'a self, _: Option<&'a str>) -> BoxFuture<'a, ()> {
        Box::pin(self.kill_worker())
    }

    fn shut_down(&self) {
        self.shut_down();
    }
}
