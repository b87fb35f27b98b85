//! Notifications: each message reaches the function at least once, and again where it did not answer 200 (docs/reference/oci.md#alarms).

use std::collections::BTreeMap;

use super::agent::{Delivery, FnAgent};
use super::policy::{Need, PolicyJudge, Subject};
use super::{COMPARTMENT_ID, FUNCTION_ID, SUBSCRIPTION_ID};
use crate::host::{GivenUp, Notice};
use crate::timeline::{Delivered, EventKind};

/// Simulated seconds before each repetition: one at once, then with doubled pauses. The next one would lie beyond the two hours of the
/// subscription.
const PAUSES_S: [f64; 7] = [0.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0];

/// Delivers a message of an alarm, as often as the notice says, each copy with its own repetitions.
pub(crate) fn deliver(agent: &FnAgent, judge: &PolicyJudge, notice: &Notice) {
    for _ in 0..notice.copies {
        let (agent, judge, id) = (agent.clone(), judge.clone(), agent.uuid());
        let (body, state) = (notice.body.to_string(), notice.state);
        let outstanding = agent.begin();
        tokio::spawn(async move {
            send(&agent, &judge, &id, body, state).await;
            drop(outstanding);
        });
    }
}

/// A message with its repetitions. Gives up when they are over.
pub(super) async fn send(agent: &FnAgent, judge: &PolicyJudge, id: &str, body: String, state: &'static str) {
    let mut attempt = 1;
    loop {
        // Nothing reaches a function that no statement lets subscriptions invoke.
        if !judge.allows("functions:InvokeFunction", &need()) {
            return;
        }
        let delivery = Delivery::of_subscription(id, attempt, body.clone().into_bytes(), SUBSCRIPTION_ID);
        let (result, status) = agent.deliver(delivery).await;
        agent.record_event(EventKind::AlarmDelivered {
            service: "Notifications",
            state,
            answer: Some(Delivered::Status(status)),
        });
        if status == 200 || agent.is_stopped() {
            return;
        }
        let Some(pause) = PAUSES_S.get(attempt as usize - 1) else {
            let payload = serde_json::from_str(&body).unwrap_or(serde_json::Value::String(body));
            let given_up = GivenUp { request_id: id.to_owned(), payload, attempts: attempt, last: result.outcome };
            return agent.give_up(given_up);
        };
        attempt += 1;
        let pause = agent.pace().seconds(*pause);
        agent.record_event(EventKind::RetryScheduled {
            request_id: id.to_owned(),
            attempt,
            in_ms: pause.as_millis() as u64,
        });
        tokio::time::sleep(pause).await;
    }
}

fn need() -> Need {
    let facts = BTreeMap::from([
        ("request.principal.type", "onssubscription".to_owned()),
        ("request.principal.compartment.id", COMPARTMENT_ID.to_owned()),
        ("target.function.id", FUNCTION_ID.to_owned()),
    ]);
    Need { subject: Subject::Anybody, verb: "use", resource: "fn-invocation", compartment: COMPARTMENT_ID, facts }
}
