//! A primary on loopback that answers by a script.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::{Call, Clock, Timestamp, retry::RetryPolicy};
use holdfast_http::{
    Client, Proxies,
    resolve::{Resolved, Resolver, SystemResolver},
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    time,
};
use tokio_rustls::TlsAcceptor;

/// 2026-01-01T00:00:00Z.
const NOW: i64 = 1_767_225_600;

/// Stands at [`NOW`]; sleeps really.
struct TestClock;

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(NOW).expect("in range")
    }
    async fn sleep(&self, pause: Duration) {
        time::sleep(pause).await;
    }
}

/// A call with a minute left.
pub(crate) fn call() -> Call {
    let clock = Arc::new(TestClock);
    let deadline = clock.now() + Duration::from_secs(60);
    Call { clock, deadline, retry: RetryPolicy::default() }
}

/// What it does on one connection.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Answers with this, and closes.
    Say(String),
    /// Never answers.
    Hang,
    /// Closes the connection.
    Cut,
}

impl Answer {
    /// `head` is the status and, after line breaks, headers.
    pub(crate) fn say(head: &str, body: &str) -> Self {
        Self::Say(format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    }

    pub(crate) fn ok(body: impl AsRef<str>) -> Self {
        Self::say("200 OK\r\ncontent-type: application/json", body.as_ref())
    }
}

/// The primary. It follows its script, then cuts every connection.
pub(crate) struct Server {
    pub port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let server = Self { port, seen: Arc::clone(&seen) };
        let mut answers = VecDeque::from(answers);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(follow(stream, answers.pop_front().unwrap_or(Answer::Cut), Arc::clone(&seen)));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The heads of the requests so far, one for each connection.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

async fn follow(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: Answer, seen: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // The beginning of a TLS handshake is no HTTP.
        if head == [0x16] {
            return drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await);
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    seen.lock().expect("not poisoned").push(String::from_utf8_lossy(&head).into_owned());
    match answer {
        // A client that has read enough closes first.
        Answer::Say(text) => drop(stream.write_all(text.as_bytes()).await),
        Answer::Hang => std::future::pending().await,
        Answer::Cut => {}
    }
}

/// A certificate of loopback and of two names, and what trusts it.
pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let names = ["localhost", "127.0.0.1", "p.example.com", "c.example.com"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
        Self { certificate: made.cert.der().clone(), key }
    }

    fn anchors(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("a trust anchor");
        roots
    }

    /// A client that trusts it and no other.
    pub(crate) fn client(&self, proxies: Proxies, resolver: Arc<dyn Resolver>) -> Client {
        Client::with(proxies, resolver, Some(self.anchors()))
    }

    /// The same, straight and by the system's resolver.
    pub(crate) fn plain_client(&self) -> Client {
        self.client(Proxies::default(), Arc::new(SystemResolver))
    }

    fn acceptor(&self, asks_for_a_certificate: bool) -> TlsAcceptor {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let config = config.with_safe_default_protocol_versions().expect("versions");
        let config = if asks_for_a_certificate {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(self.anchors()), provider).build();
            config.with_client_cert_verifier(verifier.expect("a verifier"))
        } else {
            config.with_no_client_auth()
        };
        let config = config.with_single_cert(vec![self.certificate.clone()], self.key.clone_key());
        TlsAcceptor::from(Arc::new(config.expect("a server")))
    }

    /// A server under this certificate that gives `answer` on each connection, and its port.
    pub(crate) async fn serve(&self, answer: Answer) -> u16 {
        self.listen(answer, false).await
    }

    /// The same, for clients that show a certificate.
    pub(crate) async fn serve_known_clients(&self) -> u16 {
        self.listen(Answer::ok("{\"status\":\"OK\"}"), true).await
    }

    async fn listen(&self, answer: Answer, asks_for_a_certificate: bool) -> u16 {
        let acceptor = self.acceptor(asks_for_a_certificate);
        serve(move |stream| {
            let (acceptor, answer) = (acceptor.clone(), answer.clone());
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    follow(stream, answer, Arc::default()).await;
                }
            }
        })
        .await
    }
}

/// Does `work` with every connection, and says on which port.
pub(crate) async fn serve<F: Future<Output = ()> + Send + 'static>(
    work: impl Fn(TcpStream) -> F + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(work(stream));
        }
    });
    port
}

/// A proxy that answers every `CONNECT` with `head`, and after a 200 leads to `port` whatever was asked for.
pub(crate) async fn proxy(head: &'static str, port: u16) -> (Proxies, Arc<Mutex<Vec<String>>>) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&seen);
    let own = serve(move |mut stream| {
        let noted = Arc::clone(&noted);
        async move {
            follow(&mut stream, Answer::Say(format!("HTTP/1.1 {head}\r\n\r\n")), noted).await;
            if head.starts_with("200") {
                let mut to = TcpStream::connect(("127.0.0.1", port)).await.expect("the target");
                drop(copy_bidirectional(&mut stream, &mut to).await);
            }
        }
    })
    .await;
    (proxies(own), seen)
}

/// The rule that leads every call through the proxy at `port` of loopback.
pub(crate) fn proxies(port: u16) -> Proxies {
    let address = format!("http://me:hunter2@127.0.0.1:{port}");
    Proxies::read(&|name| (name == "HTTPS_PROXY").then(|| address.clone())).expect("a rule")
}

/// A resolver with one answer to everything; without one it hangs.
pub(crate) struct Fixed(pub Option<Result<Vec<std::net::IpAddr>, String>>);

#[async_trait]
impl Resolver for Fixed {
    async fn resolve(&self, _: &str) -> Result<Resolved, String> {
        match &self.0 {
            Some(answer) => answer.clone().map(|addresses| Resolved { addresses, canonical: None }),
            None => std::future::pending().await,
        }
    }
}
