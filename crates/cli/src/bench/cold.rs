//! From the start of a process until it is ready for an event.

use std::time::Duration;

use holdfast_simulator::Simulator;
use serde_json::json;

use super::{Program, not_started, options, quantile, table::Row};

/// Starts `runs` processes one after the other, each for one event that needs no call.
pub async fn measure(program: &Program, runs: u32) -> Result<Vec<Row>, String> {
    let sim = Simulator::start(options(program, Duration::ZERO, true)).await.map_err(not_started)?;
    sim.world().set_scheduler(false);
    // The first start warms the page cache and is not counted.
    for _ in 0..=runs {
        let result = sim.host().deliver(json!({})).await;
        result.outcome.answer().ok_or_else(|| format!("the function did not answer: {}", result.outcome.describe()))?;
        sim.host().discard_idle();
    }
    let starts = sim.host().cold_starts();
    let mut starts: Vec<f64> = starts.iter().skip(1).map(|start| start.as_secs_f64() * 1e3).collect();
    sim.stop().await;
    let (median, p95) = (quantile(&mut starts, 0.5), quantile(&mut starts, 0.95));
    let what = format!("process start to ready, {} starts", starts.len());
    Ok(vec![Row::new(what, format!("median {median:.1} ms, p95 {p95:.1} ms"), "<= 25 ms")])
}
