//! The task that lets simulated time pass, and hands alarms and ticks to the function.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::World;
use super::watched::Effect;
use crate::host::Host;
use crate::time::Pace;
use crate::timeline::EventKind;

/// Simulated seconds between two steps of the world: fine enough for checkers that look every ten.
const STEP_S: f64 = 1.2;

/// The running task; dropping it stops time.
pub(crate) struct Clockwork(JoinHandle<()>);

impl Clockwork {
    pub(crate) fn start(world: World, host: Arc<dyn Host>, pace: Pace) -> Self {
        let every = pace.seconds(STEP_S).clamp(Duration::from_millis(5), Duration::from_millis(250));
        Self(tokio::spawn(async move {
            let mut interval = tokio::time::interval(every);
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
            loop {
                interval.tick().await;
                carry_out(&world, host.as_ref(), world.step());
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
pub(crate) fn carry_out(world: &World, host: &dyn Host, effects: Vec<Effect>) {
    for effect in effects {
        match effect {
            Effect::Record(kind) => world.record_event(kind),
            Effect::Notify(notice) => host.notify(notice),
            Effect::Tick => {
                if let Some(request_id) = host.tick() {
                    world.record_event(EventKind::Ticked { request_id });
                }
            }
        }
    }
}
