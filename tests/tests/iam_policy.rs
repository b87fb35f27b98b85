//! The permissions that we ship are the ones that a failover uses: nothing refused, nothing unused.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use holdfast_simulator::{
    Options, Simulator,
    kubernetes::{StandbyFixture, TlsFixture},
    world::Outage,
};
use holdfast_tests::{
    function::bootstrap,
    requests::eventually,
    role::{Permission, shipped, used},
};
use serde_json::Value;

/// A failover as in a drill: the function as shipped, stale TLS secrets, an alarm, and the numbers that a busy machine
/// can keep.
async fn failed_over() -> Simulator {
    let variables = [
        ("HOLDFAST_CALL_TIMEOUT_SECONDS", "10"),
        ("HOLDFAST_OBSERVE_SECONDS", "10"),
        ("HOLDFAST_LEASE_SECONDS", "20"),
        ("HOLDFAST_VERIFY_SECONDS", "20"),
    ];
    let simulator = Simulator::start(Options {
        bootstrap: Some(bootstrap().await),
        function_timeout: Duration::from_secs(45),
        function_env: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        standby: StandbyFixture { tls: TlsFixture::StaleNoCa, ..StandbyFixture::default() },
        people: true,
        ..Options::default()
    })
    .await
    .expect("a simulator");
    simulator.world().break_primary(Outage::Refuse);
    eventually("the failover is recorded as done", async || {
        let record = simulator.cluster().get("configmaps", "holdfast")?;
        let state: Value = serde_json::from_str(record["data"]["state"].as_str()?).ok()?;
        (state["current"]["status"] == "completed").then_some(())
    })
    .await;
    simulator
}

#[tokio::test]
async fn a_failover_uses_every_statement_and_every_rule_that_we_ship_and_nothing_is_refused() {
    let simulator = failed_over().await;

    let denied: Vec<_> = simulator.iam().denied().into_iter().collect();
    assert!(denied.is_empty(), "IAM refused: {denied:?}");
    // People are told beside the work, and may hear of the end after it.
    eventually("as many actions of each statement are used as it allows", async || {
        let mut actions: BTreeMap<String, usize> = BTreeMap::new();
        for (statement, _) in simulator.iam().used() {
            *actions.entry(statement).or_default() += 1;
        }
        (actions == simulator.iam().statements()).then_some(())
    })
    .await;

    let user = simulator.cluster().token_policy().user;
    let audit = simulator.cluster().audit();
    let function: Vec<_> = audit.iter().filter(|entry| entry.user == user).collect();
    let refused: Vec<_> = function.iter().filter(|entry| !entry.allowed).collect();
    assert!(refused.is_empty(), "the cluster refused: {refused:?}");
    let used: BTreeSet<Permission> = used(function.into_iter().map(Into::into));
    assert_eq!(used, shipped(), "requests against the Role");
}

/// The filters of terraform/modules/aws-failover/people.tf and its alarms: their fields and words, in the log of a failover.
#[tokio::test]
async fn a_failover_writes_the_lines_and_metrics_that_the_modules_alarms_read() {
    let simulator = failed_over().await;
    let metrics = async || {
        let results = simulator.lambda().results();
        let lines = results.iter().flat_map(|result| &result.log);
        let lines: Vec<Value> = lines.filter_map(|line| serde_json::from_str(&line.text).ok()).collect();
        let completed = lines.iter().any(|line| line["Outcome"] == "completed" && line["Calls"] == 1.0);
        completed.then_some(lines)
    };
    let lines = eventually("the answer is in the log", metrics).await;
    let begins = |line: &&Value| line["message"].as_str().is_some_and(|text| text.ends_with("begins"));
    let begun: Vec<_> = lines.iter().filter(begins).filter(|line| !line["fence"].is_null()).collect();
    assert_eq!(begun.len(), 1, "{lines:?}");
    let emitted = lines.iter().find(|line| line["FailingFor"].as_f64().is_some_and(|seconds| seconds > 0.0));
    let function = &emitted.expect("the proven failing time")["FunctionName"];
    assert_eq!(&begun[0]["span"]["site"], function, "the filter's dimension");
    assert!(lines.iter().any(|line| line["OwedSteps"].is_number()), "{lines:?}");
    assert!(lines.iter().any(|line| line["paused"] == false), "{lines:?}");

    let emitted = lines.iter().filter(|line| line["_aws"].is_object()).filter_map(Value::as_object);
    let fields = emitted.flat_map(|line| line.keys().cloned());
    let written: BTreeSet<String> = fields.chain(filters().map(str::to_owned)).collect();
    let read = read_by_the_module();
    assert!(read.len() > 4 && read.iter().all(|name| written.contains(*name)), "{read:?} in {written:?}");
}

const PEOPLE: &str = include_str!("../../terraform/modules/aws-failover/people.tf");
const DASHBOARD: &str = include_str!("../../terraform/modules/aws-failover/dashboard.tf");

/// What stands between quotation marks after each `before`.
fn quoted<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split('"').next())
}

/// The metrics in our namespace that alarms and page of terraform/modules/aws-failover read.
fn read_by_the_module() -> BTreeSet<&'static str> {
    quoted(DASHBOARD, "\"Holdfast\", \"").chain(quoted(PEOPLE, "\"Holdfast\", metric = \"")).collect()
}

/// Those that its filters make out of the log.
fn filters() -> impl Iterator<Item = &'static str> {
    PEOPLE.lines().filter_map(|line| line.split_once("= { pattern = ")).map(|(name, _)| name.trim())
}
