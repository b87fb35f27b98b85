//! A function for the simulator's own tests of the Fn agent: it does what its call says. Blocking and without dependencies, so that it
//! shows what the contract demands of any function.
//!
//! Calls: `{"do": "status", "status": 502}`, `{"do": "environment"}`, `{"do": "crash"}`, `{"do": "sleep", "ms": 100}`; any other is echoed,
//! with its headers. The variable `FAKE_RECIPE` breaks the recipe for the socket: `direct`, `absolute`, `private`, `late`, `never`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

#[expect(clippy::disallowed_methods, reason = "a function finds its socket in the environment")]
fn main() -> io::Result<()> {
    let listener = std::env::var("FN_LISTENER").map_err(io::Error::other)?;
    let path = PathBuf::from(listener.strip_prefix("unix:").ok_or_else(|| io::Error::other("no unix: address"))?);
    let listener = listen(&path, &std::env::var("FAKE_RECIPE").unwrap_or_default())?;
    let mut connections = 0;
    for stream in listener.incoming() {
        connections += 1;
        serve(stream?, connections)?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "this process has one thread and no runtime")]
fn listen(path: &Path, recipe: &str) -> io::Result<UnixListener> {
    let phony = path.with_file_name("phonylsnr.sock");
    match recipe {
        "direct" => return UnixListener::bind(path),
        "never" => std::thread::sleep(Duration::from_secs(60)),
        "late" => std::thread::sleep(Duration::from_millis(300)),
        _ => {}
    }
    let listener = UnixListener::bind(&phony)?;
    fs::set_permissions(&phony, fs::Permissions::from_mode(if recipe == "private" { 0o600 } else { 0o666 }))?;
    if recipe == "absolute" {
        symlink(&phony, path)?
    } else {
        symlink("phonylsnr.sock", path)?
    }
    Ok(listener)
}

/// The calls of one connection, until the agent closes it.
fn serve(stream: UnixStream, connection: u64) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some((head, body)) = read(&mut reader)? {
        let (status, answer) = act(&serde_json::from_slice(&body).unwrap_or_default(), &head, connection)?;
        let answer = answer.to_string();
        let length = answer.len();
        write!(
            &stream,
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{answer}"
        )?;
    }
    Ok(())
}

/// Does what the call says; gives the status and the content of the answer.
#[expect(clippy::disallowed_methods, reason = "this process has one thread and no runtime")]
fn act(call: &Value, head: &BTreeMap<String, String>, connection: u64) -> io::Result<(u64, Value)> {
    writeln!(io::stdout(), "{}", json!({"message": "call taken", "do": call["do"]}))?;
    match call["do"].as_str().unwrap_or_default() {
        "status" => return Ok((call["status"].as_u64().unwrap_or(200), json!({"said": "so"}))),
        "crash" => std::process::abort(),
        "sleep" => std::thread::sleep(Duration::from_millis(call["ms"].as_u64().unwrap_or_default())),
        "environment" => return Ok((200, json!(std::env::vars().collect::<BTreeMap<_, _>>()))),
        _ => {}
    }
    Ok((200, json!({"call": call, "headers": head, "connection": connection, "process": std::process::id()})))
}

/// A request: its head, with the first line under the empty name, and its content.
type Received = (BTreeMap<String, String>, Vec<u8>);

/// The next request; nothing when the connection is closed.
fn read(reader: &mut impl BufRead) -> io::Result<Option<Received>> {
    let mut head = BTreeMap::new();
    loop {
        let line = line(reader)?;
        match line.split_once(": ") {
            Some((name, value)) => drop(head.insert(name.to_lowercase(), value.to_owned())),
            None if line.is_empty() && head.is_empty() => return Ok(None),
            None if line.is_empty() => break,
            None => drop(head.insert(String::new(), line)),
        }
    }
    let mut body = Vec::new();
    if head.get("transfer-encoding").is_some_and(|encoding| encoding == "chunked") {
        loop {
            let size = u64::from_str_radix(&line(reader)?, 16).map_err(io::Error::other)?;
            reader.by_ref().take(size).read_to_end(&mut body)?;
            line(reader)?;
            if size == 0 {
                return Ok(Some((head, body)));
            }
        }
    }
    let length = head.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    reader.by_ref().take(length).read_to_end(&mut body)?;
    Ok(Some((head, body)))
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
