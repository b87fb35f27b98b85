//! The aws CLI, boto3, the SDKs of Azure and OCI, and kubectl as clients of the simulator and of other servers.

use std::path::{Path, PathBuf};

use holdfast_simulator::{Simulator, clouds::aws::Credentials};
use holdfast_testbed::Venv;
use serde_json::Value;
use tokio::process::Command;

/// How a client of AWS is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// CloudWatch by RPC-v2-CBOR, as the function speaks.
    Cbor,
    /// CloudWatch by JSON, as boto3 and the aws CLI choose by themselves.
    Json,
}

/// What a client said and how it ended.
#[derive(Debug)]
pub struct Said {
    /// True when it ended with 0.
    pub ok: bool,
    /// Its output.
    pub out: String,
    /// Its errors.
    pub err: String,
}

impl Said {
    /// The output of a client that must have succeeded, as JSON.
    pub fn json(&self) -> Value {
        assert!(self.ok, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The output of a client that must have succeeded.
    pub fn text(&self) -> &str {
        assert!(self.ok, "{self:?}");
        self.out.trim()
    }

    /// The errors of a client that must have failed.
    pub fn refusal(&self) -> &str {
        assert!(!self.ok, "{self:?}");
        self.err.trim()
    }
}

async fn run(mut command: Command) -> Said {
    let output = command.kill_on_drop(true).output().await.expect("the client starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
}

/// A client of AWS's services, with somebody's keys.
pub struct Aws<'a> {
    venv: &'a Venv,
    endpoint: Option<String>,
    ca_file: PathBuf,
    keys: Credentials,
    protocol: Protocol,
}

impl<'a> Aws<'a> {
    /// An operator who may do everything.
    pub fn operator(venv: &'a Venv, simulator: &Simulator) -> Self {
        Self::with(venv, simulator, simulator.admin_credentials())
    }

    /// The function itself.
    pub fn function(venv: &'a Venv, simulator: &Simulator) -> Self {
        Self::with(venv, simulator, simulator.function_credentials())
    }

    /// Whoever has these keys.
    pub fn with(venv: &'a Venv, simulator: &Simulator, keys: Credentials) -> Self {
        let ca_file = simulator.ca_file().to_owned();
        Self { venv, endpoint: Some(simulator.aws_endpoint()), ca_file, keys, protocol: Protocol::Cbor }
    }

    /// The same by another protocol.
    #[must_use]
    pub fn by(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// The same without a word of where the simulator is: for what is done without a call.
    #[must_use]
    pub fn without_endpoint(self) -> Self {
        Self { endpoint: None, ..self }
    }

    /// Runs the aws CLI.
    pub async fn cli(&self, region: &str, arguments: &[&str]) -> Said {
        let mut command = self.command("aws");
        command.args(["--region", region, "--output", "json"]).args(arguments);
        run(command).await
    }

    /// Runs a Python script of `tests/real`; its only argument is a JSON document, and so is its output.
    pub async fn python(&self, script: &str, input: &Value) -> Said {
        let mut command = self.command("python");
        command.arg(script_path(script)).arg(input.to_string());
        run(command).await
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::from(self.venv.client(program));
        command
            .env("AWS_CA_BUNDLE", &self.ca_file)
            .env("AWS_ACCESS_KEY_ID", &self.keys.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &self.keys.secret_key);
        if let Some(endpoint) = &self.endpoint {
            command.env("AWS_ENDPOINT_URL", endpoint);
        }
        if let Some(token) = &self.keys.session_token {
            command.env("AWS_SESSION_TOKEN", token);
        }
        if self.protocol == Protocol::Json {
            command.env_remove("AWS_DATA_PATH");
        }
        command
    }
}

/// Where a Python script of `tests/real` is.
fn script_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("real").join(name)
}

/// A client of Azure's services that gets its tokens where a function app gets them: from the simulator.
pub struct Azure {
    identity_endpoint: String,
    identity_header: String,
    ca_file: PathBuf,
}

impl Azure {
    /// The function's identity, towards servers that an authority has certified. There is one such client of a
    /// simulator: a second one takes the identity over, as the next process of a function does.
    ///
    /// # Panics
    /// When the simulator does not run Azure.
    pub fn function(simulator: &Simulator, ca_file: &Path) -> Self {
        let azure = simulator.azure().expect("Azure");
        let (identity_endpoint, identity_header) = (azure.identity_endpoint(), azure.identity().rotate());
        Self { identity_endpoint, identity_header, ca_file: ca_file.to_owned() }
    }

    /// Runs a Python script of `tests/real`, as [`Aws::python`] does.
    pub async fn python(&self, venv: &Venv, script: &str, input: &Value) -> Said {
        let mut command = Command::new(venv.program("python"));
        command.arg(script_path(script)).env("REQUESTS_CA_BUNDLE", &self.ca_file);
        self.run(command, input).await
    }

    /// Runs a program of ours, likewise.
    pub async fn program(&self, program: &Path, input: &Value) -> Said {
        let mut command = Command::new(program);
        command.env("SSL_CERT_FILE", &self.ca_file);
        self.run(command, input).await
    }

    async fn run(&self, mut command: Command, input: &Value) -> Said {
        command
            .env("IDENTITY_ENDPOINT", &self.identity_endpoint)
            .env("IDENTITY_HEADER", &self.identity_header)
            .env("NO_PROXY", "*")
            .arg(input.to_string());
        run(command).await
    }
}

/// Runs a Python script of `tests/real` that speaks with a simulated OCI, likewise.
pub async fn oci(venv: &Venv, simulator: &Simulator, script: &str, input: &Value) -> Said {
    let mut command = Command::new(venv.program("python"));
    command.arg(script_path(script)).arg(input.to_string());
    command.env("REQUESTS_CA_BUNDLE", simulator.ca_file()).env("NO_PROXY", "*");
    run(command).await
}

/// kubectl with a token.
pub struct Kubectl {
    program: PathBuf,
    endpoint: String,
    ca_file: PathBuf,
    token: String,
    folder: tempfile::TempDir,
}

impl Kubectl {
    /// A client of the simulated cluster.
    pub fn new(program: &Path, simulator: &Simulator, token: &str) -> Self {
        Self {
            program: program.to_owned(),
            endpoint: simulator.kubernetes_endpoint(),
            ca_file: simulator.ca_file().to_owned(),
            token: token.to_owned(),
            folder: tempfile::TempDir::with_prefix("holdfast-kubectl-").expect("a folder"),
        }
    }

    /// Runs it in the namespace `logging`.
    pub async fn run(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(&self.program);
        command
            .args(["--kubeconfig", "/dev/null", "--namespace", "logging", "--server", &self.endpoint])
            .arg("--certificate-authority")
            .arg(&self.ca_file)
            .args(["--token", &self.token, "--request-timeout", "60s", "--cache-dir"])
            .arg(self.folder.path().join("cache"))
            .args(arguments);
        run(command).await
    }

    /// A file of its own with this text, for `-f`.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    }
}
