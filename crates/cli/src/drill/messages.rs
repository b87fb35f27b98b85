//! Messages that are not for the function, or mean nothing.

use holdfast_simulator::clouds::CLOUDS;
use serde_json::{Value, json};

use super::{environment::Environment, setup::Stuck};

/// Sends notifications that are well formed and not about our primary, or not from our rule.
pub async fn foreign_alarms(environment: &Environment) {
    for message in environment.sim.services().foreign_alarms() {
        drop(environment.sim.host().deliver(message).await);
    }
}

/// Sends nonsense of every kind and of every cloud, each of which must be ignored.
pub async fn nonsense(environment: &Environment) -> Result<(), Stuck> {
    let variables = environment.sim.function_env();
    let shapes = CLOUDS.into_iter().flat_map(|cloud| cloud.nonsense(&variables));
    for payload in plain().into_iter().chain(shapes) {
        let host = environment.sim.host();
        // Where alarms and people have a way each, an action is a person's.
        let result = match payload.get("action") {
            Some(_) => host.operate(payload.clone()).await,
            None => host.deliver(payload.clone()).await,
        };
        if result.outcome.answer().is_none_or(|answer| answer["outcome"] != "ignored") {
            return Err(format!("{:.80} was not ignored but {}", payload.to_string(), result.outcome.describe()));
        }
    }
    Ok(())
}

fn plain() -> Vec<Value> {
    vec![json!(null), json!([]), json!({}), json!("failover"), json!({"action": "detonate"}), json!({"action": 7})]
}
