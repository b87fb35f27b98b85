//! Every step of the shipped functions in every way, over the wires of the simulated clouds.
//!
//! The executables must be there: `cargo build -p holdfast-aws-lambda -p holdfast-azure-function` (`make test` does it).

#![allow(clippy::print_stdout, reason = "a test tells its figures")]

mod bed;
mod steps;

use bed::Wire;
use holdfast_proof::failure_modes::{FailureMode, Plan, every_step_every_way};
use holdfast_simulator::backend::CloudBackend;
use holdfast_simulator::clouds::CLOUDS;

/// Worlds at once: each is mostly waiting.
const AT_ONCE: usize = 5;

async fn every_step_keeps_the_promises(cloud: &'static dyn CloudBackend, fresh: impl AsyncFn(&str) -> Wire) {
    let plan = Plan { effects: &FailureMode::ALL, watches: &FailureMode::OF_A_READ, at_once: AT_ONCE };
    let cases = every_step_every_way(fresh, plan).await;
    let cases = cases.unwrap_or_else(|broken| panic!("{broken:#?}"));
    println!("{}: {cases} cases, all kept", cloud.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_the_shipped_functions_may_meet_every_way() {
    for cloud in CLOUDS {
        every_step_keeps_the_promises(cloud, async |_| Wire::fresh(cloud).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_a_failback_by_the_shipped_functions_may_meet_every_way() {
    for cloud in CLOUDS {
        every_step_keeps_the_promises(cloud, async |_| Wire::failed_over(cloud).await).await;
    }
}
