//! API Connect's failover on a real control plane, under the Roles that we ship: the definitions of the fixtures, one
//! namespace for each data centre, and a hand that plays IBM's operator. Its audit log must be the Roles, no more and no less.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use holdfast_api_connect::{Annotation, ApiConnect, Options, Service, site::DELETION, state::Part, words::Words};
use holdfast_core::{
    engine::{Action, Outcome},
    fakes::World,
    record::Trigger,
};
use holdfast_kubernetes::{Direct, StandbyCluster, api::Api};
use holdfast_testbed::{Assets, AuditEntry, Testbed, User, required_or_skipped};
use holdfast_tests::{
    requests::{ask, done},
    role::{Permission, permissions_of},
};
use http::Method;
use kube::Client;
use serde_json::{Value, json};

const STANDBY: &str = include_str!("../../infra/kubernetes/api-connect/standby.yaml");
const PRIMARY: &str = include_str!("../../infra/kubernetes/api-connect/primary.yaml");
const DEFINITIONS: [&str; 2] = [
    include_str!("../real/fixtures/crds/apiconnect_managementclusters.yaml"),
    include_str!("../real/fixtures/crds/apiconnect_portalclusters.yaml"),
];
const MANAGEMENT: (&str, &str, &str) = ("management.apiconnect.ibm.com", "managementclusters", "management");
const PORTAL: (&str, &str, &str) = ("portal.apiconnect.ibm.com", "portalclusters", "portal");

/// Who the function is on the standby's cluster, and on the primary's.
const ON_STANDBY: &str = "arn:function";
const ON_PRIMARY: &str = "system:serviceaccount:dc1:holdfast-failover";

/// Both data centres on one control plane.
struct Centres {
    bed: Testbed,
    admin: Client,
}

impl Centres {
    async fn start(assets: &Assets) -> Self {
        let user = |name: &str, group: &str| User { name: name.to_owned(), groups: vec![group.to_owned()] };
        let users = vec![user(ON_STANDBY, "dr-failover"), user(ON_PRIMARY, "system:serviceaccounts")];
        let options = holdfast_testbed::Options { users, ..holdfast_testbed::Options::default() };
        let bed = Testbed::start(assets, &options).await.expect("a control plane");
        for definition in DEFINITIONS {
            bed.apply_yaml(definition).await.expect("a definition");
        }
        for (namespace, manifest, mode) in [("dc1", PRIMARY, "active"), ("dc2", STANDBY, "passive")] {
            let name = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            let manifest = manifest.replace("namespace: apic", &format!("namespace: {namespace}"));
            bed.apply_yaml(&format!("{name}\n---\n{manifest}")).await.expect("the shipped manifest");
            for ((group, _, name), kind) in [(MANAGEMENT, "ManagementCluster"), (PORTAL, "PortalCluster")] {
                let section = json!({"mode": mode, "replicationEndpoint": {"hosts": [{"name": "h"}]}, "tlsClient": {"secretName": "s"}});
                let object = json!({
                    "apiVersion": format!("{group}/v1beta1"), "kind": kind, "metadata": {"name": name, "namespace": namespace},
                    "spec": {"siteName": namespace, "multiSiteHA": section},
                });
                bed.apply_yaml(&object.to_string()).await.expect("an object");
            }
        }
        let admin = bed.client(&bed.admin_token());
        let centres = Self { bed, admin };
        for namespace in ["dc1", "dc2"] {
            for kind in [MANAGEMENT, PORTAL] {
                let (mode, _) = centres.modes(namespace, kind).await;
                centres.set_status(namespace, kind, &mode).await;
            }
        }
        centres
    }

    fn path(namespace: &str, (group, plural, name): (&str, &str, &str)) -> String {
        format!("/apis/{group}/v1beta1/namespaces/{namespace}/{plural}/{name}")
    }

    /// What is declared and what is said.
    async fn modes(&self, namespace: &str, kind: (&str, &str, &str)) -> (String, String) {
        let object = done(ask(&self.admin, Method::GET, &Self::path(namespace, kind), Value::Null).await);
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        (text("/spec/multiSiteHA/mode"), text("/status/haMode"))
    }

    async fn set_status(&self, namespace: &str, kind: (&str, &str, &str), word: &str) {
        let conditions = json!([{"type": "Ready", "status": "True", "reason": "na", "message": "DB is ready"}]);
        let status = json!({"status": {"haMode": word, "phase": "Running", "state": "23/23", "haStatus": conditions}});
        let path = format!("{}/status", Self::path(namespace, kind));
        done(ask(&self.admin, Method::PATCH, &path, status).await);
    }

    /// IBM's operators take a step: `progressing to` what is declared, and then that.
    async fn reconcile(&self) {
        for namespace in ["dc1", "dc2"] {
            for kind in [MANAGEMENT, PORTAL] {
                let (mode, word) = self.modes(namespace, kind).await;
                let progressing = format!("progressing to {mode}");
                if word != mode {
                    self.set_status(namespace, kind, if word == progressing { &mode } else { &progressing }).await;
                }
            }
        }
    }

    fn api(&self, user: &str, namespace: &str) -> Api {
        Api::new(Arc::new(Direct(self.bed.client(&self.bed.token(user)))), namespace)
    }

    fn system(&self) -> (StandbyCluster, ApiConnect) {
        let direct = Arc::new(Direct(self.bed.client(&self.bed.token(ON_STANDBY))));
        let cluster = StandbyCluster::new(direct, "dc2", "holdfast");
        let service = |part, name: &str| Service { part, primary: name.to_owned(), standby: name.to_owned() };
        let options = Options {
            services: vec![service(Part::Management, "management"), service(Part::Portal, "portal")],
            top_level: None,
            isolation: "holdfast-isolation".to_owned(),
            isolation_lasts: Duration::from_secs(3600),
            words: Words::default(),
            deletable: vec!["management".to_owned()],
            annotation: Annotation { name: DELETION.0.to_owned(), value: DELETION.1.to_owned() },
        };
        let system = ApiConnect::new(&cluster, Some(self.api(ON_PRIMARY, "dc1")), options);
        (cluster, system)
    }
}

#[tokio::test]
async fn a_switchover_and_a_failback_take_the_rights_of_the_shipped_roles_and_no_more() {
    let Some(assets) = required_or_skipped(Assets::find()) else { return };
    let centres = Centres::start(&assets).await;
    let world = World::new();
    world.heal_primary();
    let (cluster, system) = centres.system();
    let lock = Arc::clone(&world.steps[2]) as Arc<dyn holdfast_core::step::Step>;
    let mut engine = world.engine("real");
    engine.runbook = system.runbook(Arc::clone(&lock), None);
    engine.ports.clock = Arc::new(holdfast_site::clock::SystemClock::default());
    engine.ports.lease = cluster.lease();
    engine.ports.store = cluster.store();
    engine.ports.standby = system.standby();
    engine.ports.cooldown = None;
    engine.ports.history = None;
    engine.ports.prober = engine.ports.prober.map(|endpoint| system.prober(endpoint, lock));
    engine.policy.well_for = Duration::ZERO;
    engine.policy.poll = Duration::from_millis(100);
    engine.limits.verify_for = Duration::ZERO;
    for (action, active, passive) in
        [(Action::Switchover, "dc2", "dc1"), (Action::Failback { rest: false }, "dc1", "dc2")]
    {
        let mut request = world.request(Trigger::Operator, action);
        request.data = Some("all is there".to_owned());
        request.reason = Some("test".to_owned());
        let mut last = None;
        for _ in 0..40 {
            request.deadline = engine.ports.clock.now() + Duration::from_secs(60);
            let answer = engine.handle(&request).await;
            let ended = answer.outcome == Outcome::Completed;
            last = Some(answer);
            if ended {
                break;
            }
            centres.reconcile().await;
            // What was begun is driven on by whoever calls.
            request.trigger = Trigger::Tick;
            request.action = Action::FailOver;
        }
        let last = last.expect("an answer");
        assert_eq!(last.outcome, Outcome::Completed, "{:?} {:#?}", last.reasons, last.execution.map(|run| run.steps));
        for kind in [MANAGEMENT, PORTAL] {
            assert_eq!(centres.modes(active, kind).await, ("active".to_owned(), "active".to_owned()));
            assert_eq!(centres.modes(passive, kind).await.0, "passive");
        }
    }
    let audit = centres.bed.audit().await.expect("an audit log");
    for (user, manifest) in [(ON_STANDBY, STANDBY), (ON_PRIMARY, PRIMARY)] {
        let own: Vec<&AuditEntry> = audit.iter().filter(|entry| entry.user == user).collect();
        let refused: Vec<_> = own.iter().filter(|entry| matches!(entry.code, 401 | 403)).collect();
        assert!(refused.is_empty(), "{refused:#?}");
        let used: BTreeSet<Permission> = own.iter().map(|entry| (*entry).into()).collect();
        assert_eq!(used, permissions_of(manifest), "{user}: what was done, and what the Role allows");
    }
}
