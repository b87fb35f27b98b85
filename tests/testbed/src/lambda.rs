//! AWS's runtime interface emulator: its own implementation of the Runtime API, which starts the shipped executable
//! (docs/reference/test-servers.md#lambda-emulator).

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Duration};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    Error,
    process::{Server, free_port},
};

const READY_WITHIN: Duration = Duration::from_secs(30);
/// Longer than any call of a test, that of an emulated processor included.
const ANSWERED_WITHIN: Duration = Duration::from_secs(120);

/// A running emulator, killed with the function's process when dropped. The function starts with the first call.
#[derive(Debug)]
pub struct LambdaEmulator {
    server: Server,
    port: u16,
    runtime_api: String,
    _folder: TempDir,
}

impl LambdaEmulator {
    /// Starts the emulator for an executable, which gets these variables and those that Lambda sets, and `timeout` (whole seconds)
    /// for each call.
    ///
    /// # Errors
    ///
    /// When it ends or does not listen; the message quotes its log.
    pub async fn start(
        emulator: &Path,
        function: &Path,
        timeout: Duration,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let folder = TempDir::with_prefix("holdfast-lambda-").map_err(Error::io("make a folder for the emulator"))?;
        let (port, runtime_api) = (free_port(), format!("127.0.0.1:{}", free_port()));
        // Its default is every interface.
        let arguments = [
            "--runtime-interface-emulator-address".into(),
            format!("127.0.0.1:{port}").into(),
            "--runtime-api-address".into(),
            runtime_api.clone().into(),
            function.into(),
        ];
        let mut variables = variables.clone();
        variables.insert("AWS_LAMBDA_FUNCTION_TIMEOUT".to_owned(), timeout.as_secs().to_string());
        let mut server = Server::start_with(emulator, &arguments, folder.path(), &variables)?;
        server.wait_until(READY_WITHIN, async || TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await?;
        Ok(Self { server, port, runtime_api, _folder: folder })
    }

    /// Calls the function and gives what the emulator answers: the function's answer, its error as an object with `errorType` and
    /// `errorMessage`, or, where that is no JSON, the emulator's own words as a text.
    ///
    /// # Errors
    ///
    /// When the emulator does not answer.
    pub async fn invoke(&self, event: &Value) -> Result<Value, Error> {
        let event = event.to_string();
        let answer = tokio::time::timeout(ANSWERED_WITHIN, self.post(&event));
        let answer = answer.await.map_err(|_| Error::TimedOut {
            what: "an answer of the function".to_owned(),
            within_s: ANSWERED_WITHIN.as_secs(),
            log: self.log(),
        })?;
        let answer = answer.map_err(Error::io("call the emulator"))?;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok(serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned())))
    }

    async fn post(&self, body: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let length = body.len();
        let request = format!(
            "POST /2015-03-31/functions/function/invocations HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    /// What the emulator and the function wrote so far.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Stops the function's processes where they are (SIGSTOP), so that the next call is not answered in time. Returns how many.
    ///
    /// # Errors
    ///
    /// When processes cannot be listed or stopped.
    pub fn freeze(&self) -> Result<usize, Error> {
        let mut frozen = 0;
        for entry in fs::read_dir("/proc").map_err(Error::io("list the processes"))?.flatten() {
            if !self.is_of_the_function(&entry.path()) {
                continue;
            }
            let stopped = Command::new("kill").arg("-STOP").arg(entry.file_name()).status();
            frozen += usize::from(stopped.map_err(Error::io("stop the function"))?.success());
        }
        Ok(frozen)
    }

    /// Only a process that the emulator started knows the address of this Runtime API.
    fn is_of_the_function(&self, process: &Path) -> bool {
        let known = format!("AWS_LAMBDA_RUNTIME_API={}", self.runtime_api);
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == known.as_bytes())
    }
}
