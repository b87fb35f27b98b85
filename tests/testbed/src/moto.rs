//! moto, a stand-in for AWS that others wrote.
//!
//! What it cannot do (docs/reference/aws.md#moto): it answers 404 to the CBOR protocol of the Rust CloudWatch client, its
//! health checks always report success, it ignores `HealthCheckVersion`, and its alarms fire no actions.

use std::time::Duration;

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    Error, Venv,
    process::{Server, free_port},
};

/// It imports much of Python's world first: 2 to 3 s, more while others use the cores.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A running moto server, killed when dropped. It holds no resource of any account at first.
#[derive(Debug)]
pub struct Moto {
    _server: Server,
    port: u16,
    _folder: TempDir,
}

impl Moto {
    /// Starts it on a free port and waits until it answers.
    ///
    /// # Errors
    ///
    /// When it ends or does not become ready; the message quotes its log.
    pub async fn start(venv: &Venv) -> Result<Self, Error> {
        let folder = TempDir::with_prefix("holdfast-moto-").map_err(Error::io("make a folder for moto"))?;
        let port = free_port();
        let arguments = ["-H".into(), "127.0.0.1".into(), "-p".into(), port.to_string().into()];
        let mut server = Server::start(&venv.program("moto_server"), &arguments, folder.path())?;
        server.wait_until(READY_WITHIN, async || answers(port).await.unwrap_or(false)).await?;
        Ok(Self { _server: server, port, _folder: folder })
    }

    /// Its address, for a client's `endpoint_url`: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Whether moto answers on its own page.
async fn answers(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"GET /moto-api/ HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.lines().next().is_some_and(|status| status.contains(" 200 ")))
}
