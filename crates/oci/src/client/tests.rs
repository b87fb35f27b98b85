use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::endpoint::{ALL, Moved};
use crate::testing::{KEY, Reply, Server, call, key_id};

const NAME: &str = "dns:Test";

async fn ask(oci: &Oci) -> Result<Answer, Fault> {
    oci.ask(&call(), NAME, Service::Dns, "us-chicago-1", Sent::get("/20180115/x?limit=1")).await
}

async fn fault(reply: Reply) -> Fault {
    let server = Server::start(vec![reply]).await;
    let fault = ask(&server.oci()).await.expect_err("a fault");
    assert_eq!(server.requests().len(), 1, "one call is one attempt");
    fault
}

#[tokio::test]
async fn every_request_is_signed_with_what_is_sent() {
    let server = Server::start(vec![Reply::text(200, "{}"), Reply::text(200, "{}")]).await;
    let oci = server.oci();
    ask(&oci).await.expect("the signature fits");
    let put = Sent::put("/20180115/x", "\"v 1\"", &json!({"a": "é"}));
    oci.ask(&call(), NAME, Service::Dns, "us-chicago-1", put).await.expect("the signature fits");
    let seen = server.requests();
    assert_eq!(seen[0].headers["date"], "Thu, 01 Jan 2026 00:00:00 GMT");
    assert!(!seen[0].headers.contains_key("x-content-sha256"));
    assert_eq!(
        (&seen[1].headers["content-length"], &seen[1].headers["if-match"]),
        (&"10".parse().expect("a value"), &"\"v 1\"".parse().expect("a value"))
    );
    assert!(seen[0].headers["authorization"].to_str().is_ok_and(|value| value.contains(key_id())));
}

#[tokio::test]
async fn transient_faults_are_told_from_permanent_ones() {
    for (reply, class) in [
        (Reply::error(500, "InternalServerError"), FaultClass::Server),
        (Reply::error(403, "NotAuthorized"), FaultClass::Denied),
        (Reply::error(401, "NotAuthenticated"), FaultClass::Denied),
        (Reply::error(404, "NotAuthorizedOrNotFound"), FaultClass::NotFound),
        (Reply::error(409, "IncorrectState"), FaultClass::Conflict),
        (Reply::text(302, ""), FaultClass::Server),
        (Reply::text(404, "<html>"), FaultClass::Server),
        (Reply::Hang, FaultClass::Timeout),
        (Reply::Cut, FaultClass::Connection),
    ] {
        assert_eq!(fault(reply).await.class, class);
    }
}

#[tokio::test]
async fn a_throttled_call_carries_the_pause_that_oci_asks_for() {
    let fault = fault(Reply::error(429, "TooManyRequests").with("retry-after", "17")).await;
    assert_eq!((fault.class, fault.retry_after), (FaultClass::Throttled, Some(Duration::from_secs(17))));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let fault = fault(Reply::text(200, &" ".repeat(5 * 1024 * 1024))).await;
    assert_eq!(fault.class, FaultClass::Server);
    assert!(fault.message.contains("longer"), "{fault}");
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_told_by_its_place_only() {
    let server = Server::start(vec![Reply::text(200, "{\"secret\": SECRET}")]).await;
    let answer = ask(&server.oci()).await.expect("an answer");
    let fault = answer.json::<Value>().expect_err("unreadable");
    assert_eq!(fault.class, FaultClass::Server);
    assert!(fault.message.contains("line 1") && !fault.message.contains("SECRET"), "{fault}");
    assert!(!format!("{answer:?}").contains("SECRET"));
}

/// A resource principal in files.
fn principal(folder: &TempDir) -> Identity {
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    std::fs::write(path("rpst"), "OLD").expect("written");
    std::fs::write(path("key"), KEY).expect("written");
    let read = |name: &str| match name {
        "OCI_RESOURCE_PRINCIPAL_VERSION" => Some("2.2".to_owned()),
        "OCI_RESOURCE_PRINCIPAL_RPST" => Some(path("rpst")),
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM" => Some(path("key")),
        _ => None,
    };
    Identity::from_environment(&read).expect("an identity").0
}

#[tokio::test]
async fn after_a_refusal_the_identity_is_read_anew_and_the_call_repeated_once_if_it_has_changed() {
    let refused = || Reply::error(401, "NotAuthenticated");
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(vec![refused(), Reply::text(200, "{}"), refused()]).await;
    let oci = server.oci_as(principal(&folder));
    let (answer, ()) = tokio::join!(ask(&oci), async {
        while server.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        std::fs::write(folder.path().join("rpst"), "NEW").expect("written");
    });
    // The refusal and the new file race; either way the second request is the last.
    if answer.is_err() {
        ask(&oci).await.expect("accepted");
    }
    let signed = |number: usize| server.requests()[number].headers["authorization"].to_str().expect("text").to_owned();
    assert!(signed(0).contains("keyId=\"ST$OLD\"") && signed(1).contains("keyId=\"ST$NEW\""));
    assert_eq!(ask(&oci).await.expect_err("refused").class, FaultClass::Denied);
    assert_eq!(server.requests().len(), 3, "with the same identity nothing is repeated");
}

#[tokio::test]
async fn nothing_of_a_secret_is_in_an_error_or_in_the_debug_output() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(vec![Reply::error(401, "NotAuthenticated")]).await;
    let oci = server.oci_as(principal(&folder));
    let fault = ask(&oci).await.expect_err("refused");
    for shown in [fault.to_string(), format!("{fault:?}"), format!("{oci:?}")] {
        assert!(!shown.contains("OLD") && !shown.contains("MII") && !shown.contains("Signature"), "{shown}");
    }
}

/// A server that speaks TLS with a certificate of its own making. It notes whether a handshake came to its end.
async fn self_signed() -> (u16, Arc<std::sync::atomic::AtomicBool>) {
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let config = config.with_single_cert(vec![made.cert.der().clone()], key).expect("a pair");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let (port, trusted) = (listener.local_addr().expect("bound").port(), Arc::new(AtomicBool::new(false)));
    let noted = Arc::clone(&trusted);
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        while let Ok((stream, _)) = listener.accept().await {
            noted.fetch_or(acceptor.accept(stream).await.is_ok(), Ordering::SeqCst);
        }
    });
    (port, trusted)
}

#[tokio::test]
async fn nothing_is_sent_to_who_has_no_certificate_that_is_trusted() {
    let (port, trusted) = self_signed().await;
    let address = format!("https://127.0.0.1:{port}");
    let moved = Moved::read(&|name| (name == ALL).then(|| address.clone())).expect("allowed");
    let (identity, endpoints) = (Identity::of_key(key_id(), KEY), Endpoints::new("oc1", moved));
    let oci = Oci::new(Options { identity: identity.into(), endpoints, proxies: Proxies::default() });
    let fault = ask(&oci).await.expect_err("not trusted");
    assert_eq!(fault.class, FaultClass::Invalid, "{fault}");
    assert!(fault.message.contains("certificate"), "{fault}");
    assert!(!trusted.load(std::sync::atomic::Ordering::SeqCst));
}
