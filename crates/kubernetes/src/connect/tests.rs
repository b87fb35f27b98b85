//! A real TLS server on loopback, and clients that do or do not trust it.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::Request;
use rcgen::{CertificateParams, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, rustls};

use super::*;

/// A client without a proxy.
fn connect(access: Access) -> Result<Client, Fault> {
    super::connect(access, &Proxies::default())
}

fn connect_watched(access: Access) -> Result<Watched, Fault> {
    super::connect_watched(access, &Proxies::default())
}

fn connect_with_certificate(endpoint: &str, ca_pem: &[u8], certificate: &ClientCertificate) -> Result<Watched, Fault> {
    super::connect_with_certificate(endpoint, ca_pem, certificate, &Proxies::default())
}

/// A token that the server of these tests answers with 401.
const BAD: &str = "bad";

/// Gives a bad token until it is told so.
#[derive(Default)]
struct Expiring(std::sync::atomic::AtomicBool);

impl TokenSource for Expiring {
    fn token(&self) -> Result<String, Fault> {
        Ok(if self.0.load(Ordering::Relaxed) { "good" } else { BAD }.to_owned())
    }

    fn refused(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Counts its tokens, so that a request shows which one it carries.
struct Counting(AtomicUsize);

impl TokenSource for Counting {
    fn token(&self) -> Result<String, Fault> {
        Ok(format!("token-{}", self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

struct Refusing;

impl TokenSource for Refusing {
    fn token(&self) -> Result<String, Fault> {
        Err(Fault::new(FaultClass::Denied, "aws:credentials", "no credentials"))
    }
}

/// Answers every request with its own `authorization` header; returns the address and the certificate in PEM.
async fn echo_server() -> (String, Vec<u8>) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let cert = params.self_signed(&key).expect("a certificate");
    let key_der = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key in DER");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key_der)
        .expect("a server configuration");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("https://{}", listener.local_addr().expect("an address"));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut seen = vec![0; 4096];
                while let Ok(n @ 1..) = stream.read(&mut seen).await {
                    let head = String::from_utf8_lossy(&seen[..n]).into_owned();
                    let body = head.lines().find(|line| line.starts_with("authorization")).unwrap_or("none");
                    let code = if body.ends_with(BAD) { "401 Unauthorized" } else { "200 OK" };
                    let answer = format!("HTTP/1.1 {code}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    (address, cert.pem().into_bytes())
}

async fn ask(client: &Client) -> Result<String, Fault> {
    let request = Request::get("/version").body(Vec::new()).expect("a request");
    client.request_text(request).await.map_err(|error| crate::fault::of_error("kubernetes:test", error))
}

#[tokio::test]
async fn each_request_carries_a_token_that_was_asked_for_then() {
    let (endpoint, ca_pem) = echo_server().await;
    let client =
        connect(Access { endpoint, ca_pem, token: Arc::new(Counting(AtomicUsize::new(0))) }).expect("a client");
    assert_eq!(ask(&client).await.expect("an answer"), "authorization: Bearer token-0");
    assert_eq!(ask(&client).await.expect("an answer"), "authorization: Bearer token-1");
}

#[tokio::test]
async fn a_server_that_another_ca_signed_is_refused_with_a_clear_sentence() {
    let (endpoint, _) = echo_server().await;
    let (_, other_ca) = echo_server().await;
    let access = Access { endpoint, ca_pem: other_ca, token: Arc::new(Counting(AtomicUsize::new(0))) };
    let fault = ask(&connect(access).expect("a client")).await.expect_err("not trusted");
    assert_eq!(fault.class, FaultClass::Invalid, "{fault}");
    assert!(fault.message.contains("configured CA"), "{fault}");
}

#[tokio::test]
async fn a_dead_server_is_a_connection_fault() {
    let (_, ca_pem) = echo_server().await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let access = Access { endpoint: format!("https://{free}"), ca_pem, token: Arc::new(Counting(AtomicUsize::new(0))) };
    let fault = ask(&connect(access).expect("a client")).await.expect_err("nobody there");
    assert_eq!(fault.class, FaultClass::Connection, "{fault}");
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let (endpoint, ca_pem) = echo_server().await;
    let client = connect(Access { endpoint, ca_pem, token: Arc::new(Refusing) }).expect("a client");
    let fault = ask(&client).await.expect_err("no token");
    assert_eq!((fault.class, fault.message.as_str()), (FaultClass::Denied, "no credentials"));
}

#[tokio::test]
async fn a_plain_address_and_an_unreadable_ca_are_invalid() {
    let (endpoint, ca_pem) = echo_server().await;
    let token: Arc<dyn TokenSource> = Arc::new(Refusing);
    let plain = endpoint.replace("https", "http");
    let fault = connect(Access { endpoint: plain, ca_pem, token: Arc::clone(&token) }).err().expect("refused");
    assert_eq!(fault.class, FaultClass::Invalid);
    let fault = connect(Access { endpoint, ca_pem: b"junk".to_vec(), token }).err().expect("refused");
    assert_eq!(fault.class, FaultClass::Invalid);
}

/// A server that wants a client certificate of `authority`, and answers every request with 204.
async fn strict_server(authority: &rcgen::Certificate) -> (String, Vec<u8>) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.der().clone()).expect("an anchor");
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let cert = params.self_signed(&key).expect("a certificate");
    let key_der = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key in DER");
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(vec![cert.der().clone()], key_der)
        .expect("a server configuration");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("https://{}", listener.local_addr().expect("an address"));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut seen = vec![0; 4096];
            if stream.read(&mut seen).await.is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nin").await;
            }
        }
    });
    (address, cert.pem().into_bytes())
}

#[tokio::test]
async fn a_client_certificate_is_the_way_in_and_another_ones_is_not() {
    let issue = || {
        let key = KeyPair::generate().expect("a key");
        let cert = CertificateParams::new(vec!["client".to_owned()]).expect("a name").self_signed(&key);
        (cert.expect("a certificate"), key.serialize_pem())
    };
    let ((ours, our_key), (other, other_key)) = (issue(), issue());
    let (endpoint, ca_pem) = strict_server(&ours).await;
    let client = |cert: &rcgen::Certificate, key: &str| {
        let certificate =
            ClientCertificate { certificate_pem: cert.pem().into_bytes(), key_pem: key.as_bytes().to_vec() };
        connect_with_certificate(&endpoint, &ca_pem, &certificate).expect("a client").client
    };
    assert_eq!(ask(&client(&ours, &our_key)).await.expect("an answer"), "in");
    assert!(ask(&client(&other, &other_key)).await.is_err());
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_invalid_and_not_quoted() {
    let (_, ca_pem) = echo_server().await;
    let certificate = ClientCertificate { certificate_pem: b"SECRET".to_vec(), key_pem: b"SECRET".to_vec() };
    let fault = connect_with_certificate("https://127.0.0.1:1", &ca_pem, &certificate).err().expect("refused");
    assert_eq!(fault.class, FaultClass::Invalid);
    assert!(!fault.message.contains("SECRET"), "{fault}");
}

#[tokio::test]
async fn the_cluster_is_reached_through_the_proxy_unless_it_is_an_exception() {
    let (_, ca_pem) = echo_server().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let proxy = format!("http://me:hunter2@{}", listener.local_addr().expect("an address"));
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut seen = vec![0; 4096];
        let length = stream.read(&mut seen).await.expect("a request");
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await.expect("an answer");
        String::from_utf8_lossy(&seen[..length]).into_owned()
    });
    let exceptions = |list: &'static str| {
        let proxies = Proxies::read(&|name| match name {
            "HTTPS_PROXY" => Some(proxy.clone()),
            "NO_PROXY" => Some(list.to_owned()),
            _ => None,
        });
        let token: Arc<dyn TokenSource> = Arc::new(Counting(AtomicUsize::new(0)));
        let access = Access { endpoint: "https://api.cluster.invalid:6443".to_owned(), ca_pem: ca_pem.clone(), token };
        super::connect(access, &proxies.expect("a rule")).expect("a client")
    };
    let fault = ask(&exceptions("other.invalid")).await.expect_err("the proxy refuses");
    assert_eq!(fault.class, FaultClass::Connection, "{fault}");
    assert!(!fault.to_string().contains("hunter2"), "{fault}");
    let head = asked.await.expect("the proxy was asked");
    assert!(head.starts_with("CONNECT api.cluster.invalid:6443 HTTP/1.1\r\n"), "{head}");
    // me:hunter2
    assert!(head.to_ascii_lowercase().contains("\r\nproxy-authorization: basic bwu6ahvudgvymg=="), "{head}");
    // Without the proxy, which is gone by now, the name is resolved here, and does not exist.
    let fault = ask(&exceptions("cluster.invalid")).await.expect_err("no such name");
    assert!(fault.message.contains("dns"), "{fault}");
}

fn now(second: i64) -> holdfast_core::Timestamp {
    holdfast_core::Timestamp::from_second(second).expect("in range")
}

#[tokio::test]
async fn a_token_that_was_refused_is_made_anew_for_the_next_request() {
    let (endpoint, ca_pem) = echo_server().await;
    let access = Access { endpoint, ca_pem, token: Arc::new(Expiring::default()) };
    let watched = connect_watched(access).expect("a client");
    assert_eq!(ask(&watched.client).await.expect_err("401").class, FaultClass::Denied);
    assert_eq!(ask(&watched.client).await.expect("an answer"), "authorization: Bearer good");
    assert!(watched.doubt.is_due(None, now(0)), "a 401 may also mean another cluster");
}

#[tokio::test]
async fn a_place_is_in_doubt_after_no_connection_or_an_untrusted_certificate_and_not_after_an_answer() {
    let (endpoint, ca_pem) = echo_server().await;
    let (_, other_ca) = echo_server().await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    for (endpoint, ca_pem, doubted) in [
        (endpoint.clone(), ca_pem.clone(), false),
        (endpoint, other_ca, true),
        (format!("https://{free}"), ca_pem, true),
    ] {
        let token = Arc::new(Counting(AtomicUsize::new(0)));
        let watched = connect_watched(Access { endpoint, ca_pem, token }).expect("a client");
        assert!(!watched.doubt.is_due(None, now(0)), "nothing was asked yet");
        assert_eq!(ask(&watched.client).await.is_err(), doubted);
        assert_eq!(watched.doubt.is_due(None, now(0)), doubted);
        assert!(!watched.doubt.is_due(None, now(0)), "one look-up for one doubt");
    }
}

#[tokio::test]
async fn a_doubt_that_comes_again_waits_ten_seconds_for_its_next_look_up() {
    let doubt = Doubt::default();
    doubt.raise();
    assert!(!doubt.is_due(Some(now(100)), now(109)));
    assert!(doubt.is_due(Some(now(100)), now(110)), "it was kept");
}
