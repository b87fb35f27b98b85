//! API Connect in two data centres: every port and step that is its own, sharing what they read.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use holdfast_core::{
    kind::Kind,
    ports::{Prober, Standby, TrafficWitness},
    runbook::{PlannedStep, Runbook},
    step::{Step, TrafficArrives},
};
use holdfast_kubernetes::{StandbyCluster, api::Api};

use crate::{
    check::StandbyCheck,
    isolation::Confirmation,
    pair::{Pair, Way},
    prober::PrimaryProbe,
    side::{Annotation, Side, SideOptions},
    state::Part,
    steps::{Demote, Promote, SeeActive, SeeLetGo, SeePassive},
    words::Words,
};

/// What API Connect is called in records.
pub const RUNBOOK: &str = "api-connect";

/// The annotation that IBM's operator is said to ask for; its value is unconfirmed.
pub const DELETION: (&str, &str) = ("apiconnect-operator/dr-data-deletion-confirmation", "true");

/// A resource that is on both sides, each under a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Which part it is.
    pub part: Part,
    /// Its name on the primary.
    pub primary: String,
    /// Its name on the standby.
    pub standby: String,
}

/// What is known of API Connect beforehand.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// What is handed over, in this order.
    pub services: Vec<Service>,
    /// The `APIConnectCluster` of the primary and of the standby, where one manages the others.
    pub top_level: Option<(String, String)>,
    /// The ConfigMap, on the standby's cluster, with the word that the primary is cut off.
    pub isolation: String,
    /// How long such a word counts.
    pub isolation_lasts: Duration,
    /// Words beyond the known ones.
    pub words: Words,
    /// The management clusters whose database may be deleted when they are made passive.
    pub deletable: Vec<String>,
    /// By which that is confirmed to IBM's operator.
    pub annotation: Annotation,
}

/// Ports and steps of API Connect.
pub struct ApiConnect {
    pair: Arc<Pair>,
    standby: Arc<StandbyCheck>,
    /// The steps of each way, made once: their names live as long as the process.
    failover: Vec<Handover>,
    failback: Vec<Handover>,
    can_reach_primary: bool,
}

/// The steps of one service, one way.
struct Handover {
    part: Part,
    demote: Arc<dyn Step>,
    see_let_go: Arc<dyn Step>,
    promote: Arc<dyn Step>,
    see_active: Arc<dyn Step>,
}

impl ApiConnect {
    /// Builds them on the standby's cluster and on `primary`, the resources of the primary's; none where no address of it
    /// is known. Nothing is sent.
    pub fn new(cluster: &StandbyCluster, primary: Option<Api>, options: Options) -> Self {
        let can_reach_primary = primary.is_some();
        let pair = Arc::new(pair(cluster, primary, options.clone()));
        let handovers = |way| {
            let services = options.services.iter().enumerate();
            services.map(|(position, service)| Handover::new(&pair, way, position, service)).collect()
        };
        Self {
            standby: Arc::new(StandbyCheck::new(Arc::clone(&pair), cluster.lease())),
            failover: handovers(Way::ToStandby),
            failback: handovers(Way::ToPrimary),
            can_reach_primary,
            pair,
        }
    }

    /// The steps of each kind, with the step that locks traffic in its place.
    ///
    /// A switchover is a failover with both sides well; a failback is the same in reverse, and unlocks traffic once every
    /// service is declared active on the primary. Both need the primary's cluster. There is no rehearsal: a standby that
    /// is promoted to try it out would be a second active side.
    pub fn runbook(&self, lock_traffic: Arc<dyn Step>, witness: Option<&Arc<dyn TrafficWitness>>) -> Runbook {
        let see_passive = |way| Arc::new(SeePassive::new(Arc::clone(&self.pair), way)) as Arc<dyn Step>;
        let mut steps: Vec<_> = self.failover.iter().flat_map(Handover::first).collect();
        steps.push(Arc::clone(&lock_traffic));
        steps.extend(self.failover.iter().filter_map(Handover::last));
        steps.push(see_passive(Way::ToStandby));
        let forward = |step: &Arc<dyn Step>| PlannedStep::forward(Arc::clone(step));
        let mut others = BTreeMap::new();
        if self.can_reach_primary {
            others.insert(Kind::Switchover, steps.iter().map(forward).collect());
            let arrives = witness.map(|witness| PlannedStep::forward(Arc::new(TrafficArrives(Arc::clone(witness)))));
            let mut failback: Vec<_> =
                self.failback.iter().flat_map(Handover::first).map(PlannedStep::forward).collect();
            failback.push(PlannedStep::back(lock_traffic));
            failback.extend(arrives);
            failback.extend(self.failback.iter().filter_map(Handover::last).map(PlannedStep::forward));
            failback.push(PlannedStep::forward(see_passive(Way::ToPrimary)));
            others.insert(Kind::Failback, failback);
        }
        Runbook { name: RUNBOOK, steps, earlier: Vec::new(), others }
    }

    /// Tells whether the standby can take over.
    pub fn standby(&self) -> Arc<dyn Standby> {
        Arc::clone(&self.standby) as _
    }

    /// The probe of the primary: of its endpoint, and of its resources while traffic is locked to the standby.
    pub fn prober(&self, endpoint: Arc<dyn Prober>, lock_traffic: Arc<dyn Step>) -> Arc<dyn Prober> {
        Arc::new(PrimaryProbe::new(endpoint, Arc::clone(&self.pair), lock_traffic))
    }
}

impl Handover {
    fn new(pair: &Arc<Pair>, way: Way, position: usize, service: &Service) -> Self {
        let (from, to) = match way {
            Way::ToStandby => ("primary", "standby"),
            Way::ToPrimary => ("standby", "primary"),
        };
        let named = match service.part {
            Part::Management => "management".to_owned(),
            Part::Portal => format!("portal-{}", service.standby),
        };
        // The settings are read once in a process, so these few names are made once.
        let name = |text: String| -> &'static str { text.leak() };
        let pair = || Arc::clone(pair);
        Self {
            part: service.part,
            demote: Arc::new(Demote::new(name(format!("demote-{from}-{named}")), pair(), way, position)),
            see_let_go: Arc::new(SeeLetGo::new(name(format!("see-{from}-{named}-let-go")), pair(), way, position)),
            promote: Arc::new(Promote::new(name(format!("promote-{to}-{named}")), pair(), way, position)),
            see_active: Arc::new(SeeActive::new(name(format!("see-{to}-{named}-active")), pair(), way, position)),
        }
    }

    /// What later services wait for: a management cluster until it is active, a portal until it is promoted.
    fn first(&self) -> Vec<Arc<dyn Step>> {
        let mut steps: Vec<_> = [&self.demote, &self.see_let_go, &self.promote].map(Arc::clone).into();
        steps.extend((self.part == Part::Management).then(|| Arc::clone(&self.see_active)));
        steps
    }

    /// What nothing waits for.
    fn last(&self) -> Option<Arc<dyn Step>> {
        (self.part == Part::Portal).then(|| Arc::clone(&self.see_active))
    }
}

fn pair(cluster: &StandbyCluster, primary: Option<Api>, options: Options) -> Pair {
    let Options { services, top_level, isolation, isolation_lasts, words, deletable, annotation } = options;
    let resources = |name: fn(&Service) -> &String| {
        services.iter().map(|service| (service.part, name(service).clone())).collect::<Vec<_>>()
    };
    let (primary_top, standby_top) = top_level.unzip();
    let primary = SideOptions {
        name: "primary",
        api: primary,
        top_level: primary_top,
        annotation: annotation.clone(),
        resources: resources(|service| &service.primary),
        may_be_gone: true,
    };
    let standby = SideOptions {
        name: "standby",
        api: Some(cluster.api().clone()),
        top_level: standby_top,
        annotation,
        resources: resources(|service| &service.standby),
        may_be_gone: false,
    };
    Pair {
        primary: Side::new(primary),
        standby: Side::new(standby),
        confirmation: Confirmation::new(cluster.api().clone(), isolation, isolation_lasts),
        services: services.iter().map(|service| service.part).collect(),
        words,
        deletable,
    }
}
