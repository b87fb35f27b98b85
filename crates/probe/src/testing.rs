//! A primary on loopback that answers by a script.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::{Call, Clock, Timestamp, retry::RetryPolicy};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time,
};

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

async fn follow(mut stream: TcpStream, answer: Answer, seen: Arc<Mutex<Vec<String>>>) {
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
