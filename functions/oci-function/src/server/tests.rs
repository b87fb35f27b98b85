use holdfast_core::{engine::Engine, fakes::World};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::*;
use holdfast_site::doors::Doors;

use crate::{arrival::Margins, event::Filter, function::Site, socket};

struct Fake(World);

impl Site for Fake {
    fn engine(&self, holder: String) -> Engine {
        self.0.engine(&holder)
    }
}

/// A function that listens, and the folder of its socket.
fn started() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let listener = socket::bind(&folder.path().join("lsnr.sock")).expect("listens");
    let world = World::new();
    let clock = Arc::clone(&world.engine("clock").ports.clock);
    let site: Result<Box<dyn Site>, String> = Ok(Box::new(Fake(world)));
    let app = App {
        name: "dr".to_owned(),
        clock,
        margins: Margins::default(),
        filter: Filter::default(),
        doors: Doors::default(),
        site,
    };
    tokio::spawn(serve(listener, Arc::new(app), Frame::default()));
    folder
}

async fn connected(folder: &TempDir) -> UnixStream {
    UnixStream::connect(folder.path().join("lsnr.sock")).await.expect("it listens")
}

/// One response: its status, its head in lower case, and its content.
async fn response(stream: &mut UnixStream) -> (u16, String, String) {
    let mut seen = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
            if body.len() == length.unwrap_or(0_usize) {
                return (head.split(' ').nth(1).expect("a status").parse().expect("a number"), head, body.to_owned());
            }
        }
        let mut more = vec![0; 4096];
        let length = stream.read(&mut more).await.expect("readable");
        assert_ne!(length, 0, "the connection ended: {text}");
        seen.extend_from_slice(&more[..length]);
    }
}

async fn sent(stream: &mut UnixStream, text: &str) -> (u16, String, String) {
    stream.write_all(text.as_bytes()).await.expect("writable");
    response(stream).await
}

fn call(body: &str) -> String {
    format!(
        "POST /call HTTP/1.1\r\nHost: localhost\r\nFn-Call-Id: 01ABC\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn calls_come_one_after_the_other_over_one_connection_and_over_the_next() {
    let folder = started();
    for _ in 0..2 {
        let mut stream = connected(&folder).await;
        for _ in 0..2 {
            let (status, head, body) = sent(&mut stream, &call("{\"action\":\"status\"}")).await;
            assert_eq!(status, 200);
            assert!(
                head.contains("fn-fdk-version: holdfast/") && body.contains("\"outcome\":\"reported\""),
                "{head} {body}"
            );
        }
    }
}

#[tokio::test]
async fn content_in_chunks_is_put_together() {
    let folder = started();
    let mut stream = connected(&folder).await;
    let head = "POST /call HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    let (status, _, body) =
        sent(&mut stream, &format!("{head}c\r\n{{\"action\":\"s\r\n7\r\ntatus\"}}\r\n0\r\n\r\n")).await;
    assert_eq!(status, 200);
    assert!(body.contains("\"outcome\":\"reported\""), "{body}");
}

#[tokio::test]
async fn what_is_no_json_is_over_and_what_is_no_call_ends_no_container() {
    let folder = started();
    let mut stream = connected(&folder).await;
    let (status, _, body) = sent(&mut stream, &call("hello")).await;
    assert_eq!(status, 200);
    assert!(body.contains("not_json"), "{body}");
    for line in ["GET /call", "POST /", "POST /other", "GET /"] {
        let (status, _, _) =
            sent(&mut stream, &format!("{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")).await;
        assert_eq!(status, 502, "{line}");
    }
}

#[tokio::test]
async fn content_that_is_longer_than_any_call_may_be_is_not_read_to_its_end() {
    let folder = started();
    let mut stream = connected(&folder).await;
    let head = "POST /call HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("writable");
    let chunk = format!("100000\r\n{}\r\n", "x".repeat(0x0010_0000));
    for _ in 0..7 {
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let (status, _, body) = response(&mut stream).await;
    assert_eq!(status, 200);
    assert!(body.contains("too_large"), "{body}");
}

#[tokio::test]
async fn an_agent_that_hangs_up_leaves_the_next_one_unharmed() {
    let folder = started();
    let mut stream = connected(&folder).await;
    stream
        .write_all(b"POST /call HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        .await
        .expect("writable");
    drop(stream);
    let mut stream = connected(&folder).await;
    assert_eq!(sent(&mut stream, &call("{\"action\":\"status\"}")).await.0, 200);
}
