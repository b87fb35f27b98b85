//! For the tests of this crate: two data centres in memory, with what stands for IBM's operator in each, and the engine.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use holdfast_core::{
    Clock, Timestamp,
    decision::Gate,
    engine::{Action, Answer, Engine, Outcome, Request},
    fakes::{FakeClock, World},
    record::{State, Trigger},
    step::Step,
};
use holdfast_kubernetes::testing::FakeApi;
use serde_json::{Value, json};

use crate::{Annotation, ApiConnect, Options, Service, site::DELETION, state::Part, words::Words};

pub(crate) const MANAGEMENT: &str = "apis/management.apiconnect.ibm.com/v1beta1/managementclusters/management";
pub(crate) const PORTAL: &str = "apis/portal.apiconnect.ibm.com/v1beta1/portalclusters/portal";
pub(crate) const ISOLATION: &str = "api/v1/configmaps/holdfast-isolation";

/// How IBM's operator behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// As IBM's page says: a management cluster becomes `passive` by itself.
    Documented,
    /// As observed on 10.0.7: it stays in a conversion until its peer is active, and asks for the annotation first.
    Observed,
}

/// Two data centres.
pub(crate) struct Sites {
    pub(crate) primary: FakeApi,
    pub(crate) standby: FakeApi,
    pub(crate) world: World,
    pub(crate) options: Options,
    style: Style,
    /// Whether the two reach each other.
    linked: Cell<bool>,
    gone: Cell<bool>,
    log: RefCell<Vec<String>>,
}

impl Sites {
    /// A management cluster and a portal, active on the primary, passive on the standby, all well.
    pub(crate) fn new(style: Style) -> Self {
        let (primary, standby) = (FakeApi::default(), FakeApi::default());
        for (server, site, mode) in [(&primary, "dallas", "active"), (&standby, "raleigh", "passive")] {
            for path in [MANAGEMENT, PORTAL] {
                let status = json!({"haMode": mode, "phase": "Running", "state": "23/23"});
                server.put(path, json!({"spec": {"siteName": site, "multiSiteHA": {"mode": mode}}, "status": status}));
            }
        }
        let service = |part, name: &str| Service { part, primary: name.to_owned(), standby: name.to_owned() };
        let options = Options {
            services: vec![service(Part::Management, "management"), service(Part::Portal, "portal")],
            top_level: None,
            isolation: "holdfast-isolation".to_owned(),
            isolation_lasts: Duration::from_secs(12 * 3600),
            words: Words::default(),
            deletable: vec!["management".to_owned()],
            annotation: Annotation { name: DELETION.0.to_owned(), value: DELETION.1.to_owned() },
        };
        let sites = Self {
            primary,
            standby,
            world: World::new(),
            options,
            style,
            linked: Cell::new(true),
            gone: Cell::new(false),
            log: RefCell::default(),
        };
        sites.world.heal_primary();
        sites.reconcile();
        sites
    }

    /// The primary's data centre is gone, or back as it was.
    pub(crate) fn set_gone(&self, gone: bool) {
        self.gone.set(gone);
        self.primary.set_down(gone);
        if gone {
            self.world.fail_primary_for(600)
        } else {
            self.world.heal_primary()
        }
        self.reconcile();
    }

    /// The network between the two is cut, or not.
    pub(crate) fn set_linked(&self, linked: bool) {
        self.linked.set(linked);
        self.reconcile();
    }

    /// Somebody confirms that the primary is cut off.
    pub(crate) fn confirm_isolation(&self) {
        let at = self.world.clock.now().to_string();
        self.standby.put(ISOLATION, json!({"data": {"isolated": "change 12", "by": "Ann", "at": at}}));
    }

    /// One of the resources, changed.
    pub(crate) fn edit(server: &FakeApi, path: &str, change: impl FnOnce(&mut Value)) {
        let mut object = server.object(path).expect("there");
        change(&mut object);
        server.put(path, object);
    }

    /// The mode and the status of a resource.
    pub(crate) fn modes(server: &FakeApi, path: &str) -> (String, String) {
        let object = server.object(path).expect("there");
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        (text("/spec/multiSiteHA/mode"), text("/status/haMode"))
    }

    /// IBM's operators take one step in both data centres.
    pub(crate) fn reconcile(&self) {
        let reach = self.linked.get() && !self.gone.get();
        for path in [MANAGEMENT, PORTAL] {
            let seen = [&self.primary, &self.standby].map(|server| Self::modes(server, path));
            for (own, server) in [&self.primary, &self.standby].into_iter().enumerate() {
                if own == 0 && self.gone.get() {
                    continue;
                }
                let peer = reach.then(|| seen[1 - own].clone());
                let mut object = server.object(path).expect("there");
                self.next(path, &mut object, peer);
                if Some(&object) != server.object(path).as_ref() {
                    server.put(path, object);
                }
            }
        }
    }

    fn next(&self, path: &str, object: &mut Value, peer: Option<(String, String)>) {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (mode, word) = (text("/spec/multiSiteHA/mode"), text("/status/haMode"));
        let observed = self.style == Style::Observed && path == MANAGEMENT;
        let peer_word = peer.as_ref().map(|(_, word)| word.as_str()).unwrap_or_default();
        let confirmed = object["metadata"]["annotations"][DELETION.0] == "true";
        let next = match (mode.as_str(), word.as_str()) {
            ("active", "active") => "active",
            ("active", "progressing to active") if path == PORTAL => "progressing to active (ready for traffic)",
            ("active", "progressing to active" | "progressing to active (ready for traffic)") => "active",
            ("active", _) => "progressing to active",
            ("passive", "BlockedWarmStandbyConversion") if peer_word == "active" => "passive",
            ("passive", "BlockedWarmStandbyConversion") => "BlockedWarmStandbyConversion",
            ("passive", "passive" | "ReadyForPromotion") if observed && peer_word == "BlockedWarmStandbyConversion" => {
                "ReadyForPromotion"
            }
            ("passive", "passive" | "ReadyForPromotion") => "passive",
            ("passive", other) if observed => {
                if confirmed {
                    "BlockedWarmStandbyConversion"
                } else {
                    other
                }
            }
            ("passive", "progressing to passive") => "passive",
            ("passive", _) => "progressing to passive",
            (_, other) => other,
        };
        let mut conditions = vec![json!({"type": "Ready", "status": "True", "reason": "na", "message": "DB is ready"})];
        if peer.is_none() {
            conditions =
                vec![json!({"type": "PeerNotReachable", "status": "True", "reason": "na", "message": "no answer"})];
        }
        if next == "BlockedWarmStandbyConversion" && peer_word == "ReadyForPromotion" {
            let message = "remote haMode is ReadyForPromotion, expected active or setup-complete";
            conditions = vec![json!({"type": next, "status": "True", "reason": "na", "message": message})];
        }
        object["status"]["haMode"] = next.to_owned().into();
        if path == MANAGEMENT {
            object["status"]["haStatus"] = conditions.into();
        }
    }

    /// Every request so far, each with its side.
    pub(crate) fn log(&self) -> Vec<String> {
        for (name, server) in [("primary", &self.primary), ("standby", &self.standby)] {
            self.log.borrow_mut().extend(server.log().into_iter().map(|line| format!("{name} {line}")));
        }
        self.log.borrow().clone()
    }

    /// The writes so far: side, kind and name.
    pub(crate) fn patches(&self) -> Vec<String> {
        let log = self.log().into_iter();
        let short = |line: String| {
            let (side, path) = line.split_once(" PATCH ")?;
            Some(format!("{side} {}", path.rsplit('/').next()?))
        };
        log.filter_map(short).collect()
    }

    /// The system on both.
    pub(crate) fn system(&self) -> ApiConnect {
        ApiConnect::new(&self.standby.cluster(), Some(self.primary.api()), self.options.clone())
    }

    /// The step that locks traffic.
    pub(crate) fn lock(&self) -> Arc<dyn Step> {
        Arc::clone(&self.world.steps[2]) as _
    }

    /// An engine of the worker `holder`.
    pub(crate) fn engine(&self, holder: &str) -> Engine {
        let mut engine = self.world.engine(holder);
        let system = self.system();
        engine.runbook = system.runbook(self.lock(), None);
        engine.ports.standby = system.standby();
        engine.ports.prober = engine.ports.prober.map(|endpoint| system.prober(endpoint, self.lock()));
        engine.ports.clock = Arc::new(PatientClock(Arc::clone(&self.world.clock)));
        engine.limits.verify_for = Duration::ZERO;
        engine
    }

    /// Runs a request, and looks at the world after each turn; `None` when `dies` says that the worker dies.
    pub(crate) async fn run_until(
        &self,
        holder: &str,
        request: &Request,
        mut dies: impl FnMut(&Self) -> bool,
    ) -> Option<Answer> {
        let engine = self.engine(holder);
        let mut work = engine.handle(request).boxed_local();
        loop {
            if let std::task::Poll::Ready(answer) = futures_util::poll!(&mut work) {
                self.assert_safe();
                return Some(answer);
            }
            self.assert_safe();
            if dies(self) {
                return None;
            }
            tokio::task::yield_now().await;
        }
    }

    /// What must hold at every moment: not two active sides that reach each other, and no service that lost its section.
    pub(crate) fn assert_safe(&self) {
        // In the order in which they came, as far as turns tell it.
        self.log();
        for path in [MANAGEMENT, PORTAL] {
            let [(primary, _), (standby, _)] = [&self.primary, &self.standby].map(|server| Self::modes(server, path));
            assert!(!primary.is_empty() && !standby.is_empty(), "{path} has lost its multiSiteHA");
            let two = primary == "active" && standby == "active" && self.linked.get() && !self.gone.get();
            assert!(!two, "two active sides of {path}: {:?}", self.patches());
        }
    }

    /// A request of a person.
    pub(crate) fn person(&self, action: Action) -> Request {
        let request = self.world.request(Trigger::Operator, action);
        Request { reason: Some("test".to_owned()), data: Some("all is there, says Ann".to_owned()), ..request }
    }

    /// A request of a person who waives the fitness of the standby.
    pub(crate) fn waiving(&self) -> Request {
        Request { overrides: vec![Gate::StandbyFit], ..self.person(Action::FailOver) }
    }

    pub(crate) async fn run(&self, request: &Request) -> Answer {
        self.run_until("a", request, |_| false).await.expect("lives")
    }

    /// A tick, and then the operators take a step and a minute passes.
    pub(crate) async fn tick(&self) -> Answer {
        let answer = self.run(&self.world.request(Trigger::Tick, Action::FailOver)).await;
        self.reconcile();
        self.world.clock.advance(Duration::from_secs(60));
        answer
    }

    /// Ticks until the outcome is `wanted`, at most `most` times.
    pub(crate) async fn ticks_until(&self, most: usize, wanted: impl Fn(&Outcome) -> bool) -> Answer {
        let mut last = None;
        for _ in 0..most {
            let answer = self.tick().await;
            if wanted(&answer.outcome) {
                return answer;
            }
            last = Some(answer.outcome);
        }
        panic!("{last:?}; {:#?}", self.state().current.map(|run| run.steps));
    }

    pub(crate) fn state(&self) -> State {
        self.world.store.state()
    }
}

/// The clock of the fakes, for work that takes turns: who sleeps lets others go on first, so that no answer that is on
/// its way is met by a time-out.
struct PatientClock(Arc<FakeClock>);

#[async_trait]
impl Clock for PatientClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, pause: Duration) {
        for _ in 0..25 {
            tokio::task::yield_now().await;
        }
        self.0.sleep(pause).await;
    }
}
