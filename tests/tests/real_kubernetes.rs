//! The conformance scenarios on a real control plane, under the Role that we ship: kube-apiserver, etcd, controllers,
//! scheduler and kwok, with the tokens that the function makes. At the end its audit log must be the Role, no more and
//! no less.

use std::{collections::BTreeSet, future::Future, pin::Pin};

use holdfast_testbed::{Assets, AuditEntry, required_or_skipped};
use holdfast_tests::{
    conformance::{self, access::REFUSALS},
    role::{shipped, used},
    test_cluster::{Backend, RealBackend},
};

type Scenario = (&'static str, for<'a> fn(&'a Backend) -> Pin<Box<dyn Future<Output = ()> + 'a>>);

macro_rules! as_list {
    ($($module:ident::$name:ident),* $(,)?) => {
        [$((stringify!($name), |backend| Box::pin(conformance::$module::$name(backend)))),*]
    };
}

/// One control plane for all: it takes seconds to start.
#[tokio::test]
#[expect(clippy::print_stderr, reason = "the test runner keeps it, and shows it when a scenario fails")]
async fn every_scenario_passes_and_the_audit_log_equals_the_role() {
    let Some(assets) = required_or_skipped(Assets::find()) else {
        return;
    };
    let scenarios: &[Scenario] = &holdfast_tests::conformance!(as_list);
    let backend = Backend::Real(Box::new(RealBackend::start(&assets).await));
    for (name, run) in scenarios {
        eprintln!("scenario: {name}");
        run(&backend).await;
    }
    let Backend::Real(real) = &backend else { unreachable!("made above") };
    let audit = real.bed.audit().await.expect("an audit log");
    let function: Vec<_> = audit.iter().filter(|entry| entry.user == real.function.user).collect();
    equals_the_role(&function);
}

fn equals_the_role(entries: &[&AuditEntry]) {
    let meant: Vec<_> = entries.iter().filter(|entry| !entry.namespace.starts_with(REFUSALS)).collect();
    let refused: Vec<_> = meant.iter().filter(|entry| entry.code == 401 || entry.code == 403).collect();
    let own: Vec<_> = refused.iter().filter(|entry| !is_a_tried_refusal(entry)).collect();
    assert!(own.is_empty(), "refused: {own:#?}");
    let used = used(meant.iter().filter(|entry| entry.code != 403).map(|entry| (**entry).into()));
    assert_eq!(used.difference(&shipped()).collect::<BTreeSet<_>>(), BTreeSet::new(), "done and not in the Role");
    assert_eq!(shipped().difference(&used).collect::<BTreeSet<_>>(), BTreeSet::new(), "in the Role and not done");
}

/// Two refusals of that scenario are outside its own namespace.
fn is_a_tried_refusal(entry: &AuditEntry) -> bool {
    entry.resource == "nodes" || entry.namespace == "default"
}
