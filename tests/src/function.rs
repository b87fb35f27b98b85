//! The shipped bootstrap.

use std::path::{Path, PathBuf};

use tokio::sync::OnceCell;

/// The function's executable as this build has it. `make` builds it before any test; where it is missing, it is built
/// now.
pub async fn bootstrap() -> PathBuf {
    static BUILT: OnceCell<()> = OnceCell::const_new();
    let path = target().join("bootstrap");
    if !path.exists() {
        BUILT.get_or_init(build).await;
    }
    path
}

/// The folder of this profile: two above the test's own executable, which lies in `deps`.
fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    test.parent().and_then(Path::parent).expect("a test lies in target/PROFILE/deps").to_owned()
}

async fn build() {
    let mut cargo = tokio::process::Command::new(env!("CARGO"));
    let status = cargo
        .args(["build", "--locked", "-p", "holdfast-aws-lambda"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()
        .await
        .expect("cargo runs");
    assert!(status.success(), "the function does not build");
}
