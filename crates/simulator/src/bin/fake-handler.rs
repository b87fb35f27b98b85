//! A custom handler for the simulator's own tests: it does what the event says. Blocking and without dependencies, so that it shows
//! what the Functions host demands of any handler.
//!
//! `Alarm` puts its body into the queue. `Work` and `Operator` take `{"do": "echo"}`, `{"do": "fail"}`, `{"do": "crash"}`,
//! `{"do": "sleep", "ms": 100}`; anything else is echoed. Each connection has a thread of its own.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

#[expect(clippy::disallowed_methods, reason = "a handler finds its port in the environment")]
fn main() -> io::Result<()> {
    let port = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT").map_err(io::Error::other)?;
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || serve(stream));
    }
    Ok(())
}

/// Answers requests until the connection ends.
fn serve(stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let (status, answer) = answer(&path, &body)?;
        let text = answer.to_string();
        write!(
            writer,
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        )?;
    }
}

fn answer(path: &str, body: &[u8]) -> io::Result<(u16, Value)> {
    let event: Value = serde_json::from_slice(body).unwrap_or_default();
    match path {
        "/" => Ok((200, json!({}))),
        "/Alarm" => {
            let wanted = event["Data"]["req"]["Body"].as_str().unwrap_or_default();
            let answer = json!({"statusCode": "202", "body": "{\"outcome\":\"accepted\"}"});
            Ok((200, json!({"Outputs": {"res": answer, "work": wanted}, "Logs": [], "ReturnValue": null})))
        }
        "/Work" | "/Tick" => {
            let text = event["Data"]["work"].as_str().unwrap_or_default();
            let inner: String = serde_json::from_str(text).unwrap_or_default();
            let (status, value) = act(&serde_json::from_str(&inner).unwrap_or_default())?;
            Ok((status, json!({"Outputs": {}, "Logs": [], "ReturnValue": value})))
        }
        "/Operator" => {
            let order = event["Data"]["req"]["Body"].as_str().unwrap_or_default();
            let (status, value) = act(&serde_json::from_str(order).unwrap_or_default())?;
            let answer = json!({"statusCode": status.to_string(), "body": value.to_string()});
            Ok((200, json!({"Outputs": {"res": answer}, "Logs": [], "ReturnValue": null})))
        }
        // Forwarded: the path is the caller's, and so is the body.
        _ => act(&event),
    }
}

/// Does what an order says.
#[expect(clippy::disallowed_methods, reason = "each connection has a thread, and there is no runtime")]
fn act(order: &Value) -> io::Result<(u16, Value)> {
    writeln!(io::stdout(), "{}", json!({"message": "event taken", "do": order["do"]}))?;
    match order["do"].as_str().unwrap_or_default() {
        "crash" => std::process::abort(),
        "fail" => Ok((500, json!({"outcome": "failed"}))),
        "sleep" => {
            std::thread::sleep(Duration::from_millis(order["ms"].as_u64().unwrap_or(0)));
            Ok((200, json!({"outcome": "slept", "process": std::process::id()})))
        }
        "warn" => {
            writeln!(io::stderr(), "a line on stderr")?;
            Ok((200, json!({"outcome": "warned"})))
        }
        _ => Ok((200, json!({"outcome": "echoed", "order": order, "process": std::process::id()}))),
    }
}
