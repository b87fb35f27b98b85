//! The calls of a tick on a healthy primary.

use std::time::Duration;

use holdfast_simulator::Simulator;

use super::{Program, not_started, options, table::Row};

/// How long a tick may take, real.
const PATIENCE: Duration = Duration::from_secs(30);

/// Counts them in a process that has served a tick before.
pub async fn measure(program: &Program) -> Result<Row, String> {
    let sim = Simulator::start(options(program, Duration::ZERO, true)).await.map_err(not_started)?;
    sim.world().set_scheduler(false);
    // On OCI the tick is an alarm's message, which would not come each time.
    if let Some(agent) = sim.fn_agent() {
        agent.set_tick_minutes(1);
    }
    let mut mark = 0;
    for _ in 0..2 {
        mark = sim.calls().mark();
        sim.host().tick().ok_or("there is no function")?;
        if !sim.host().settled(PATIENCE).await {
            return Err("the tick did not come to its end".to_owned());
        }
        let result = sim.host().results().pop().ok_or("the tick left no result")?;
        let answer = result
            .outcome
            .answer()
            .ok_or_else(|| format!("the tick was not answered: {}", result.outcome.describe()))?;
        if answer["outcome"] != "stood_down" {
            return Err(format!("the tick on a healthy primary came to {}", answer["outcome"]));
        }
    }
    let (probes, calls): (Vec<_>, Vec<_>) =
        sim.calls().since(mark).into_iter().map(|call| call.name).partition(|name| name.starts_with("primary:"));
    sim.stop().await;
    let measured = format!("{} ({}) and {} probe", calls.len(), calls.join(", "), probes.len());
    Ok(Row::new("API calls of a tick on a healthy primary", measured, "<= 2"))
}
