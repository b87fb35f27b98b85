use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use holdfast_core::fakes::World;
use http::HeaderMap;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::arrival::Subject;

struct Fake(World);

impl Site for Fake {
    fn engine(&self, holder: String) -> Engine {
        self.0.engine(&holder)
    }
}

struct Panics;

impl Site for Panics {
    fn engine(&self, _: String) -> Engine {
        panic!("SECRET-OF-THE-EVENT")
    }
}

/// A site whose primary has been failing for `seconds`.
fn app(seconds: u64) -> App {
    let world = World::new();
    if seconds > 0 {
        world.fail_primary_for(seconds);
    }
    let clock = Arc::clone(&world.engine("clock").ports.clock);
    with(clock, Ok(Box::new(Fake(world))))
}

fn with(clock: Arc<dyn Clock>, site: Result<Box<dyn Site>, String>) -> App {
    let filter =
        Filter { alarms: vec!["primary-unhealthy".to_owned()], ticks: vec!["tick".to_owned()], ..Filter::default() };
    App { name: "dr".to_owned(), clock, margins: Margins::default(), filter, doors: Doors::default(), site }
}

fn alarm(title: &str, kind: &str, status: &str) -> Value {
    json!({"title": title, "type": kind, "alarmMetaData": [{"id": "ocid1.alarm.oc1.iad.x", "status": status}]})
}

fn arrived(app: &App, body: &str) -> Arrival {
    let margins = Margins { fallback: Duration::from_secs(300), ..app.margins };
    Arrival::new(&HeaderMap::new(), Some(Bytes::from(body.to_owned())), app.clock.now(), margins)
}

/// The outcome, and whether the call comes again.
async fn called(app: &App, body: &Value) -> (bool, Value) {
    match app.invoke(arrived(app, &body.to_string())).await {
        Ending::Said(document) => (false, document),
        Ending::Again(document) => (true, document),
        Ending::OutOfTime => panic!("out of time"),
    }
}

#[tokio::test]
async fn an_alarm_of_ours_fails_over_and_so_does_one_that_repeats() {
    for kind in ["OK_TO_FIRING", "REPEAT"] {
        let (again, document) = called(&app(600), &alarm("primary-unhealthy", kind, "FIRING")).await;
        assert_eq!((again, &document["outcome"]), (false, &json!("completed")), "{document}");
        assert_eq!(document["execution"]["trigger"]["name"], "primary-unhealthy");
    }
}

#[tokio::test]
async fn each_message_of_a_list_is_looked_at_and_the_alarm_goes_before_the_tick() {
    let messages = json!([
        alarm("another", "OK_TO_FIRING", "FIRING"),
        alarm("tick", "REPEAT", "FIRING"),
        alarm("primary-unhealthy", "RESET", "OK"),
        alarm("primary-unhealthy", "OK_TO_FIRING", "FIRING"),
        alarm("primary-unhealthy", "REPEAT", "FIRING"),
        7,
    ]);
    let (again, document) = called(&app(600), &messages).await;
    assert_eq!((again, &document["outcome"]), (false, &json!("completed")));
    assert_eq!(document["execution"]["trigger"]["name"], "primary-unhealthy");
    let others: Vec<&str> =
        document["others"].as_array().expect("others").iter().filter_map(|other| other["code"].as_str()).collect();
    assert_eq!(others, ["alarm_not_listed", "reset", "answered_together", "answered_together", "not_an_alarm"]);
}

#[tokio::test]
async fn a_tick_judges_the_same_evidence() {
    let (again, document) = called(&app(0), &alarm("tick", "REPEAT", "FIRING")).await;
    assert_eq!((again, &document["outcome"]), (false, &json!("stood_down")), "{document}");
}

#[tokio::test]
async fn an_operator_is_answered_and_the_record_says_who_it_was() {
    let app = app(600);
    let (again, document) = called(&app, &json!({"action": "failover", "reason": "now", "waive": ["holdoff"]})).await;
    assert_eq!((again, &document["outcome"]), (false, &json!("completed")), "{document}");
    let (again, document) = called(&app, &json!({"action": "falover"})).await;
    assert_eq!((again, &document["reasons"][0]["code"]), (false, &json!("invalid_request")));
}

#[tokio::test]
async fn what_is_not_for_us_is_never_delivered_again() {
    let app = app(600);
    for body in ["", "no JSON", "[]", "null", "{}", "\"text\"", "[[[[", "{\"alarm-name\":\"x\"}"] {
        let ending = app.invoke(arrived(&app, body)).await;
        let Ending::Said(document) = ending else { panic!("{body}: {ending:?}") };
        assert_eq!(document["outcome"], "ignored", "{body}");
    }
    let none = Arrival { body: None, ..arrived(&app, "") };
    let Ending::Said(document) = app.invoke(none).await else { panic!("again") };
    assert_eq!(document["reasons"][0]["code"], "too_large");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_brings_alarms_again_and_tells_a_person() {
    let app = with(Arc::clone(&app(0).clock), Err("CLUSTER_ID is missing".to_owned()));
    let (again, document) = called(&app, &alarm("primary-unhealthy", "REPEAT", "FIRING")).await;
    assert_eq!((again, &document["outcome"]), (true, &json!("misconfigured")));
    let (again, document) = called(&app, &json!({"action": "status"})).await;
    assert_eq!((again, &document["says"][0]), (false, &json!("CLUSTER_ID is missing")));
}

#[tokio::test]
async fn after_a_defect_the_call_comes_again_and_says_nothing_of_what_was_worked_on() {
    let app = with(Arc::clone(&app(0).clock), Ok(Box::new(Panics)));
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (again, document) = called(&app, &alarm("primary-unhealthy", "REPEAT", "FIRING")).await;
    std::panic::set_hook(hook);
    assert_eq!((again, &document["error"]), (true, &json!("Holdfast.Panic")));
    assert!(!document.to_string().contains("SECRET"), "{document}");
}

#[tokio::test]
async fn work_that_does_not_end_is_cut_off_before_the_platform_does_it() {
    struct Slow;
    #[async_trait::async_trait]
    impl Clock for Slow {
        fn now(&self) -> holdfast_core::Timestamp {
            holdfast_core::Timestamp::UNIX_EPOCH
        }
        async fn sleep(&self, _: Duration) {
            std::future::pending().await
        }
    }
    struct Stuck(World);
    impl Site for Stuck {
        fn engine(&self, holder: String) -> Engine {
            let mut engine = self.0.engine(&holder);
            // Waits for the holdoff by a clock that stands.
            engine.ports.clock = Arc::new(Slow);
            engine
        }
    }
    let world = World::new();
    world.fail_primary_for(30);
    let app = with(Arc::new(Slow), Ok(Box::new(Stuck(world))));
    let arrival = Arrival {
        patience: Duration::from_millis(200),
        ..arrived(&app, &alarm("primary-unhealthy", "REPEAT", "FIRING").to_string())
    };
    assert_eq!(app.invoke(arrival).await, Ending::OutOfTime);
}

#[tokio::test]
async fn a_tick_and_nothing_else_tells_the_switch_and_one_that_is_silent_takes_no_answer_away() {
    struct Silent(World, Arc<AtomicUsize>);
    impl Site for Silent {
        fn engine(&self, holder: String) -> Engine {
            self.0.engine(&holder)
        }
        fn tick_ended<'a>(&'a self, _: &'a Answer) -> BoxFuture<'a, ()> {
            self.1.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::pending())
        }
    }
    let (world, told) = (World::new(), Arc::new(AtomicUsize::new(0)));
    let clock = Arc::clone(&world.engine("clock").ports.clock);
    let app = with(clock, Ok(Box::new(Silent(world, Arc::clone(&told)))));
    for (name, calls) in [("primary-unhealthy", 0), ("tick", 1)] {
        let body = alarm(name, "REPEAT", "FIRING").to_string();
        let arrival = Arrival { patience: Duration::from_millis(400), ..arrived(&app, &body) };
        let Ending::Said(document) = app.invoke(arrival).await else { panic!("{name} is not answered") };
        assert_eq!((&document["outcome"], told.load(Ordering::Relaxed)), (&json!("stood_down"), calls), "{document}");
    }
}

/// The doors of a function that is told so.
fn doors(admits: &str) -> Doors {
    let variables = [
        ("HOLDFAST_ADMITS", admits),
        ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
        ("OCI_RESOURCE_PRINCIPAL_RPST", "TOKEN"),
        ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "KEY"),
        ("OCI_RESOURCE_PRINCIPAL_REGION", "us-chicago-1"),
        ("CLUSTER_ID", "ocid1.cluster.oc1.us-chicago-1.aaaacluster"),
        ("COMPARTMENT_ID", "ocid1.compartment.oc1..aaaacompartment"),
        ("PRIMARY_HEALTH_CHECK_ID", "ocid1.httpmonitor.oc1..aaaamonitor"),
        ("STEERING_POLICY_ID", "ocid1.dnspolicy.oc1..aaaapolicy"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let read = holdfast_site::Settings::read(&holdfast_oci::settings::OciCloud, &variables, |_, _| ());
    read.expect("sound").0.doors
}

#[tokio::test]
async fn a_caller_is_admitted_to_what_its_kind_or_itself_is_listed_for() {
    let admits = "onssubscription=alarm,tick;user=plan;user:ocid1.user.oc1..boss=all";
    let app = App { doors: doors(admits), ..app(600) };
    let failover = json!({"action": "failover", "reason": "now", "waive": ["holdoff"]});
    let fires = alarm("primary-unhealthy", "REPEAT", "FIRING");
    for (kind, id, body, admitted) in [
        ("user", "ocid1.user.oc1..other", &failover, false),
        ("user", "ocid1.user.oc1..other", &fires, false),
        ("", "", &failover, false),
        ("onssubscription", "ocid1.onssubscription.oc1..s", &failover, false),
        ("onssubscription", "ocid1.onssubscription.oc1..s", &fires, true),
        ("user", "ocid1.user.oc1..boss", &failover, true),
    ] {
        let subject = Subject { id: id.to_owned(), kind: kind.to_owned() };
        let arrival = Arrival { subject, ..arrived(&app, &body.to_string()) };
        let Ending::Said(document) = app.invoke(arrival).await else { panic!("again") };
        let refused = document["reasons"][0]["code"] == "not_admitted";
        assert_eq!(!refused, admitted, "{kind} {id} {document}");
    }
}
