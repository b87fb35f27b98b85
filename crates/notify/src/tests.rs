use std::{collections::BTreeMap, sync::Arc, time::Duration};

use holdfast_core::{
    FaultClass, Timestamp,
    engine::Limits,
    news::{News, Occasion},
    ports::Announcer,
};
use holdfast_http::{Client, Proxies};
use holdfast_settings::Reader;
use holdfast_testkit::server::{Reply, Server};
use serde_json::{Value, json};

use super::*;

fn news(occasion: Occasion) -> News {
    News {
        incident: "after-20260101T000000.000Z-7".to_owned(),
        occasion,
        mark: occasion.name().to_owned(),
        at: Timestamp::from_second(1_767_225_600).expect("a time"),
        execution: Some("20260101T000300.000Z-8".to_owned()),
        says: "failover 20260101T000300.000Z-8 has begun, by alarm".to_owned(),
        why: vec!["the primary fails".to_owned()],
        owed: vec!["lock-traffic: denied".to_owned()],
        next: "nothing".to_owned(),
    }
}

fn receiver(timeout: u64, compose: impl Fn(&News) -> Outgoing + Send + Sync + 'static) -> Receiver {
    Receiver::new("webhook", Client::new(Proxies::default()), Duration::from_millis(timeout), compose)
}

fn to(server: &Server, timeout: u64) -> Receiver {
    let url = format!("{}/hook?key=abc", server.url());
    receiver(timeout, move |news| webhook::request(&url, Some("a-secret-of-16-characters"), "dr", news))
}

#[tokio::test]
async fn a_webhook_gets_our_document_with_its_signature() {
    let server = Server::start(vec![Reply::text(204, "")]).await;
    to(&server, 5000).announce(news(Occasion::Begun)).await.expect("delivered");
    let seen = server.requests().remove(0);
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/hook?key=abc"));
    assert_eq!(seen.headers["content-type"], "application/json");
    let body: Value = serde_json::from_slice(&seen.body).expect("JSON");
    let expected = json!({
        "schema": 1, "site": "dr", "incident": "dr/after-20260101T000000.000Z-7", "occasion": "begun",
        "delivery": "dr/after-20260101T000000.000Z-7/begun", "urgency": "high", "resolved": false,
        "at": "2026-01-01T00:00:00Z", "execution": "20260101T000300.000Z-8",
        "says": "failover 20260101T000300.000Z-8 has begun, by alarm", "why": ["the primary fails"],
        "owed": ["lock-traffic: denied"], "next": "nothing",
    });
    assert_eq!(body, expected);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"a-secret-of-16-characters");
    let signature = seen.headers[webhook::SIGNATURE].to_str().expect("text").strip_prefix("sha256=").expect("its kind");
    aws_lc_rs::hmac::verify(&key, &seen.body, &hex::decode(signature).expect("hex")).expect("signed");
}

#[test]
fn a_signature_is_the_one_that_others_compute() {
    // RFC 4231, test case 2.
    let signed = webhook::request("https://x", Some("Jefe"), "dr", &news(Occasion::Begun));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"Jefe");
    let known = hex::encode(aws_lc_rs::hmac::sign(&key, b"what do ya want for nothing?"));
    assert_eq!(known, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    let of_body = hex::encode(aws_lc_rs::hmac::sign(&key, signed.body.as_bytes()));
    assert!(signed.headers.contains(&(webhook::SIGNATURE, format!("sha256={of_body}"))));
    let unsigned = webhook::request("https://x", None, "dr", &news(Occasion::Begun));
    assert!(unsigned.headers.iter().all(|(name, _)| *name != webhook::SIGNATURE));
}

#[test]
fn pagerduty_gets_one_alert_by_its_key_that_is_triggered_and_resolved() {
    let of = |occasion| {
        let sent = pagerduty::request(pagerduty::ENDPOINT, "R0UTING", "dr", &news(occasion));
        serde_json::from_str::<Value>(&sent.body).expect("JSON")
    };
    let begun = of(Occasion::Begun);
    assert_eq!((&begun["routing_key"], &begun["event_action"]), (&json!("R0UTING"), &json!("trigger")));
    assert_eq!(begun["payload"]["severity"], "critical");
    assert_eq!(begun["payload"]["custom_details"]["owed"], json!(["lock-traffic: denied"]));
    let story = [Occasion::HoldoffRuns, Occasion::Begun, Occasion::Progress, Occasion::Unfinished, Occasion::Completed];
    assert!(story.map(of).iter().all(|event| event["dedup_key"] == "dr/after-20260101T000000.000Z-7"));
    assert_eq!(of(Occasion::HoldoffRuns)["payload"]["severity"], "warning");
    assert_eq!(of(Occasion::Completed)["event_action"], "resolve");
    assert_eq!(of(Occasion::Over)["event_action"], "resolve");
}

#[test]
fn opsgenie_gets_one_alert_by_its_alias_that_is_closed_by_it() {
    let begun = opsgenie::request("https://api.eu.opsgenie.com/", "K", "dr", &news(Occasion::Begun));
    assert_eq!(begun.url, "https://api.eu.opsgenie.com/v2/alerts");
    assert_eq!(begun.headers, [("authorization", "GenieKey K".to_owned())]);
    let body: Value = serde_json::from_str(&begun.body).expect("JSON");
    assert_eq!((&body["alias"], &body["priority"]), (&json!("dr/after-20260101T000000.000Z-7"), &json!("P1")));
    assert!(body["message"].as_str().expect("text").chars().count() <= 130);
    let over = opsgenie::request("https://api.opsgenie.com", "K", "dr", &news(Occasion::Over));
    let path = "/v2/alerts/dr%2Fafter-20260101T000000.000Z-7/close?identifierType=alias";
    assert_eq!(over.url, format!("https://api.opsgenie.com{path}"));
}

#[tokio::test]
async fn what_is_not_taken_is_told_by_its_kind_and_no_answer_is_waited_for_in_vain() {
    for (reply, class) in [
        (Reply::text(403, "no"), FaultClass::Denied),
        (Reply::text(429, "slow"), FaultClass::Throttled),
        (Reply::text(500, "SECRET"), FaultClass::Server),
        (Reply::text(302, ""), FaultClass::Invalid),
        (Reply::Cut, FaultClass::Connection),
        (Reply::Hang, FaultClass::Timeout),
    ] {
        let server = Server::start(vec![reply.clone()]).await;
        let fault = to(&server, 500).announce(news(Occasion::Begun)).await.expect_err("not taken");
        assert_eq!(fault.class, class, "{reply:?}");
        assert!(!fault.message.contains("SECRET") && !fault.message.contains("abc"), "{fault}");
    }
}

#[tokio::test]
async fn messages_arrive_in_the_order_in_which_they_were_begun_also_when_nobody_waits_for_them() {
    let server = Server::answering(|_| Reply::text(202, "")).await;
    let receiver = to(&server, 5000);
    drop(receiver.announce(news(Occasion::HoldoffRuns)));
    drop(receiver.announce(news(Occasion::Begun)));
    receiver.announce(news(Occasion::Completed)).await.expect("delivered");
    let occasion = |seen: &holdfast_testkit::server::Seen| {
        serde_json::from_slice::<Value>(&seen.body).expect("JSON")["occasion"].as_str().expect("a word").to_owned()
    };
    let seen: Vec<_> = server.requests().iter().map(occasion).collect();
    assert_eq!(seen, ["holdoff_runs", "begun", "completed"]);
}

#[tokio::test]
async fn a_switch_is_reset_by_one_get_and_says_when_nobody_heard() {
    let server = Server::start(vec![Reply::text(200, "OK"), Reply::Hang]).await;
    let uri = format!("{}/ping/x", server.url()).parse().expect("an address");
    let switch = Switch::new(Client::new(Proxies::default()), uri, Duration::from_millis(300));
    switch.reset().await.expect("heard");
    assert_eq!(switch.reset().await.expect_err("silent").class, FaultClass::Timeout);
    let seen = server.requests().remove(0);
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/ping/x"));
}

fn read(variables: &[(&str, &str)]) -> Result<NotifySettings, String> {
    let variables: BTreeMap<_, _> = variables.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let mut reader = Reader::new(&variables);
    let settings = NotifySettings::read(&mut reader);
    reader.finish(settings).map_err(|faults| faults.to_string())
}

#[test]
fn each_receiver_is_made_of_its_variables_and_nothing_of_them_is_shown() {
    let settings = read(&[
        ("HOLDFAST_NOTIFY_WEBHOOK_URL", "https://hooks.example.com/T0/SECRETPATH?x=1"),
        ("HOLDFAST_NOTIFY_WEBHOOK_SECRET", "SECRET-of-many-characters"),
        ("HOLDFAST_NOTIFY_PAGERDUTY_ROUTING_KEY", "SECRETROUTINGKEY"),
        ("HOLDFAST_NOTIFY_OPSGENIE_API_KEY", "SECRETGENIE"),
        ("HOLDFAST_TICK_URL", "https://hc.example.com/SECRET"),
    ])
    .expect("sound");
    let receivers = settings.receivers("dr", &Proxies::default(), &Limits::default());
    let names: Vec<_> = receivers.iter().map(|receiver: &Arc<dyn Announcer>| receiver.name()).collect();
    assert_eq!(names, ["webhook", "pagerduty", "opsgenie"]);
    assert!(settings.switch(&Proxies::default(), &Limits::default()).is_some());
    assert!(!format!("{settings:?}").contains("SECRET"), "{settings:?}");
    assert!(read(&[]).expect("sound").receivers("dr", &Proxies::default(), &Limits::default()).is_empty());
}

#[test]
fn what_cannot_be_used_is_a_fault_that_shows_no_secret() {
    for variables in [
        &[("HOLDFAST_NOTIFY_WEBHOOK_URL", "http://SECRET.example.com")][..],
        &[("HOLDFAST_NOTIFY_WEBHOOK_URL", "https://SECRET@example.com")],
        &[("HOLDFAST_NOTIFY_WEBHOOK_SECRET", "SECRET-of-many-characters")],
        &[("HOLDFAST_NOTIFY_WEBHOOK_URL", "https://a.example.com"), ("HOLDFAST_NOTIFY_WEBHOOK_SECRET", "SECRET")],
        &[("HOLDFAST_NOTIFY_PAGERDUTY_ROUTING_KEY", "SECRET with blanks")],
        &[("HOLDFAST_NOTIFY_OPSGENIE_URL", "https://SECRET.example.com")],
        &[("HOLDFAST_TICK_URL", "SECRET")],
    ] {
        let said = read(variables).expect_err("a fault");
        assert!(!said.contains("SECRET.") && !said.contains("SECRET@") && !said.contains("SECRET-"), "{said}");
    }
}

#[test]
fn a_topic_gets_sentences_of_one_printable_subject_and_labels_to_filter_by() {
    let mut begun = news(Occasion::Begun);
    begun.says = format!("the primary fails\u{202e}\n{}", "é".repeat(200));
    let notice = topic::notice("dr", &begun);
    assert_eq!(notice.subject.len(), 99);
    assert!(notice.subject.starts_with("dr: the primary fails??"), "{}", notice.subject);
    assert!(notice.subject.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
    for part in ["\nStill owed:\n- lock-traffic: denied\n", "\noccasion: begun\n", "\nincident: dr/after-2026"] {
        assert!(notice.text.contains(part), "{part}: {}", notice.text);
    }
    let labels = [("occasion", "begun"), ("urgency", "high"), ("incident", "dr/after-20260101T000000.000Z-7")];
    assert_eq!(notice.labels, labels.map(|(name, value)| (name, value.to_owned())));
}

/// A topic that says nothing, for ever.
struct Silent;

#[async_trait::async_trait]
impl Topic for Silent {
    fn name(&self) -> &'static str {
        "silent"
    }

    async fn publish(&self, _: &Notice) -> Result<(), holdfast_core::Fault> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_topic_that_is_silent_is_given_up_after_the_time_of_one_call() {
    let receiver = Receiver::of_topic(Arc::new(Silent), "dr".to_owned(), Duration::from_millis(50));
    let fault = receiver.announce(news(Occasion::Begun)).await.expect_err("silent");
    assert_eq!((receiver.name(), fault.class), ("silent", FaultClass::Timeout));
}
