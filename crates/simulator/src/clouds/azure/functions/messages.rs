//! The queue trigger: messages are delivered at least once, and given up after too many failures (docs/reference/azure.md#retries-by-trigger).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::FunctionsHost;
use super::app::Function;
use super::envelope::{self, Delivery};
use super::invocation::{Called, Request};
use crate::clouds::azure::Message;
use crate::host::{GivenUp, Outcome};
use crate::timeline::EventKind;

/// Simulated seconds for which a message that is worked on is out of sight; renewed while the work goes on. From general knowledge
/// of the host; unconfirmed (docs/reference/azure.md#retries-by-trigger).
const LEASE_S: f64 = 600.0;
/// First pause between two looks into an empty queue, real.
const LEAST_POLL: Duration = Duration::from_millis(20);
/// After a lost lease the same message is seen again within this (real) time.
const LOST_AFTER: Duration = Duration::from_millis(30);

/// The running listeners; dropping them ends them.
pub(crate) struct Listeners(Vec<JoinHandle<()>>);

impl Listeners {
    /// One for each function with a queue trigger.
    pub(super) fn start(host: &FunctionsHost) -> Self {
        let functions = host.0.settings.app.functions.iter().filter(|_| host.0.settings.handler.is_some());
        let listened = functions.filter_map(|function| {
            let queue = function.triggered_by("queueTrigger")?.queue_name.clone()?;
            Some(tokio::spawn(listen(host.clone(), function.clone(), queue)))
        });
        Self(listened.collect())
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for listener in &self.0 {
            listener.abort();
        }
    }
}

/// Looks into the queue again and again, with longer pauses while it is empty.
async fn listen(host: FunctionsHost, function: Function, queue: String) {
    let settings = &host.0.settings;
    let longest = settings.pace.scale(settings.app.queues.poll).max(LEAST_POLL);
    let mut pause = LEAST_POLL;
    loop {
        let free = settings.app.queues.batch.saturating_sub(host.running());
        let got = host.0.queues.get(&queue, free, settings.pace.seconds(LEASE_S));
        pause = if got.is_empty() { (pause * 2).min(longest) } else { LEAST_POLL };
        for message in got {
            let (host, function, queue, begun) = (host.clone(), function.clone(), queue.clone(), host.begin());
            tokio::spawn(async move {
                let _begun = begun;
                host.work(&function, &queue, message).await;
            });
        }
        tokio::time::sleep(pause).await;
    }
}

impl FunctionsHost {
    async fn work(&self, function: &Function, queue: &str, mut message: Message) {
        if self.loses_lease() {
            tokio::time::sleep(LOST_AFTER).await;
            self.0.queues.lose_lease(queue, &message.id);
        }
        let Some(text) = self.decoded(&message.text) else {
            return self.put_aside(queue, &message, "the message is not in base64");
        };
        let (now, guid) = self.now_and_guid();
        let binding = function.trigger().map_or("item", |trigger| trigger.name.as_str());
        let delivery = Delivery {
            id: message.id.clone(),
            text,
            count: message.count,
            inserted: message.inserted,
            receipt: message.receipt.clone(),
        };
        let envelope = envelope::queue(&function.name, binding, &delivery, now, &guid);
        let lease = self.0.settings.pace.seconds(LEASE_S);
        let mut renewal = tokio::time::interval_at(tokio::time::Instant::now() + lease / 2, lease / 2);
        let call = self.call(function, &message.id, message.count, Request::Envelope(envelope));
        tokio::pin!(call);
        let called = loop {
            tokio::select! {
                called = &mut call => break called,
                _ = renewal.tick() => {
                    // A receipt that no longer holds means that somebody else works on it.
                    if let Ok(renewed) = self.0.queues.update(queue, &message.id, &message.receipt, lease, None) {
                        message.receipt = renewed.receipt;
                    }
                }
            }
        };
        if !called.orphaned {
            self.put_outputs(function, &called);
            self.settle(queue, &message, &called);
        }
    }

    fn loses_lease(&self) -> bool {
        let mut state = self.state();
        let loses = state.lose_leases > 0;
        state.lose_leases = state.lose_leases.saturating_sub(1);
        loses
    }

    /// Deletes a message that was worked on, lets a failed one come again, and puts one aside that failed too often.
    fn settle(&self, queue: &str, message: &Message, called: &Called) {
        let settings = &self.0.settings;
        let limits = &settings.app.queues;
        let (id, receipt) = (&message.id, &message.receipt);
        let settled = if called.result.outcome.answer().is_some() {
            self.0.queues.delete(queue, id, receipt)
        } else if message.count >= limits.most_deliveries {
            self.put_aside(queue, message, &called.result.outcome.describe());
            Ok(())
        } else {
            let after = settings.pace.scale(limits.retry_after);
            self.0.queues.update(queue, id, receipt, after, None).map(|_| {
                let (request_id, attempt, in_ms) = (id.clone(), message.count + 1, after.as_millis() as u64);
                self.record_event(EventKind::RetryScheduled { request_id, attempt, in_ms });
            })
        };
        if let Err(miss) = settled {
            tracing::debug!(?miss, queue, "a message changed hands while it was worked on");
        }
    }

    /// The text of a message, which is in base64 unless host.json says otherwise.
    fn decoded(&self, text: &str) -> Option<String> {
        if !self.0.settings.app.queues.base64 {
            return Some(text.to_owned());
        }
        String::from_utf8(STANDARD.decode(text).ok()?).ok()
    }

    fn put_aside(&self, queue: &str, message: &Message, why: &str) {
        if let Err(miss) = self.0.queues.delete(queue, &message.id, &message.receipt) {
            tracing::debug!(?miss, queue, "a message changed hands before it was put aside");
            return;
        }
        self.0.queues.put(&format!("{queue}-poison"), &message.text, Duration::ZERO, None);
        self.record_event(EventKind::GaveUp { request_id: message.id.clone() });
        let text = self.decoded(&message.text).unwrap_or_else(|| message.text.clone());
        self.state().given_up.push(GivenUp {
            request_id: message.id.clone(),
            payload: serde_json::from_str(&text).unwrap_or(Value::String(text)),
            attempts: message.count,
            last: Outcome::Crashed { detail: why.to_owned() },
        });
    }
}
