//! The action group: how often it tries to deliver an alert (docs/reference/azure.md#action-groups).

use std::time::Duration;

use super::functions::FunctionsHost;
use crate::host::Notice;
use crate::timeline::{Delivered, EventKind};

/// Simulated seconds before each repetition.
const PAUSES_S: [f64; 5] = [5.0, 20.0, 5.0, 40.0, 5.0];
/// Simulated seconds for which a receiver that never answered is left alone.
const REST_S: f64 = 900.0;
/// Simulated seconds that an answer may take, and the real ones that it may take at least: a process must have time to start.
const PATIENCE_S: (f64, f64) = (10.0, 2.0);
/// The answers that are worth another try.
const REPEATED: [u16; 4] = [408, 429, 503, 504];

/// Delivers one alert, as often as the notice says, each copy with its own repetitions.
pub(crate) fn deliver(functions: &FunctionsHost, notice: &Notice) {
    let body = notice.body.to_string();
    for _ in 0..notice.copies {
        let (functions, body, state) = (functions.clone(), body.clone(), notice.state);
        tokio::spawn(async move { send(&functions, body, state).await });
    }
}

async fn send(functions: &FunctionsHost, body: String, state: &'static str) {
    if functions.is_resting() {
        return;
    }
    let pace = functions.pace();
    let patience = pace.seconds(PATIENCE_S.0).max(Duration::from_secs_f64(PATIENCE_S.1));
    for pause in PAUSES_S.iter().map(Some).chain([None]) {
        let call = functions.alarm(body.clone().into_bytes());
        let status = tokio::time::timeout(patience, call).await.ok().map(|answer| answer.status);
        let answer = Some(status.map_or(Delivered::Nothing, Delivered::Status));
        functions.record_event(EventKind::AlarmDelivered { service: "action group", state, answer });
        if status.is_some_and(|status| !REPEATED.contains(&status)) {
            return;
        }
        match pause {
            Some(pause) => tokio::time::sleep(pace.seconds(*pause)).await,
            None => functions.rest(pace.seconds(REST_S)),
        }
    }
}
