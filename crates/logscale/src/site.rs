//! LogScale on one standby cluster: every port and step that is its own, sharing what they read.

use std::{collections::BTreeMap, sync::Arc};

use holdfast_core::{
    kind::Kind,
    ports::{Standby, TrafficWitness},
    runbook::{PlannedStep, Runbook, StepList},
    step::{Need, Step, TrafficArrives},
};
use holdfast_kubernetes::{AnnotationCooldown, ScaleDeployment, StandbyCluster, deployment::DeploymentHandle};

use crate::{
    check::{RecoverPrefix, StandbyCheck},
    reader::ClusterReader,
    steps::{RemoveStaleTls, VerifyStandby},
    tls::TlsCleanup,
};

/// The annotation by which the reference's function notes a failover on the operator's Deployment, unless it was told
/// another. It is read and never written: a right to write it would be the right to write the whole Deployment.
pub const ANNOTATION: &str = "logscale.dr/last-failover-epoch";

/// What LogScale is called in records.
pub const RUNBOOK: &str = "logscale";

/// What is known of LogScale on the standby cluster beforehand.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The operator's Deployment: the name of the Helm release.
    pub operator_deployment: String,
    /// How many operators an active site runs, 1 or more.
    pub target_replicas: i32,
    /// The HumioCluster. Without it only the operator is looked at, and no TLS secret is touched.
    pub humio_cluster: Option<String>,
    /// The annotation of the operator's Deployment that notes the last failover.
    pub cooldown_annotation: String,
    /// What is done about TLS secrets.
    pub tls_cleanup: TlsCleanup,
    /// Which recovery variables are expected.
    pub recover_prefix: RecoverPrefix,
}

impl Default for Options {
    /// The names that every CrowdStrike module uses; no HumioCluster.
    fn default() -> Self {
        Self {
            operator_deployment: "humio-operator".to_owned(),
            target_replicas: 1,
            humio_cluster: None,
            cooldown_annotation: ANNOTATION.to_owned(),
            tls_cleanup: TlsCleanup::default(),
            recover_prefix: RecoverPrefix::default(),
        }
    }
}

/// Ports and steps of LogScale. Those that look at the same moment share their reads.
pub struct LogScale {
    cooldown: Arc<AnnotationCooldown>,
    standby: Arc<StandbyCheck>,
    remove_stale_tls: Arc<RemoveStaleTls>,
    scale_operator: Arc<ScaleDeployment>,
    verify_standby: Arc<VerifyStandby>,
}

impl LogScale {
    /// Builds them. Nothing is sent.
    pub fn new(cluster: &StandbyCluster, options: Options) -> Self {
        let Options { operator_deployment, target_replicas: target, humio_cluster, .. } = options;
        let Options { cooldown_annotation, tls_cleanup, recover_prefix, .. } = options;
        let operator = Arc::new(DeploymentHandle::new(cluster.api().clone(), operator_deployment, "humio-operator"));
        let reader = Arc::new(ClusterReader::new(cluster.api().clone(), Arc::clone(&operator), humio_cluster));
        Self {
            cooldown: Arc::new(AnnotationCooldown::new(Arc::clone(&operator), cooldown_annotation)),
            standby: Arc::new(StandbyCheck::new(Arc::clone(&reader), cluster.lease(), tls_cleanup, recover_prefix)),
            remove_stale_tls: Arc::new(RemoveStaleTls::new(Arc::clone(&reader), tls_cleanup)),
            scale_operator: Arc::new(ScaleDeployment::new("scale-operator", "rest-operator", operator, target)),
            verify_standby: Arc::new(VerifyStandby::new(reader, target)),
        }
    }

    /// The steps of each kind, with the step that locks traffic in its place.
    ///
    /// A failback unlocks traffic, sees it arrive where the users' name is configured (`witness`), and puts the operator
    /// to rest once a person has confirmed that. A rehearsal starts, verifies and rests the standby. A switchover is not
    /// given: making the primary passive needs access to its cluster, which the function does not have.
    pub fn runbook(&self, lock_traffic: Arc<dyn Step>, witness: Option<&Arc<dyn TrafficWitness>>) -> Runbook {
        let (scale, verify) = (self.scale_operator() as Arc<dyn Step>, self.verify_standby() as Arc<dyn Step>);
        let rest = || PlannedStep::back(Arc::clone(&scale));
        let unlock = PlannedStep::back(Arc::clone(&lock_traffic));
        let arrives = witness.map(|witness| PlannedStep::forward(Arc::new(TrafficArrives(Arc::clone(witness)))));
        let failback = [unlock].into_iter().chain(arrives).chain([rest().on_confirmation()]);
        let rehearsal =
            vec![PlannedStep::forward(Arc::clone(&scale)), PlannedStep::forward(Arc::clone(&verify)), rest()];
        let others = BTreeMap::from([(Kind::Failback, failback.collect()), (Kind::Rehearsal, rehearsal)]);
        let steps: Vec<Arc<dyn Step>> = vec![self.remove_stale_tls(), scale, lock_traffic, verify];
        Runbook { name: RUNBOOK, steps, earlier: earlier_lists(), others }
    }

    /// Reads when the reference's function last failed over, from the operator's Deployment. On clouds that keep the
    /// note elsewhere it is not used.
    pub fn cooldown(&self) -> Arc<AnnotationCooldown> {
        Arc::clone(&self.cooldown)
    }

    /// Tells whether the standby can take over.
    pub fn standby(&self) -> Arc<dyn Standby> {
        Arc::clone(&self.standby) as _
    }

    /// First step.
    pub fn remove_stale_tls(&self) -> Arc<RemoveStaleTls> {
        Arc::clone(&self.remove_stale_tls)
    }

    /// Second step.
    pub fn scale_operator(&self) -> Arc<ScaleDeployment> {
        Arc::clone(&self.scale_operator)
    }

    /// Last step.
    pub fn verify_standby(&self) -> Arc<VerifyStandby> {
        Arc::clone(&self.verify_standby)
    }
}

/// The lists of steps that earlier versions wrote. Until it was seen that a clean-up can hold a failover back, the
/// first step was required.
fn earlier_lists() -> Vec<StepList> {
    vec![vec![
        ("remove-stale-tls", Need::Required),
        ("scale-operator", Need::Required),
        ("lock-traffic", Need::Owed),
        ("verify-standby", Need::Owed),
    ]]
}
