//! The timer trigger: one tick each simulated minute, never two at once (a lock in the storage account keeps that).

use super::FunctionsHost;
use super::envelope;
use super::invocation::Request;
use crate::time;

impl FunctionsHost {
    /// Calls the timed functions; gives the id of the call, or nothing when one still runs.
    pub(crate) fn tick(&self) -> Option<String> {
        let function = self.0.settings.app.functions.iter().find(|function| function.ticks())?.clone();
        self.0.settings.handler.as_ref()?;
        let (now, guid) = self.now_and_guid();
        let id = format!("tick-{guid}");
        let last = {
            let mut state = self.state();
            if state.ticking {
                return None;
            }
            state.ticking = true;
            state.last_tick.replace(now)
        };
        let (host, told, begun) = (self.clone(), id.clone(), self.begin());
        tokio::spawn(async move {
            let _begun = begun;
            let binding = function.trigger().map_or("timer", |trigger| trigger.name.as_str());
            let envelope = envelope::timer(&function.name, binding, last, time::now(), &guid);
            let called = host.call(&function, &id, 1, Request::Envelope(envelope)).await;
            host.put_outputs(&function, &called);
            host.state().ticking = false;
        });
        Some(told)
    }
}
