use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::fault::with_causes;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::resolve::Resolved;

const WHOLE: Wanted = Wanted::Body { longest: 64 };

/// Does `work` with every connection, and says on which port, and how many there were.
async fn serve<F: Future<Output = ()> + Send + 'static>(
    work: impl Fn(TcpStream) -> F + Send + 'static,
) -> (u16, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let connections: Arc<Mutex<usize>> = Arc::default();
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            *counted.lock().expect("not poisoned") += 1;
            tokio::spawn(work(stream));
        }
    });
    (port, connections)
}

/// Answers every request of one connection with `answer`.
async fn follow(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: String) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

async fn plain(said: String) -> (u16, Arc<Mutex<usize>>) {
    serve(move |stream| follow(stream, said.clone())).await
}

/// A server of `p.example.com` and `p.localhost` by TLS, and what trusts it.
async fn secure(said: String) -> (u16, RootCertStore) {
    let made =
        rcgen::generate_simple_self_signed(["p.example.com", "p.localhost"].map(str::to_owned)).expect("a certificate");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let mut anchors = RootCertStore::empty();
    anchors.add(certificate.clone()).expect("a trust anchor");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], key).expect("a server")));
    let work = move |stream| {
        let (acceptor, said) = (acceptor.clone(), said.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                follow(stream, said).await;
            }
        }
    };
    (serve(work).await.0, anchors)
}

/// Leads every name to loopback; `None` to nowhere.
struct Loopback(bool);

#[async_trait]
impl Resolver for Loopback {
    async fn resolve(&self, _: &str) -> Result<Resolved, String> {
        let addresses = vec![IpAddr::from([127, 0, 0, 1])];
        if self.0 { Ok(Resolved { addresses, canonical: None }) } else { Err("no such name".to_owned()) }
    }
}

fn client(anchors: RootCertStore, proxies: Proxies) -> Client {
    Client::with(proxies, Arc::new(Loopback(true)), Some(anchors))
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).expect("a request")
}

async fn pooled(client: &Client, url: &str) -> Result<Response<Bytes>, Failure> {
    tokio::time::timeout(Duration::from_secs(10), client.pooled(get(url), WHOLE)).await.expect("in time")
}

async fn once(client: &Client, url: &str, wanted: Wanted) -> Result<Response<Bytes>, Failure> {
    let request = get(url);
    client.once(client.way(request.uri()).await?, request, wanted).await
}

#[tokio::test]
async fn pooled_requests_share_a_connection_and_others_do_not() {
    let (port, connections) = plain(answer("200 OK", "well")).await;
    let (client, url) = (Client::new(Proxies::default()), format!("http://127.0.0.1:{port}/x?y=1"));
    for _ in 0..3 {
        assert_eq!(pooled(&client, &url).await.expect("an answer").body(), "well");
        // The connection comes back to the pool in a task of its own.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(*connections.lock().expect("not poisoned"), 1);
    for _ in 0..2 {
        assert_eq!(once(&client, &url, WHOLE).await.expect("an answer").body(), "well");
    }
    assert_eq!(*connections.lock().expect("not poisoned"), 3);
}

#[tokio::test]
async fn an_answer_is_bounded_and_a_body_that_is_not_wanted_is_not_read() {
    let (port, _) = plain(answer("404 Not Found", &"x".repeat(65))).await;
    let (client, url) = (Client::new(Proxies::default()), format!("http://127.0.0.1:{port}/"));
    assert!(matches!(pooled(&client, &url).await, Err(Failure::TooLong { longest: 64 })));
    assert!(matches!(once(&client, &url, WHOLE).await, Err(Failure::TooLong { longest: 64 })));
    for wanted in [Wanted::Head, Wanted::BodyOf200 { longest: 64 }] {
        let answer = once(&client, &url, wanted).await.expect("an answer");
        assert_eq!((answer.status(), answer.body().len()), (StatusCode::NOT_FOUND, 0));
    }
}

#[tokio::test]
async fn both_ways_of_asking_trust_the_same_anchors() {
    let (port, anchors) = secure(answer("200 OK", "well")).await;
    let (_, others) = secure(String::new()).await;
    let url = format!("https://p.localhost:{port}/");
    let trusting = client(anchors, Proxies::default());
    assert_eq!(pooled(&trusting, &url).await.expect("an answer").body(), "well");
    assert_eq!(once(&trusting, &url, WHOLE).await.expect("an answer").body(), "well");
    let distrusting = client(others, Proxies::default());
    for failure in [pooled(&distrusting, &url).await, once(&distrusting, &url, WHOLE).await] {
        let failure = failure.expect_err("another's certificate");
        assert!(matches!(failure, Failure::NoTrust(_)), "{failure:?}");
        assert!(with_causes(&failure).starts_with("no trusted connection: invalid peer certificate"), "{failure:?}");
    }
}

#[tokio::test]
async fn pooled_requests_go_through_the_proxy_too() {
    let (port, anchors) = secure(answer("200 OK", "well")).await;
    for (head, passes) in [("200 OK", true), ("403 Forbidden", false), ("504 Gateway Timeout", false)] {
        let (own, _) = serve(move |mut stream| async move {
            let mut head_of_request = Vec::new();
            while !head_of_request.ends_with(b"\r\n\r\n") {
                head_of_request.push(stream.read_u8().await.expect("a CONNECT"));
            }
            stream.write_all(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes()).await.expect("a client");
            let mut to = TcpStream::connect(("127.0.0.1", port)).await.expect("the server");
            drop(copy_bidirectional(&mut stream, &mut to).await);
        })
        .await;
        let address = format!("http://127.0.0.1:{own}");
        let proxies = Proxies::read(&|name| (name == "HTTPS_PROXY").then(|| address.clone())).expect("a rule");
        match pooled(&client(anchors.clone(), proxies), "https://p.example.com/").await {
            Ok(answer) => assert!(passes && answer.body() == "well", "{head}"),
            Err(Failure::ProxyRefused(why)) => assert_eq!((head, why.as_str()), ("403 Forbidden", "HTTP 403")),
            Err(Failure::NotReachedByProxy(status)) => {
                assert_eq!((head, status.as_u16()), ("504 Gateway Timeout", 504))
            }
            Err(failure) => panic!("{head}: {failure:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_not_sent_says_why() {
    let nowhere = Client::with(Proxies::default(), Arc::new(Loopback(false)), None);
    let failure = pooled(&nowhere, "https://p.example.com/").await.expect_err("no name");
    assert_eq!(with_causes(&failure), "no way out: the name cannot be resolved: no such name");
    let client = Client::new(Proxies::default());
    let failure = pooled(&client, "http://127.0.0.1:1/").await.expect_err("nobody listens");
    assert!(with_causes(&failure).starts_with("no connection: "), "{failure:?}");
    let failure = once(&client, "ftp://127.0.0.1:1/", WHOLE).await.expect_err("no such scheme");
    assert!(matches!(failure, Failure::Unsendable(_)), "{failure:?}");
}
