//! The shipped executables.

use std::path::{Path, PathBuf};

use tokio::sync::Mutex;

/// Names another executable than that of this build for tests of the AWS function by itself: `make test-package` names the packaged one.
const BOOTSTRAP: &str = "HOLDFAST_BOOTSTRAP";

/// The AWS function's executable as this build has it. `make` builds it before any test; where it is missing, it is
/// built now.
pub async fn bootstrap() -> PathBuf {
    executable("bootstrap", "holdfast-aws-lambda").await
}

/// The executable that `HOLDFAST_BOOTSTRAP` names, else [`bootstrap`].
#[expect(clippy::disallowed_methods, reason = "the environment is where `make` says what was packaged")]
pub async fn packaged_bootstrap() -> PathBuf {
    match std::env::var_os(BOOTSTRAP) {
        Some(path) => path.into(),
        None => bootstrap().await,
    }
}

/// The Azure function's, likewise.
pub async fn handler() -> PathBuf {
    executable("handler", "holdfast-azure-function").await
}

/// The OCI function's, likewise.
pub async fn oci_function() -> PathBuf {
    executable("oci-function", "holdfast-oci-function").await
}

async fn executable(name: &str, package: &str) -> PathBuf {
    static BUILDING: Mutex<()> = Mutex::const_new(());
    let path = target().join(name);
    let _one_at_a_time = BUILDING.lock().await;
    if !path.exists() {
        build(package).await;
    }
    path
}

/// The folder of this profile: two above the test's own executable, which lies in `deps`.
fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    test.parent().and_then(Path::parent).expect("a test lies in target/PROFILE/deps").to_owned()
}

async fn build(package: &str) {
    let mut cargo = tokio::process::Command::new(env!("CARGO"));
    let status = cargo
        .args(["build", "--locked", "-p", package])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()
        .await
        .expect("cargo runs");
    assert!(status.success(), "the function does not build");
}
