//! One whole failover: time, memory, round trips in sequence.

use std::time::Duration;

use holdfast_core::clock::until;
use holdfast_simulator::{
    Simulator,
    calls::Call,
    world::{Outage, Past},
};
use serde_json::json;

use super::{DELAY, FAILOVERS, Program, not_started, options, quantile, table::Row};

/// The round trips that cannot run side by side, because each needs what the one before brought, with what they
/// are. Everything that is read is read in the look, at once; what was done is confirmed by the answer.
pub const FLOOR: [&str; 6] = ["look", "lease", "intent", "delete the stale secret", "scale", "lock"];

/// What one failover came to.
struct Run {
    event_to_lock: Duration,
    peak_bytes: u64,
    chain: Vec<Call>,
}

/// Runs failovers with and without delay, and with the cluster's address known and asked for.
pub async fn measure(program: &Program) -> Result<Vec<Row>, String> {
    let direct = repeat(program, Duration::ZERO, true).await?;
    let delayed = repeat(program, DELAY, true).await?;
    let asked = repeat(program, DELAY, false).await?;
    let peak = direct.iter().chain(&delayed).chain(&asked).map(|run| run.peak_bytes).max().unwrap_or(0);
    let chain = |runs: &[Run]| runs.iter().map(|run| run.chain.len()).max().unwrap_or(0);
    let floor = FLOOR.len();
    Ok(vec![
        Row::new("peak memory of a whole failover", format!("{:.1} MB", peak as f64 / 1e6), "<= 40 MB"),
        Row::new(
            "sequential round trips, cluster address configured",
            chain(&delayed).to_string(),
            format!("floor {floor}"),
        ),
        Row::new(
            "sequential round trips, address asked of the cloud",
            chain(&asked).to_string(),
            format!("floor {}", floor + 1),
        ),
        Row::new("event to lock, no delay, cold process", time(&direct), "-"),
        Row::new("event to lock, 50 ms per round trip, cold process", time(&delayed), "<= 1.2 s"),
        Row::new("the same, address asked of the cloud", time(&asked), "<= 1.2 s"),
    ])
}

fn time(runs: &[Run]) -> String {
    let mut times: Vec<f64> = runs.iter().map(|run| run.event_to_lock.as_secs_f64()).collect();
    format!("median {:.3} s, max {:.3} s", quantile(&mut times, 0.5), quantile(&mut times, 1.0))
}

async fn repeat(program: &Program, delay: Duration, known: bool) -> Result<Vec<Run>, String> {
    let mut runs = Vec::new();
    for _ in 0..FAILOVERS {
        runs.push(once(program, delay, known).await?);
    }
    Ok(runs)
}

/// A failover that is due when the event comes: no waiting is measured.
async fn once(program: &Program, delay: Duration, known: bool) -> Result<Run, String> {
    let sim = Simulator::start(options(program, delay, known)).await.map_err(not_started)?;
    let world = sim.world();
    world.set_scheduler(false);
    world.set_alarm(false);
    world.break_primary(Outage::Closed);
    world.settle_checkers();
    world.publish_history(&[Past::Failing; 8]);
    let mark = sim.calls().mark();
    let result = sim.host().operate(json!({"action": "failover", "reason": "measurement"})).await;
    let answer =
        result.outcome.answer().ok_or_else(|| format!("the function did not answer: {}", result.outcome.describe()))?;
    let calls = sim.calls().since(mark);
    let lock = sim.traffic_cloud().traffic_calls().lock;
    let lock = calls.iter().find(|call| call.name == lock && call.status == Some(200));
    let Some(locked) = lock.and_then(|call| call.ended) else {
        return Err(format!("the failover did not lock; the answer was {answer}"));
    };
    let chain: Vec<_> =
        sim.calls().sequential_chain(mark).into_iter().filter(|call| call.ended <= Some(locked)).collect();
    let run = Run { event_to_lock: until(result.started, locked), peak_bytes: result.max_rss.unwrap_or(0), chain };
    sim.stop().await;
    Ok(run)
}
