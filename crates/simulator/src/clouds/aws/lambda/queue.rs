//! The asynchronous queue: at least one attempt, two retries after failures, patience with throttling
//! (docs/reference/aws.md#lambda-asynchronous-calls).

use std::time::Duration;

use serde_json::Value;

use super::LambdaHost;
use crate::host::{GivenUp, InvocationResult, Outcome};
use crate::timeline::EventKind;

/// Simulated seconds before the second and the third attempt.
const RETRY_DELAYS_S: [f64; 2] = [60.0, 120.0];
/// Simulated seconds before a throttled event is taken from the queue again: first, and at most.
const THROTTLE_DELAYS_S: (f64, f64) = (1.0, 300.0);
/// Simulated seconds after which a throttled event is given up: six hours.
const THROTTLE_PATIENCE_S: f64 = 21_600.0;

/// Takes an event in and works on it in a task of its own.
pub(super) fn enqueue(host: &LambdaHost, payload: Value) -> String {
    let request_id = host.uuid();
    host.0.outstanding.send_modify(|count| *count += 1);
    let (host, id) = (host.clone(), request_id.clone());
    tokio::spawn(async move {
        work(&host, &id, payload).await;
        host.0.outstanding.send_modify(|count| *count -= 1);
    });
    request_id
}

async fn work(host: &LambdaHost, request_id: &str, payload: Value) {
    let mut attempt = 1;
    loop {
        let result = patient_attempt(host, request_id, attempt, &payload).await;
        if matches!(result.outcome, Outcome::Ok { .. }) || host.state().stopped {
            return;
        }
        let Some(delay) = RETRY_DELAYS_S.get(attempt as usize - 1) else {
            return give_up(host, payload, result);
        };
        attempt += 1;
        let delay = host.0.settings.pace.seconds(*delay);
        host.record_event(EventKind::RetryScheduled {
            request_id: request_id.to_owned(),
            attempt,
            in_ms: delay.as_millis() as u64,
        });
        tokio::time::sleep(delay).await;
    }
}

/// One attempt that waits for its turn while there is no free process. Only the attempt that ran, or the last throttled one, is recorded.
async fn patient_attempt(host: &LambdaHost, request_id: &str, attempt: u32, payload: &Value) -> InvocationResult {
    let pace = host.0.settings.pace;
    let (mut delay, most) = (pace.seconds(THROTTLE_DELAYS_S.0), pace.seconds(THROTTLE_DELAYS_S.1));
    let mut patience = pace.seconds(THROTTLE_PATIENCE_S);
    loop {
        let result = host.attempt(request_id, attempt, payload).await;
        if result.outcome != Outcome::Throttled || patience.is_zero() || host.state().stopped {
            host.record(&result);
            return result;
        }
        tokio::time::sleep(delay).await;
        patience = patience.saturating_sub(delay);
        delay = (delay * 2).min(most).max(Duration::from_millis(1));
    }
}

fn give_up(host: &LambdaHost, payload: Value, result: InvocationResult) {
    host.record_event(EventKind::GaveUp { request_id: result.request_id.clone() });
    let given_up = GivenUp { request_id: result.request_id, payload, attempts: result.attempt, last: result.outcome };
    host.state().given_up.push(given_up);
}
