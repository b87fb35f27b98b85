//! Where the real servers are, and what a test does when they are not there.
//!
//! `make test-real` installs everything and names the places in the environment. A test that is run in any other
//! way, `cargo test --workspace` first of all, says that it was skipped and passes.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// Set to `1` by `make test-real`; without it no test starts a real server, even where the binaries are present.
pub const REAL: &str = "HOLDFAST_REAL";
/// The folder that `scripts/control-plane.sh` prints.
pub const CONTROL_PLANE: &str = "HOLDFAST_CONTROL_PLANE";
/// The folder that `scripts/venv.sh` prints.
pub const VENV: &str = "HOLDFAST_VENV";
/// The folder that `scripts/azurite.sh` prints.
pub const AZURITE: &str = "HOLDFAST_AZURITE";
/// The path that `scripts/lambda-emulator.sh` prints.
pub const LAMBDA_EMULATOR: &str = "HOLDFAST_LAMBDA_EMULATOR";
/// The convention of controller-runtime's envtest: a folder that holds `kube-apiserver` and `etcd`.
pub const KUBEBUILDER_ASSETS: &str = "KUBEBUILDER_ASSETS";

/// Why a real server cannot be started here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Missing(String);

/// The binaries of a control plane.
#[derive(Debug, Clone)]
pub struct Assets {
    /// `etcd`.
    pub etcd: PathBuf,
    /// `kube-apiserver`.
    pub kube_apiserver: PathBuf,
    /// `kube-controller-manager`.
    pub kube_controller_manager: PathBuf,
    /// `kube-scheduler`.
    pub kube_scheduler: PathBuf,
    /// `kwok`, which plays the kubelet.
    pub kwok: PathBuf,
    /// The folder of kwok's stages: YAML that says what happens to a node or pod, and when.
    pub stages: PathBuf,
}

impl Assets {
    /// Looks for each binary in [`KUBEBUILDER_ASSETS`] and then in [`CONTROL_PLANE`].
    ///
    /// # Errors
    ///
    /// [`Missing`] names the first thing that is absent, or says that [`REAL`] is not set.
    pub fn find() -> Result<Self, Missing> {
        let folders: Vec<PathBuf> = [KUBEBUILDER_ASSETS, CONTROL_PLANE].into_iter().filter_map(folder).collect();
        wanted()?;
        Self::find_in(&folders)
    }

    /// Looks for each binary in `folders`, in their order.
    ///
    /// # Errors
    ///
    /// [`Missing`] names the first thing that is absent.
    pub fn find_in(folders: &[PathBuf]) -> Result<Self, Missing> {
        let find = |name: &str| {
            folders
                .iter()
                .map(|folder| folder.join(name))
                .find(|path| path.exists())
                .ok_or_else(|| Missing(format!("no {name} in {folders:?}; `make test-real` builds it")))
        };
        Ok(Self {
            etcd: find("etcd")?,
            kube_apiserver: find("kube-apiserver")?,
            kube_controller_manager: find("kube-controller-manager")?,
            kube_scheduler: find("kube-scheduler")?,
            kwok: find("kwok")?,
            stages: find("stages")?,
        })
    }
}

/// The Python environment with moto, boto3, the aws CLI and the Azure SDK.
#[derive(Debug, Clone)]
pub struct Venv(PathBuf);

impl Venv {
    /// Takes the folder named by [`VENV`].
    ///
    /// # Errors
    ///
    /// [`Missing`] when there is none, or [`REAL`] is not set.
    pub fn find() -> Result<Self, Missing> {
        wanted()?;
        folder(VENV)
            .filter(|path| path.join("bin/python").exists())
            .map(Self)
            .ok_or_else(|| Missing(format!("{VENV} names no Python environment; `make test-real` makes one")))
    }

    /// A program of the environment: `python`, `aws`, `moto_server`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.join("bin").join(name)
    }

    /// A command that runs `program` as a client of a server on loopback: credentials and region that mean nothing,
    /// no retries, no configuration of the person's own, and a CloudWatch client that speaks RPC-v2-CBOR, as the
    /// function's does (left alone, boto3 and the aws CLI choose JSON; see `tests/real/README.md`).
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.program(program));
        command
            .env("AWS_DATA_PATH", models())
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("AWS_PAGER", "")
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN");
        command
    }
}

/// `kubectl` of the control plane's version, in the folder named by [`CONTROL_PLANE`]. One on the search path may be of
/// any age.
///
/// # Errors
///
/// [`Missing`] when there is none, or [`REAL`] is not set.
pub fn kubectl() -> Result<PathBuf, Missing> {
    wanted()?;
    folder(CONTROL_PLANE)
        .map(|folder| folder.join("kubectl"))
        .filter(|path| path.exists())
        .ok_or_else(|| Missing(format!("{CONTROL_PLANE} names no folder with kubectl; `make test-real` builds it")))
}

/// Azurite, in the folder named by [`AZURITE`].
///
/// # Errors
///
/// [`Missing`] when there is none, or [`REAL`] is not set.
pub fn azurite() -> Result<PathBuf, Missing> {
    wanted()?;
    folder(AZURITE)
        .map(|folder| folder.join("node_modules/.bin/azurite"))
        .filter(|path| path.exists())
        .ok_or_else(|| Missing(format!("{AZURITE} names no folder with Azurite; `make test-real` makes one")))
}

/// AWS's runtime interface emulator, named by [`LAMBDA_EMULATOR`].
///
/// # Errors
///
/// [`Missing`] when there is none, or [`REAL`] is not set.
pub fn lambda_emulator() -> Result<PathBuf, Missing> {
    wanted()?;
    folder(LAMBDA_EMULATOR)
        .filter(|path| path.exists())
        .ok_or_else(|| Missing(format!("{LAMBDA_EMULATOR} names no emulator; `make test-real` builds it")))
}

/// Unwraps what was found. When it is missing, says `SKIPPED: ...` and gives `None`, and the test returns.
///
/// # Panics
///
/// When something is missing although real servers were asked for ([`REAL`]) and `CI=true`: there, a skipped test
/// would look like a passed one.
pub fn required_or_skipped<T>(found: Result<T, Missing>) -> Option<T> {
    let missing = match found {
        Ok(found) => return Some(found),
        Err(missing) => missing,
    };
    let in_ci = variable("CI").is_some_and(|value| value == "true");
    assert!(!(in_ci && wanted().is_ok()), "CI=true allows no skipped test: {missing}");
    // Straight to the stream: the test runner keeps what the print macros write, and a skip must be seen. In one piece,
    // as tests run side by side; the runner names its threads after the tests.
    let thread = std::thread::current();
    let line = format!("SKIPPED: {}: {missing}\n", thread.name().unwrap_or("?"));
    std::io::stderr().write_all(line.as_bytes()).ok();
    None
}

/// Whether real servers were asked for.
fn wanted() -> Result<(), Missing> {
    match variable(REAL) {
        Some(value) if value == "1" => Ok(()),
        _ => Err(Missing(format!("real servers are for `make test-real` ({REAL}=1)"))),
    }
}

/// The models that make botocore speak CBOR to CloudWatch.
fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../real/aws-models")
}

fn folder(name: &str) -> Option<PathBuf> {
    variable(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "the environment is where `make test-real` says what it installed")]
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}
