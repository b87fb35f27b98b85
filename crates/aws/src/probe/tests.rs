use std::time::Duration;

use super::*;
use crate::testing::{Answer, Server, call};

async fn probe(url: &str) -> ProbeResult {
    StatusProbe::new(Target::parse(url).expect("a target"), Duration::from_millis(300)).probe(&call()).await
}

async fn answered(answer: Answer) -> (ProbeResult, Server) {
    let server = Server::start(vec![answer]).await;
    (probe(&format!("{}/api/v1/status", server.url())).await, server)
}

#[tokio::test]
async fn a_status_document_is_read_from_its_path() {
    let (result, server) = answered(Answer::ok("application/json", "{\"status\":\"OK\",\"version\":\"1\"}")).await;
    assert_eq!(result, ProbeResult::Healthy { said: "OK 1".to_owned() });
    let seen = &server.requests()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/api/v1/status"));
    assert!(seen.headers["user-agent"].to_str().is_ok_and(|agent| agent.starts_with("holdfast/")));
    assert_eq!(seen.headers["host"], format!("127.0.0.1:{}", server.port));
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let (result, server) = answered(Answer::status(302, "text/plain", "").with("location", "/elsewhere")).await;
    assert!(matches!(result, ProbeResult::Failing { .. }), "{result:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_body_without_an_end_is_not_read_to_its_end() {
    let (result, _server) = answered(Answer::ok("application/json", " ".repeat(70_000) + "{\"status\":\"OK\"}")).await;
    let ProbeResult::Failing { why } = result else { panic!("{result:?}") };
    assert!(why.contains("too long"), "{why}");
}

#[tokio::test]
async fn silence_a_cut_and_a_refusal_are_failures() {
    for answer in [Answer::Hang, Answer::Cut] {
        let (result, _server) = answered(answer).await;
        assert!(matches!(result, ProbeResult::Failing { .. }), "{result:?}");
    }
    let result = probe("http://127.0.0.1:1/").await;
    assert!(matches!(result, ProbeResult::Failing { .. }), "{result:?}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_proves_nothing() {
    let result = probe("https://no-such-host.invalid/").await;
    assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{result:?}");
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_proves_nothing() {
    let server = Server::start(vec![]).await;
    let result = probe(&format!("https://127.0.0.1:{}/", server.port)).await;
    assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{result:?}");
}

#[tokio::test]
async fn our_own_deadline_is_not_the_primarys_failure() {
    let server = Server::start(vec![Answer::Hang]).await;
    let target = Target::parse(&server.url()).expect("a target");
    let short = call().within(Duration::from_millis(50));
    let result = StatusProbe::new(target, Duration::from_secs(30)).probe(&short).await;
    assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{result:?}");
}

#[tokio::test]
async fn each_probe_makes_a_connection_of_its_own() {
    let document = Answer::ok("application/json", "{\"status\":\"OK\"}");
    let server = Server::start(vec![document.clone(), document]).await;
    let probe = StatusProbe::new(Target::parse(&server.url()).expect("a target"), Duration::from_millis(300));
    for _ in 0..2 {
        assert!(matches!(probe.probe(&call()).await, ProbeResult::Healthy { .. }));
    }
    assert_eq!(server.connections(), 2);
}
