//! The shipped program as a process, with a host that is this test.

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

/// Nobody listens there.
const NOWHERE: &str = "https://127.0.0.1:1";

/// An authority, as the cluster's address is configured with.
fn authority() -> String {
    let key = rcgen::KeyPair::generate().expect("a key");
    let names = rcgen::CertificateParams::new(Vec::new()).expect("names");
    STANDARD.encode(names.self_signed(&key).expect("signed").pem())
}

struct Handler {
    process: Child,
    port: u16,
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.expect("loopback").local_addr().expect("bound").port()
}

impl Handler {
    async fn start(variables: &[(&str, &str)]) -> Self {
        let port = free_port().await;
        let profile = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/dr-global/providers/\
                       Microsoft.Network/trafficManagerProfiles/logs";
        let process = Command::new(env!("CARGO_BIN_EXE_handler"))
            .env_clear()
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
            .env("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", profile)
            .env("HOLDFAST_PRIMARY_ENDPOINT", "primary")
            .env("HOLDFAST_CLUSTER_ENDPOINT", NOWHERE)
            .env("HOLDFAST_CLUSTER_CA_DATA", authority())
            .env("HOLDFAST_ARM_ENDPOINT", NOWHERE)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the handler starts");
        let handler = Self { process, port };
        handler.ready().await;
        handler
    }

    /// As the host does: `GET /` until something answers.
    async fn ready(&self) {
        let asked = async {
            while ask(self.port, "GET", "/", "").await.is_none() {
                sleep(Duration::from_millis(25)).await;
            }
        };
        timeout(Duration::from_secs(20), asked).await.expect("it listens");
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        ask(self.port, "POST", path, &body.to_string()).await.expect("an answer")
    }

    async fn fixture(&self, name: &str) -> (u16, Value) {
        let path = format!("{}/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let mut fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).expect(name)).expect(name);
        let path = fixture["path"].as_str().expect("a path").to_owned();
        self.post(&path, &fixture["body"].take()).await
    }

    /// What it wrote to standard output and to standard error until it was ended.
    async fn end(mut self) -> (String, String) {
        self.process.start_kill().expect("it can be ended");
        let output = self.process.wait_with_output().await.expect("its output");
        (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

async fn ask(port: u16, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n\
         X-Azure-Functions-InvocationId: id-1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Some((status, serde_json::from_str(body).unwrap_or_default()))
}

/// An identity endpoint of App Service that always fails, and how often it was asked.
async fn failing_identity() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let url = format!("http://{}/msi/token", listener.local_addr().expect("bound"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut seen = vec![0; 4096];
            let Ok(length) = stream.read(&mut seen).await else { continue };
            let head = String::from_utf8_lossy(&seen[..length]).to_lowercase();
            assert!(head.contains("x-identity-header: header-secret"), "{head}");
            count.fetch_add(1, Ordering::SeqCst);
            let body = "{\"message\":\"SECRET-OF-THE-PLATFORM\"}";
            let answer =
                format!("HTTP/1.1 500 Oops\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, asked)
}

#[tokio::test]
async fn alerts_are_answered_at_once_without_any_network() {
    let handler = Handler::start(&[]).await;
    let (status, answer) = handler.fixture("envelope-common-fired").await;
    assert_eq!((status, &answer["Outputs"]["res"]["statusCode"]), (200, &json!(202)));
    let work: Value = serde_json::from_str(answer["Outputs"]["work"].as_str().expect("text")).expect("JSON");
    assert_eq!((&work["alarm"], &work["attempt"]), (&json!("tm-primary-down"), &json!(0)));
    assert!(work["first_seen"].is_string());
    let (status, answer) = handler.fixture("envelope-common-resolved").await;
    assert_eq!((status, &answer["Outputs"]["res"]["statusCode"]), (200, &json!(200)));
    assert!(answer["Outputs"].get("work").is_none());
    let (status, answer) = handler.fixture("operator-unknown-field").await;
    assert_eq!((status, &answer["reasons"][0]["code"]), (400, &json!("invalid_request")));
    assert_eq!(handler.fixture("work-by-a-route").await.0, 404);
    let (logs, errors) = handler.end().await;
    assert_eq!(errors, "", "a line on standard error counts as a crash");
    assert!(logs.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{logs}");
    assert!(logs.contains("is resolved"), "{logs}");
}

#[tokio::test]
async fn work_that_cannot_be_done_is_delivered_again_and_the_host_sees_life_meanwhile() {
    let (identity, asked) = failing_identity().await;
    let variables = [
        ("IDENTITY_ENDPOINT", identity.as_str()),
        ("IDENTITY_HEADER", "header-secret"),
        ("HOLDFAST_FUNCTION_TIMEOUT_SECONDS", "3"),
        ("HOLDFAST_MARGIN_SECONDS", "0.2"),
        ("HOLDFAST_OBSERVE_SECONDS", "1"),
        ("MAX_RETRIES", "0"),
    ];
    let handler = Handler::start(&variables).await;
    let (port, begun) = (handler.port, Instant::now());
    let alive = tokio::spawn(async move {
        sleep(Duration::from_millis(200)).await;
        let asked = Instant::now();
        ask(port, "GET", "/", "").await.map(|(status, _)| (status, asked.elapsed()))
    });
    // Without a time at which it was first seen: a message that is a day old would not be put back.
    let (status, answer) = handler.fixture("queue-message-minimal").await;
    assert_eq!((status, &answer["outcome"]), (500, &json!("deferred")));
    assert!(begun.elapsed() < Duration::from_secs(10), "the SDK repeats nothing by itself");
    let (status, took) = alive.await.expect("no panic").expect("an answer");
    assert_eq!(status, 200);
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(asked.load(Ordering::SeqCst) > 0);
    let (logs, errors) = handler.end().await;
    assert_eq!(errors, "");
    for secret in ["SECRET-OF-THE-PLATFORM", "header-secret"] {
        assert!(!logs.contains(secret), "{secret} in the log");
    }
    assert!(logs.contains("the identity endpoint failed"), "{logs}");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_told_whole_and_asked_for_again() {
    let handler = Handler::start(&[("HOLDFAST_PRIMARY_ENDPOINT", ""), ("COOLDOWN_SECONDS", "9999")]).await;
    let (status, answer) = handler.fixture("forwarded-common-fired").await;
    assert_eq!((status, &answer["outcome"]), (503, &json!("misconfigured")));
    let says = answer["says"][0].as_str().expect("a sentence");
    assert!(says.contains("HOLDFAST_PRIMARY_ENDPOINT") && says.contains("COOLDOWN_SECONDS=\"9999\""), "{says}");
    let (status, answer) = handler.fixture("envelope-common-fired").await;
    assert_eq!((status, &answer["Outputs"]["res"]["statusCode"]), (200, &json!(503)));
    assert_eq!(handler.fixture("queue-message").await.0, 500);
    assert_eq!(handler.end().await.1, "");
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_delivered_again_counted_and_told_without_its_text() {
    let handler = Handler::start(&[]).await;
    for (name, unreadable) in [("queue-message-not-json", 1), ("queue-message-of-another", 2)] {
        let (status, answer) = handler.fixture(name).await;
        assert_eq!((status, &answer["outcome"]), (500, &json!("ignored")), "{name} {unreadable}");
    }
    let message = json!({"Data": {"work": "PAYLOAD-MARK is no work"}, "Metadata": {}});
    assert_eq!(handler.post("/Work", &message).await.0, 500);
    let (logs, errors) = handler.end().await;
    assert_eq!(errors, "");
    assert!(logs.contains("\"unreadable\":3") && logs.contains("\"length\":") && logs.contains("poison"), "{logs}");
    assert!(!logs.contains("PAYLOAD-MARK"), "{logs}");
}

#[tokio::test]
async fn no_payload_is_logged_whichever_way_it_came() {
    let handler = Handler::start(&[]).await;
    let unknown = json!({"action": "pause", "reason": "mended", "other": "PAYLOAD-MARK"});
    assert_eq!(handler.post("/api/operator", &unknown).await.0, 400);
    let alert = json!({"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": "PAYLOAD-MARK"}});
    let envelope =
        json!({"Data": {"req": {"Url": "https://f/api/alarm", "Method": "POST", "Body": alert.to_string()}}});
    for (path, body) in [("/Alarm", &envelope), ("/api/alarm", &alert), ("/Tick", &json!({"Data": "PAYLOAD-MARK"}))] {
        handler.post(path, body).await;
    }
    let (logs, errors) = handler.end().await;
    assert_eq!(errors, "");
    assert!(logs.lines().count() >= 3, "{logs}");
    assert!(!logs.contains("PAYLOAD-MARK"), "{logs}");
}

#[tokio::test]
async fn a_door_admits_what_is_configured_and_a_person_hears_why_not() {
    let handler = Handler::start(&[("HOLDFAST_ADMITS", "Operator=status,preflight;Alarm=alarm;Work=alarm")]).await;
    let (status, answer) = handler.post("/api/operator", &json!({"action": "pause"})).await;
    assert_eq!((status, &answer["reasons"][0]["code"]), (403, &json!("not_admitted")));
    let (status, answer) = handler.post("/Tick", &json!({"Data": {"timer": {}}, "Metadata": {}})).await;
    assert_eq!((status, &answer["ReturnValue"]["reasons"][0]["code"]), (200, &json!("not_admitted")));
    assert_eq!(handler.fixture("envelope-common-fired").await.1["Outputs"]["res"]["statusCode"], 202);
    let (logs, _) = handler.end().await;
    assert!(logs.contains("no door of this app admits tick"), "{logs}");
}
