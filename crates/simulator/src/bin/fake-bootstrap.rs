//! A function for the simulator's own tests: it does what its event says. Blocking and without dependencies, so that it shows
//! what the Runtime API demands of any bootstrap.
//!
//! Events: `{"do": "echo"}`, `{"do": "environment"}`, `{"do": "fail"}`, `{"do": "crash"}`, `{"do": "sleep", "ms": 100}`; any other is echoed.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

#[expect(clippy::disallowed_methods, reason = "a bootstrap finds its Runtime API in the environment")]
fn main() -> io::Result<()> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    loop {
        let (head, event) = exchange(&api, "GET", "/2018-06-01/runtime/invocation/next", &[], "")?;
        let id = head.get("lambda-runtime-aws-request-id").cloned().unwrap_or_default();
        let invocation = head.get("lambda-runtime-invocation-id").cloned().unwrap_or_default();
        let (way, body) = act(&serde_json::from_str(&event).unwrap_or_default(), &head)?;
        let path = format!("/2018-06-01/runtime/invocation/{id}/{way}");
        exchange(&api, "POST", &path, &[("lambda-runtime-invocation-id", &invocation)], &body.to_string())?;
    }
}

/// Does what the event says; gives the way to answer and the body.
#[expect(clippy::disallowed_methods, reason = "this process has one thread and no runtime")]
fn act(event: &Value, head: &BTreeMap<String, String>) -> io::Result<(&'static str, Value)> {
    writeln!(io::stdout(), "{}", json!({"message": "event taken", "do": event["do"]}))?;
    match event["do"].as_str().unwrap_or_default() {
        "fail" => return Ok(("error", json!({"errorType": "Later", "errorMessage": "not yet", "stackTrace": []}))),
        "crash" => std::process::abort(),
        "sleep" => std::thread::sleep(Duration::from_millis(event["ms"].as_u64().unwrap_or_default())),
        "environment" => return Ok(("response", json!(std::env::vars().collect::<BTreeMap<_, _>>()))),
        _ => {}
    }
    let deadline = head.get("lambda-runtime-deadline-ms").cloned().unwrap_or_default();
    Ok(("response", json!({"event": event, "deadline_ms": deadline, "process": std::process::id()})))
}

/// One request on a connection of its own.
fn exchange(
    api: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<(BTreeMap<String, String>, String)> {
    let mut stream = TcpStream::connect(api)?;
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("no answer"))?;
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    Ok((fields.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(), body.to_owned()))
}
