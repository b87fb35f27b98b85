use std::time::Duration;

use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

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
    let (result, server) = answered(Answer::ok("{\"status\":\"OK\",\"version\":\"1\"}")).await;
    assert_eq!(result, ProbeResult::Healthy { said: "OK 1".to_owned() });
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
    let result = StatusProbe::new(target, Duration::from_secs(30)).probe(&short).await;
    assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{result:?}");
}

#[tokio::test]
async fn each_probe_makes_a_connection_of_its_own() {
    let document = Answer::ok("{\"status\":\"OK\"}");
    let server = Server::start(vec![document.clone(), document]).await;
    let probe = StatusProbe::new(Target::parse(&server.url()).expect("a target"), Duration::from_millis(300));
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
    assert!(matches!(verdict::of(outcome), ProbeResult::Healthy { .. }));
}

/// A server with a certificate of its own that says it is well, and a trust in that certificate.
async fn secured() -> (u16, Arc<ClientConfig>) {
    let provider = || Arc::new(aws_lc_rs::default_provider());
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let config =
        ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.clone()], key).expect("a server");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let well = http::Response::new("{\"status\":\"OK\"}".to_owned());
            let service =
                hyper::service::service_fn(move |_| std::future::ready(Ok::<_, std::io::Error>(well.clone())));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a trust anchor");
    let config =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().expect("versions");
    (port, Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

async fn probe_secured(host: &str, port: u16, trust: Option<Arc<ClientConfig>>) -> ProbeResult {
    let target = Target::parse(&format!("https://{host}:{port}/")).expect("a target");
    let probe = StatusProbe::new(target, Duration::from_millis(500));
    if let Some(trust) = trust {
        probe.client.0.tls.set(Ok(trust)).expect("not set yet");
    }
    probe.probe(&call()).await
}

#[tokio::test]
async fn a_trusted_certificate_is_a_healthy_primary() {
    let (port, trust) = secured().await;
    let result = probe_secured("localhost", port, Some(trust)).await;
    assert!(matches!(result, ProbeResult::Healthy { .. }), "{result:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_or_of_another_name_proves_nothing() {
    let (port, trust) = secured().await;
    for (host, trust) in [("localhost", None), ("127.0.0.1", Some(trust))] {
        let result = probe_secured(host, port, trust).await;
        assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{host}: {result:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_the_handshake_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let result = probe_secured("localhost", port, Some(secured().await.1)).await;
    assert!(matches!(result, ProbeResult::Failing { .. }), "{result:?}");
}
