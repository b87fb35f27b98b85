//! Faults on calls, seen by a client, and what the log says of them.

mod common;

use std::time::Duration;

use common::{Caller, ssm, text};
use holdfast_simulator::faults::{Fault, Rule};
use holdfast_simulator::host::Outcome;
use holdfast_simulator::outside::Lost;
use holdfast_simulator::world::{Outage, Site};
use holdfast_simulator::{Options, Simulator};
use serde_json::json;

const PUT: &str = r#"{"Name": "/x", "Value": "1", "Type": "String", "Overwrite": true}"#;

async fn start(options: Options) -> (Simulator, Caller) {
    let simulator = Simulator::start(options).await.expect("simulator");
    simulator.world().set_scheduler(false);
    let caller = Caller::new(&simulator);
    (simulator, caller)
}

#[tokio::test]
async fn an_error_has_the_shape_of_its_service_and_no_effect() {
    let (simulator, caller) = start(Options::default()).await;
    simulator.faults().once("ssm:PutParameter", Fault::throttled());
    let answer = caller.send(ssm(&simulator, "PutParameter", None), PUT).await.expect("answer");
    assert_eq!(answer.status(), 400);
    assert!(text(answer).await.contains(r#""__type":"ThrottlingException""#));
    assert_eq!(simulator.ssm_parameter("/x"), None);
    let call = &simulator.calls().all()[0];
    assert_eq!((call.status, call.fault.as_deref()), (Some(400), Some("answered 400 ThrottlingException")));
}

#[tokio::test]
async fn kubernetes_under_load_says_when_to_come_again() {
    let (simulator, caller) = start(Options::default()).await;
    simulator.faults().once("kubernetes:*", Fault::kubernetes_busy());
    let url = format!("{}/api/v1/namespaces/logging/pods", simulator.kubernetes_endpoint());
    let answer = caller.get(&url).await.expect("answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &http::HeaderValue::from_static("1"))
    );
    assert!(text(answer).await.contains(r#""reason":"TooManyRequests""#));
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect_and_a_cut_call_leaves_none() {
    let (simulator, caller) = start(Options::default()).await;
    simulator.faults().once("ssm:PutParameter", Fault::Cut);
    assert!(caller.send(ssm(&simulator, "PutParameter", None), PUT).await.is_err());
    assert_eq!(simulator.ssm_parameter("/x"), None);
    simulator.faults().once("ssm:PutParameter", Fault::LoseAnswer);
    assert!(caller.send(ssm(&simulator, "PutParameter", None), PUT).await.is_err());
    assert_eq!(simulator.ssm_parameter("/x").as_deref(), Some("1"));
    assert!(simulator.calls().all().iter().all(|call| call.status.is_none() && call.ended.is_some()));
}

#[tokio::test]
async fn a_call_that_fails_after_its_effect_says_that_it_failed() {
    let (simulator, caller) = start(Options::default()).await;
    simulator.faults().once("ssm:PutParameter", Fault::FailAfter { status: 500, code: "InternalServerError".into() });
    let answer = caller.send(ssm(&simulator, "PutParameter", None), PUT).await.expect("answer");
    assert_eq!(answer.status(), 500);
    assert!(text(answer).await.contains(r#""__type":"InternalServerError""#));
    assert_eq!(simulator.ssm_parameter("/x").as_deref(), Some("1"));
    let words = simulator.calls().all()[0].fault.clone();
    assert_eq!(words.as_deref(), Some("answered 500 InternalServerError after the effect"));
}

#[tokio::test]
async fn a_hanging_call_is_never_answered() {
    let (simulator, caller) = start(Options::default()).await;
    simulator.faults().add(Rule::on("ssm:*", Fault::Hang));
    let call = caller.send(ssm(&simulator, "PutParameter", None), PUT);
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err());
    assert_eq!(simulator.ssm_parameter("/x"), None);
}

#[tokio::test]
async fn the_delay_is_on_every_call_and_shows_what_waited_for_what() {
    let (simulator, caller) =
        start(Options { round_trip_delay: Duration::from_millis(40), ..Options::default() }).await;
    let put = || caller.send(ssm(&simulator, "PutParameter", None), PUT);
    put().await.expect("answer");
    let (left, right) = tokio::join!(put(), put());
    assert!(left.is_ok() && right.is_ok());
    assert_eq!((simulator.calls().all().len(), simulator.calls().sequential_chain(0).len()), (3, 2));
    assert!(
        simulator
            .calls()
            .all()
            .iter()
            .all(|call| call.ended.expect("ended").duration_since(call.started).as_millis() >= 40)
    );
}

#[tokio::test]
async fn killing_the_function_after_a_call_leaves_the_effect_and_a_crashed_invocation() {
    let bootstrap = Some(env!("CARGO_BIN_EXE_fake-bootstrap").into());
    let (simulator, caller) = start(Options { bootstrap, ..Options::default() }).await;
    let lambda = simulator.lambda().clone();
    let sleeping = tokio::spawn(async move { lambda.invoke(json!({"do": "sleep", "ms": 30_000})).await });
    while simulator.lambda().running() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    simulator.faults().once("ssm:PutParameter", Fault::KillFunction { after: true });
    let session = Some("holdfast-simulated-session-1");
    assert!(caller.send(ssm(&simulator, "PutParameter", session), PUT).await.is_err());
    let result = sleeping.await.expect("task");
    assert!(matches!(&result.outcome, Outcome::Crashed { detail } if detail.contains("9")), "{result:?}");
    assert_eq!(simulator.ssm_parameter("/x").as_deref(), Some("1"));
    assert_eq!(simulator.calls().all()[0].invocation.as_deref(), Some(result.request_id.as_str()));
}

#[tokio::test]
async fn each_outage_of_the_primary_looks_as_it_should() {
    let (simulator, caller) = start(Options::default()).await;
    let url = format!("{}/api/v1/status", simulator.primary_url());
    let answer = caller.get(&url).await.expect("answer");
    assert_eq!(text(answer).await, r#"{"status":"OK","version":"1.235.0--build-1--sha-abc"}"#);
    simulator.world().break_primary(Outage::Refuse);
    assert_eq!(caller.get(&url).await.expect("answer").status(), 503);
    simulator.world().break_primary(Outage::Silent);
    assert!(tokio::time::timeout(Duration::from_millis(100), caller.get(&url)).await.is_err());
    simulator.world().break_primary(Outage::Closed);
    assert!(Caller::new(&simulator).get(&url).await.is_err());
}

#[tokio::test]
async fn the_global_name_goes_where_dns_sends_it() {
    let (simulator, caller) = start(Options::default()).await;
    let url = format!("{}/api/v1/status", simulator.global_url());
    assert_eq!(caller.get(&url).await.expect("answer").status(), 200);
    simulator.world().break_primary(Outage::Refuse);
    simulator.world().settle_checkers();
    while simulator.world().resolve_global() == Site::Primary {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(caller.get(&url).await.expect("answer").status(), 503, "the standby is not up yet");
}

#[tokio::test]
async fn without_its_way_out_the_function_reaches_the_cluster_and_nothing_outside() {
    let (simulator, caller) = start(Options::default()).await;
    let outside = [vec![format!("{}/api/v1/status", simulator.primary_url())], simulator.control_urls()].concat();
    let mut statuses = Vec::new();
    for url in &outside {
        statuses.push(caller.get(url).await.expect("an answer").status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 404, 403]);
    for (how, seen) in [(Lost::Refused, 0), (Lost::Silent, 1)] {
        // A client that is new: one that keeps a connection would not need another.
        let (cut_off, caller) = start(Options::default()).await;
        cut_off.cut_off(how);
        let outside = [vec![cut_off.primary_url()], cut_off.control_urls()].concat();
        for url in &outside {
            let answer = tokio::time::timeout(Duration::from_millis(150), caller.get(url)).await;
            assert_eq!(answer.map_or(1, |answer| answer.map_or(0, |answer| answer.status().as_u16())), seen, "{url}");
        }
        let version = format!("{}/version", cut_off.kubernetes_endpoint());
        assert_eq!(caller.get(&version).await.expect("the cluster").status(), 200);
        let global = format!("{}/api/v1/status", cut_off.global_url());
        assert_eq!(caller.get(&global).await.expect("what users see").status(), 200);
        cut_off.give_way_out_back();
        assert_eq!(caller.get(&outside[1]).await.expect("a control target").status(), 200);
    }
}

#[tokio::test]
async fn a_control_target_can_be_made_to_say_something_else() {
    let (simulator, caller) = start(Options::default()).await;
    simulator.faults().always("control-2:*", Fault::Error { status: 503, code: "no".to_owned() });
    let urls = simulator.control_urls();
    assert_eq!(caller.get(&urls[0]).await.expect("an answer").status(), 200);
    assert_eq!(caller.get(&urls[1]).await.expect("an answer").status(), 503);
}
