use std::{sync::Arc, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::testing::{Answer, Fixed, Identity, Server, call, proxies, proxy, serve};

/// A system that answers in JSON, says so with 200, and whose gateway says 5xx when it is gone.
fn judge(status: http::StatusCode, body: &[u8]) -> ProbeResult {
    let said = String::from_utf8_lossy(body).into_owned();
    match status.as_u16() {
        200 if said.starts_with('{') => ProbeResult::Healthy { said },
        200 | 500.. => ProbeResult::Failing { why: said },
        _ => ProbeResult::Inconclusive { why: said },
    }
}

async fn probe(url: &str) -> ProbeResult {
    StatusProbe::new(Target::parse(url).expect("a target"), Duration::from_millis(300), judge).probe(&call()).await
}

async fn answered(answer: Answer) -> (ProbeResult, Server) {
    let server = Server::start(vec![answer]).await;
    (probe(&format!("{}/api/v1/status", server.url())).await, server)
}

#[tokio::test]
async fn a_status_document_is_read_from_its_path() {
    let (result, server) = answered(Answer::ok("{\"status\":\"OK\",\"version\":\"1\"}")).await;
    assert_eq!(result, ProbeResult::Healthy { said: "{\"status\":\"OK\",\"version\":\"1\"}".to_owned() });
    let seen = &server.requests()[0];
    assert!(seen.starts_with("GET /api/v1/status HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("\r\nuser-agent: holdfast/"), "{seen}");
    assert!(seen.contains(&format!("\r\nhost: 127.0.0.1:{}\r\n", server.port)), "{seen}");
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let (result, server) = answered(Answer::say("302 Found\r\nlocation: /elsewhere", "")).await;
    assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{result:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_body_without_an_end_is_not_read_to_its_end() {
    let (result, _server) = answered(Answer::ok(" ".repeat(70_000) + "{\"status\":\"OK\"}")).await;
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
    let result = StatusProbe::new(target, Duration::from_secs(30), judge).probe(&short).await;
    assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{result:?}");
}

#[tokio::test]
async fn each_probe_makes_a_connection_of_its_own() {
    let document = Answer::ok("{\"status\":\"OK\"}");
    let server = Server::start(vec![document.clone(), document]).await;
    let probe = StatusProbe::new(Target::parse(&server.url()).expect("a target"), Duration::from_millis(300), judge);
    for _ in 0..2 {
        assert!(matches!(probe.probe(&call()).await, ProbeResult::Healthy { .. }));
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_address_that_is_silent_does_not_hide_one_that_answers() {
    let server = Server::start(vec![Answer::ok("{\"status\":\"OK\"}")]).await;
    let target = Target::parse(&server.url()).expect("a target");
    // TEST-NET-1 (RFC 5737): nobody answers there, or there is no route at all.
    let addresses = [([192, 0, 2, 1], server.port).into(), ([127, 0, 0, 1], server.port).into()];
    let outcome = Exchange::default().get(&target, Way::Straight(addresses.to_vec()), Wanted::Document).await;
    assert!(matches!(verdict::of(outcome, judge), ProbeResult::Healthy { .. }));
}

const WELL: &str = "{\"status\":\"OK\"}";

fn secure(host: &str, port: u16) -> Target {
    Target::parse(&format!("https://{host}:{port}/api/v1/status")).expect("a target")
}

async fn probe_by(client: Client, target: Target) -> ProbeResult {
    StatusProbe::by(client, target, Duration::from_millis(500), judge).probe(&call()).await
}

#[tokio::test]
async fn a_trusted_certificate_is_a_healthy_primary() {
    let identity = Identity::new();
    let port = identity.serve(Answer::ok(WELL)).await;
    let result = probe_by(identity.plain_client(), secure("localhost", port)).await;
    assert!(matches!(result, ProbeResult::Healthy { .. }), "{result:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_or_of_another_name_proves_nothing() {
    let identity = Identity::new();
    let port = identity.serve(Answer::ok(WELL)).await;
    let stranger = Identity::new();
    let loopback = Arc::new(Fixed(Some(Ok(vec![[127, 0, 0, 1].into()]))));
    let cases =
        [(stranger.plain_client(), "localhost"), (identity.client(Proxies::default(), loopback), "q.example.com")];
    for (client, host) in cases {
        let result = probe_by(client, secure(host, port)).await;
        let ProbeResult::Inconclusive { why } = result else { panic!("{host}: {result:?}") };
        assert!(why.starts_with("no trusted connection"), "{why}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_the_handshake_is_a_failure() {
    let port = serve(|_| std::future::ready(())).await;
    let result = probe_by(Identity::new().plain_client(), secure("localhost", port)).await;
    assert!(matches!(result, ProbeResult::Failing { .. }), "{result:?}");
}

#[tokio::test]
async fn an_alert_of_tls_is_not_the_primarys_failure() {
    // Fatal alerts in the record of the alert protocol: access denied (49), unrecognised name (112), internal (80).
    for alert in [49_u8, 112, 80] {
        let port = serve(move |mut stream| async move {
            drop(stream.write_all(&[21, 3, 3, 0, 2, 2, alert]).await);
            // What was sent must be read before the connection ends, or a reset overtakes the alert.
            drop(stream.read(&mut [0; 4096]).await);
        })
        .await;
        let result = probe_by(Identity::new().plain_client(), secure("localhost", port)).await;
        assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{alert}: {result:?}");
    }
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_of_ours_proves_nothing() {
    let identity = Identity::new();
    let port = identity.serve_known_clients().await;
    let result = probe_by(identity.plain_client(), secure("localhost", port)).await;
    let ProbeResult::Inconclusive { why } = result else { panic!("{result:?}") };
    assert!(why.contains("CertificateRequired"), "{why}");
}

#[tokio::test]
async fn what_something_in_front_says_proves_nothing_however_long_its_page_is() {
    let endless = "HTTP/1.1 403 Forbidden\r\ncontent-length: 9000000\r\n\r\n<html>";
    let answers = [
        Answer::say("403 Forbidden\r\ncontent-type: text/html", &"x".repeat(100_000)),
        Answer::Say(endless.to_owned()),
        Answer::say("401 Unauthorized\r\nwww-authenticate: Basic", ""),
        Answer::say("407 Proxy Authentication Required", ""),
        Answer::say("429 Too Many Requests", ""),
        Answer::say("202 Accepted\r\nx-amzn-waf-action: challenge", ""),
        Answer::say("204 No Content", ""),
        Answer::say("308 Permanent Redirect\r\nlocation: https://login.example.com/", ""),
        Answer::say("451 Unavailable For Legal Reasons", ""),
    ];
    for answer in answers {
        let (result, _server) = answered(answer).await;
        assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{result:?}");
    }
}

#[tokio::test]
async fn a_login_page_with_200_and_a_failing_gateway_are_failures() {
    let page = Answer::say("200 OK\r\ncontent-type: text/html", "<html><form>Sign in</form></html>");
    for answer in [page, Answer::say("502 Bad Gateway", "<html>"), Answer::say("503 Service Unavailable", WELL)] {
        let (result, _server) = answered(answer).await;
        assert!(matches!(result, ProbeResult::Failing { .. }), "{result:?}");
    }
}

#[tokio::test]
async fn a_resolver_that_is_silent_or_fails_says_nothing_of_the_primary() {
    for answer in [None, Some(Err("try again".to_owned()))] {
        let client = Identity::new().client(Proxies::default(), Arc::new(Fixed(answer)));
        let result = probe_by(client, secure("p.example.com", 443)).await;
        assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{result:?}");
    }
}

/// What is probed through a proxy that answers `CONNECT` with `head`. The primary's name resolves nowhere: its
/// resolution is the proxy's business.
async fn proxied(head: &'static str, answer: Answer) -> (ProbeResult, Vec<String>) {
    let identity = Identity::new();
    let (proxies, seen) = proxy(head, identity.serve(answer).await).await;
    let resolver = Arc::new(Fixed(Some(Ok(vec![[127, 0, 0, 1].into()]))));
    let target = Target::parse("https://p.example.com/api/v1/status").expect("a target");
    let result = probe_by(identity.client(proxies, resolver), target).await;
    let seen = seen.lock().expect("not poisoned").clone();
    (result, seen)
}

#[tokio::test]
async fn a_probe_goes_through_the_proxy_and_ends_at_the_primary() {
    let (result, seen) = proxied("200 Connection established", Answer::ok(WELL)).await;
    assert!(matches!(result, ProbeResult::Healthy { .. }), "{result:?}");
    assert!(seen[0].starts_with("CONNECT p.example.com:443 HTTP/1.1\r\n"), "{seen:?}");
    // me:hunter2
    assert!(seen[0].contains("\r\nproxy-authorization: Basic bWU6aHVudGVyMg==\r\n"), "{seen:?}");
    let (result, _) = proxied("200 OK", Answer::say("503 Service Unavailable", "")).await;
    assert!(matches!(result, ProbeResult::Failing { .. }), "{result:?}");
}

#[tokio::test]
async fn a_proxy_that_refuses_us_says_nothing_of_the_primary_and_one_without_a_connection_does() {
    for head in
        ["407 Proxy Authentication Required", "403 Forbidden", "500 Oops", "503 No\r\nx-squid-error: ERR_DNS_FAIL 0"]
    {
        let (result, _) = proxied(head, Answer::Cut).await;
        assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{head}: {result:?}");
    }
    let (result, _) = proxied("504 Gateway Timeout", Answer::Cut).await;
    assert!(matches!(result, ProbeResult::Failing { .. }), "{result:?}");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_or_cuts_us_off_says_nothing_of_the_primary() {
    let cutting = serve(|_| std::future::ready(())).await;
    for port in [1, cutting] {
        let resolver = Arc::new(Fixed(Some(Ok(vec![[127, 0, 0, 1].into()]))));
        let client = Identity::new().client(proxies(port), resolver);
        let result = probe_by(client, secure("p.example.com", 443)).await;
        assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{port}: {result:?}");
    }
}
