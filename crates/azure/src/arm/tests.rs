use std::time::Duration;

use super::*;
use crate::testing::{Reply, Server, arm_error, call, token_reply};

const NAME: &str = "arm:Test";

async fn ask(azure: &Azure) -> Result<Answer, Fault> {
    azure.manage(&call(), NAME, Sent::new(Method::Get, "/subscriptions/s?api-version=1")).await
}

async fn fault(reply: Reply) -> Fault {
    let server = Server::start(vec![reply]).await;
    let fault = ask(&server.azure()).await.err().expect("a fault");
    assert_eq!(server.requests().len(), 1, "one call is one attempt");
    fault
}

async fn without_token(reply: Reply) -> Fault {
    let server = Server::with_tokens(vec![], vec![reply]).await;
    let fault = ask(&server.azure()).await.err().expect("no token");
    assert!(server.requests().is_empty(), "nothing is sent without a token");
    assert_eq!(server.token_requests().len(), 1, "one call is one attempt");
    fault
}

#[tokio::test]
async fn a_throttled_call_carries_the_pause_that_azure_asks_for() {
    let fault = fault(arm_error(429, "TooManyRequests").with("retry-after", "17")).await;
    assert_eq!((fault.class, fault.retry_after), (FaultClass::Throttled, Some(Duration::from_secs(17))));
}

#[tokio::test]
async fn transient_faults_are_told_from_permanent_ones() {
    for (reply, class) in [
        (arm_error(500, "InternalServerError"), FaultClass::Server),
        (arm_error(503, "ServiceUnavailable"), FaultClass::Server),
        (arm_error(403, "AuthorizationFailed"), FaultClass::Denied),
        (arm_error(401, "InvalidAuthenticationToken"), FaultClass::Denied),
        (arm_error(404, "ResourceNotFound"), FaultClass::NotFound),
        (Reply::text(404, "<html>"), FaultClass::Server),
        (Reply::Hang, FaultClass::Timeout),
        (Reply::Cut, FaultClass::Connection),
    ] {
        assert_eq!(fault(reply).await.class, class);
    }
}

#[tokio::test]
async fn a_refusal_says_what_a_person_can_do() {
    let fault = fault(arm_error(403, "AuthorizationFailed")).await;
    assert!(fault.message.contains("AuthorizationFailed: said Azure") && fault.message.contains("role"), "{fault}");
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_told_by_its_place_only() {
    let server = Server::start(vec![Reply::text(200, "{\"secret\": SECRET}")]).await;
    let answer = ask(&server.azure()).await.expect("an answer");
    let fault = answer.json::<serde_json::Value>().expect_err("unreadable");
    assert_eq!(fault.class, FaultClass::Server);
    assert!(fault.message.contains("line 1") && !fault.message.contains("SECRET"), "{fault}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let fault = fault(Reply::text(200, &" ".repeat(5 * 1024 * 1024))).await;
    assert_eq!(fault.class, FaultClass::Server);
    assert!(fault.message.contains("longer"), "{fault}");
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_for_the_right_audience() {
    let server = Server::start(vec![Reply::text(200, "{}"), Reply::text(200, "{}")]).await;
    let azure = server.azure_as(Some("user-assigned"));
    for _ in 0..2 {
        ask(&azure).await.expect("an answer");
    }
    let asked = server.token_requests();
    assert_eq!(asked.len(), 1);
    for part in ["resource=https%3A%2F%2Fmanagement.azure.com", "client_id=user-assigned", "api-version="] {
        assert!(asked[0].path.contains(part), "{}", asked[0].path);
    }
    assert!(server.requests().iter().all(|request| request.headers["authorization"] == "Bearer TOKEN-0"));
}

#[tokio::test]
async fn a_token_that_is_about_to_end_is_renewed_before_the_next_call() {
    let replies = vec![Reply::text(200, "{}"), Reply::text(200, "{}")];
    let server = Server::with_tokens(replies, vec![token_reply("OLD", 20), token_reply("NEW", 3600)]).await;
    let azure = server.azure();
    let first = azure.token(&call(), PUBLIC).await.expect("a token");
    let second = azure.token(&call(), PUBLIC).await.expect("a token");
    assert_eq!((first.as_str(), second.as_str()), ("OLD", "NEW"));
}

#[tokio::test]
async fn a_refused_token_is_not_used_again() {
    let replies = vec![arm_error(401, "ExpiredAuthenticationToken"), Reply::text(200, "{}")];
    let tokens = vec![token_reply("REVOKED", 3600), token_reply("FRESH", 3600)];
    let server = Server::with_tokens(replies, tokens).await;
    let azure = server.azure();
    assert_eq!(ask(&azure).await.err().expect("refused").class, FaultClass::Denied);
    ask(&azure).await.expect("accepted");
    assert_eq!(server.requests()[1].headers["authorization"], "Bearer FRESH");
}

#[tokio::test]
async fn an_identity_that_is_silent_is_a_transient_fault_and_one_that_is_missing_is_not() {
    // Of a virtual machine's identity 429, 5xx and cuts are repeated by `azure_identity` whatever it is told; on App Service,
    // where the function runs, they are not (see `fault`, and the tests of the function's binary).
    for (reply, class) in [
        (Reply::text(400, "SECRET"), FaultClass::Denied),
        (Reply::text(401, "SECRET"), FaultClass::Denied),
        (Reply::text(200, "SECRET"), FaultClass::Server),
        (Reply::Hang, FaultClass::Timeout),
    ] {
        let fault = without_token(reply).await;
        assert_eq!(fault.class, class, "{fault}");
        assert!(!fault.message.contains("SECRET"), "{fault}");
    }
}

#[tokio::test]
async fn a_token_with_a_number_for_its_end_is_not_understood_and_said_so() {
    let document =
        "{\"access_token\":\"SECRET\",\"expires_on\":1767225600,\"resource\":\"r\",\"token_type\":\"Bearer\"}";
    let fault = without_token(Reply::text(200, document)).await;
    assert_eq!(fault.class, FaultClass::Server);
    assert!(!fault.message.contains("SECRET"), "{fault}");
}

#[tokio::test]
async fn no_token_is_put_on_a_plain_address() {
    let server = Server::start(vec![]).await;
    let sent = Sent::new(Method::Get, "http://storage.test/container");
    let fault = server.azure().store(&call(), NAME, sent).await.err().expect("refused");
    assert!(fault.message.contains("non-TLS"), "{fault}");
    assert!(server.requests().is_empty() && server.token_requests().is_empty());
}

#[tokio::test]
async fn nothing_of_a_secret_is_in_the_debug_output() {
    let server = Server::start(vec![Reply::text(200, "{}")]).await;
    let azure = server.azure();
    ask(&azure).await.expect("an answer");
    assert!(!format!("{azure:?}").contains("TOKEN"));
}

#[tokio::test]
async fn secure_calls_go_through_the_proxy_and_plain_ones_do_not() {
    use azure_core::http::HttpClient;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let heads = tokio::spawn(async move {
        let mut heads = Vec::new();
        for answer in ["200 OK", "403 Forbidden"] {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut seen = vec![0; 4096];
            let length = stream.read(&mut seen).await.expect("a request");
            let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.expect("an answer");
            heads.push(String::from_utf8_lossy(&seen[..length]).to_ascii_lowercase());
        }
        heads
    });
    let address = format!("http://me:hunter2@127.0.0.1:{port}");
    let proxies = Proxies::read(&|name| (name == "HTTPS_PROXY").then(|| address.clone())).expect("a rule");
    let transport = transport::Pooled(Client::new(proxies));
    let request = |url: &str| Request::new(url.parse().expect("an address"), Method::Get);
    // As the identity is asked, which is on loopback.
    transport.execute_request(&request(&format!("http://127.0.0.1:{port}/msi"))).await.expect("an answer");
    let error = transport.execute_request(&request("https://arm.invalid/")).await.expect_err("the proxy refuses");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    let heads = heads.await.expect("both came");
    assert!(heads[0].starts_with("get /msi http/1.1\r\n") && !heads[0].contains("proxy-authorization"), "{heads:?}");
    assert!(heads[1].starts_with("connect arm.invalid:443 http/1.1\r\n"), "{heads:?}");
    // me:hunter2
    assert!(heads[1].contains("\r\nproxy-authorization: basic bwu6ahvudgvymg=="), "{heads:?}");
}
