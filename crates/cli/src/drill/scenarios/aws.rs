//! What is rehearsed on AWS alone: a site whose parts are in two clouds.

use holdfast_simulator::{clouds::azure::Azure, world::Outage};

use super::failback::{back_and_at_rest, failed_over_and_well_again, nothing_refused, to_rest};
use crate::drill::{
    promise::{failed_over, said},
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![traffic_in_another_cloud(), failback_in_another_cloud()]
}

/// A function on Lambda beside EKS, with users who are led by Azure Traffic Manager.
fn mixed() -> Setup {
    Setup { traffic: Some(&Azure), ..Setup::default() }
}

fn traffic_in_another_cloud() -> Scenario {
    Scenario {
        name: "traffic-in-another-cloud",
        summary: "the standby is on EKS and Route 53 watches the primary, but Azure Traffic Manager leads the users: it is locked",
        setup: mixed,
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: failed_over(),
    }
}

fn failback_in_another_cloud() -> Scenario {
    Scenario {
        name: "failback-in-another-cloud",
        summary: "the same site, and the way back: Traffic Manager is unlocked, the standby on EKS is put to rest",
        setup: mixed,
        run: |environment| {
            Box::pin(async move {
                failed_over_and_well_again(environment).await?;
                to_rest(environment).await
            })
        },
        promises: vec![
            said("traffic is back and the standby at rest", back_and_at_rest),
            said("nothing was refused", nothing_refused),
        ],
    }
}
