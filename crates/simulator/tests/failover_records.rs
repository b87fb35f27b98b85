//! Which site Route 53 names: the pair of failover records, and a health check on the secondary one.

use std::time::Duration;

use holdfast_simulator::world::{Outage, Site};
use holdfast_simulator::{Options, Simulator};

const SECONDARY: &str = "22222222-3333-4444-8555-666666666666";

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain: {what}");
}

#[tokio::test]
async fn a_check_of_the_secondary_sends_users_to_a_dead_primary_until_the_standby_answers_lock_or_no_lock() {
    for attached in [false, true] {
        let simulator = Simulator::start(Options { pace: 600.0, ..Options::default() }).await.expect("simulator");
        let world = simulator.world();
        world.set_scheduler(false);
        world.set_alarm(false);
        if attached {
            world.attach_secondary_check(SECONDARY);
        }
        world.lock_by_hand();
        world.break_primary(Outage::Refuse);
        world.settle_checkers();
        until("the primary is unhealthy", || !world.snapshot().healthy).await;
        if attached {
            // Two minutes of the world: longer than its check and the answers in caches take.
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert_eq!(world.resolve_global(), Site::Primary, "both are unhealthy");
        } else {
            until("the standby is named", || world.resolve_global() == Site::Standby).await;
        }
        let mut operator = simulator.cluster().get("deployments", "humio-operator").expect("the operator");
        operator["spec"]["replicas"] = 1.into();
        simulator.cluster().apply(operator).expect("a Deployment with other replicas is valid");
        until("the standby is named once it answers", || world.resolve_global() == Site::Standby).await;
    }
}
