//! The task that lets simulated time pass, and hands alarms and ticks to the function.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::World;
use super::alarm::Transition;
use super::notification::{envelope, message};
use super::state::Effect;
use crate::azure::alert::deliver;
use crate::host::Host;
use crate::lambda::LambdaHost;
use crate::time::Pace;
use crate::timeline::What;

/// Simulated seconds between two steps of the world: fine enough for checkers that look every ten.
const STEP_S: f64 = 1.2;

/// The running task; dropping it stops time.
pub(crate) struct Clockwork(JoinHandle<()>);

impl Clockwork {
    pub(crate) fn start(world: World, host: Host, pace: Pace) -> Self {
        let every = pace.seconds(STEP_S).clamp(Duration::from_millis(5), Duration::from_millis(250));
        Self(tokio::spawn(async move {
            let mut interval = tokio::time::interval(every);
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
            loop {
                interval.tick().await;
                carry_out(&world, &host, world.step());
            }
        }))
    }
}

impl Drop for Clockwork {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Does outside what the world asked for.
pub(crate) fn carry_out(world: &World, host: &Host, effects: Vec<Effect>) {
    for effect in effects {
        match (effect, host) {
            (Effect::Tell(what), _) => world.tell(what),
            (Effect::Notify(change), Host::Lambda(lambda)) => notify(world, lambda, &change),
            (Effect::Alert(alert), Host::Functions(functions)) => deliver(world, functions, &alert),
            (Effect::Tick, _) => {
                if let Some(request_id) = host.tick(tick()) {
                    world.tell(What::Ticked { request_id });
                }
            }
            // A world under one cloud asks for nothing of the other.
            (Effect::Notify(_) | Effect::Alert(_), _) => {}
        }
    }
}

/// The input that the schedule is deployed with (facts 2.4).
fn tick() -> Value {
    json!({"source": "failover.schedule"})
}

/// SNS delivers at least once: the same message as often as the settings say.
fn notify(world: &World, lambda: &LambdaHost, change: &Transition) {
    if !lambda.has_function() {
        return;
    }
    let message_id = lambda.uuid();
    let (event, copies) = world.with(|state| {
        let settings = &state.alarm.settings;
        let text = message(&state.channel, &state.primary_check, state.period, settings, change);
        (envelope(&state.channel, &message_id, &lambda.uuid(), &text, change.to, change.at), 1 + settings.duplicates)
    });
    for _ in 0..copies {
        let request_id = lambda.invoke_async(event.clone());
        world.tell(What::Notified { message_id: message_id.clone(), request_id, state: change.to });
    }
}
