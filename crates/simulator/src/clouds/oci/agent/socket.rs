//! The recipe for the socket (docs/reference/oci.md#function-contract): bound at another name, listening, writable for others, then linked under its own name by a
//! link that names no folder. The agent learns of it when the name appears, so everything must be right by then.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixStream;

/// Name of the file that the agent waits for.
pub(super) const NAME: &str = "lsnr.sock";
/// How long the agent waits for it. Not paced: a process starts in real time.
pub(super) const APPEARS_WITHIN: Duration = Duration::from_secs(5);
/// How often it is looked for; the agent is told by the kernel.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// What others must be allowed: the agent is another user.
const FOR_OTHERS: u32 = 0o006;

/// Waits until the name is there, and checks it at once.
pub(super) async fn appears(folder: &Path) -> Result<PathBuf, String> {
    let path = folder.join(NAME);
    while fs::symlink_metadata(&path).is_err() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    check(folder).map(|()| path)
}

/// Whether the agent takes the socket of this folder. A socket without a link is legal by the agent's source; here it is refused, for its
/// name is there before it listens and before its rights are set.
fn check(folder: &Path) -> Result<(), String> {
    let path = folder.join(NAME);
    let link = fs::read_link(&path).map_err(|_| format!("{NAME} is no symbolic link"))?;
    let mut parts = link.components();
    if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
        return Err(format!("the target of {NAME} names a folder"));
    }
    let socket = fs::metadata(&path).map_err(|_| format!("{NAME} leads nowhere"))?;
    if !socket.file_type().is_socket() {
        return Err(format!("{NAME} leads to no socket"));
    }
    if socket.permissions().mode() & FOR_OTHERS != FOR_OTHERS {
        return Err("the agent may not write to the socket".to_owned());
    }
    // A socket that is bound and does not listen refuses.
    std::os::unix::net::UnixStream::connect(&path).map(drop).map_err(|_| "the socket does not listen yet".to_owned())
}

/// A connection.
pub(super) async fn connect(path: &Path) -> std::io::Result<UnixStream> {
    UnixStream::connect(path).await
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn bound(folder: &Path, mode: u32) -> UnixListener {
        let listener = UnixListener::bind(folder.join("phonylsnr.sock")).expect("bound");
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(folder.join("phonylsnr.sock"), permissions).expect("set");
        listener
    }

    #[test]
    fn the_recipe_is_taken() {
        let folder = folder();
        let _listener = bound(folder.path(), 0o666);
        symlink("phonylsnr.sock", folder.path().join(NAME)).expect("linked");
        assert_eq!(check(folder.path()), Ok(()));
    }

    #[test]
    fn a_link_that_names_a_folder_a_socket_for_its_owner_only_and_no_socket_are_refused() {
        let bad = folder();
        let _listener = bound(bad.path(), 0o600);
        symlink("phonylsnr.sock", bad.path().join(NAME)).expect("linked");
        assert!(check(bad.path()).expect_err("mode").contains("write"));
        fs::remove_file(bad.path().join(NAME)).expect("removed");
        symlink(bad.path().join("phonylsnr.sock"), bad.path().join(NAME)).expect("linked");
        assert!(check(bad.path()).expect_err("absolute").contains("folder"));
        let direct = folder();
        let _listener = UnixListener::bind(direct.path().join(NAME)).expect("bound");
        assert!(check(direct.path()).expect_err("direct").contains("link"));
        let none = folder();
        fs::write(none.path().join("phonylsnr.sock"), "").expect("written");
        symlink("phonylsnr.sock", none.path().join(NAME)).expect("linked");
        assert!(check(none.path()).expect_err("file").contains("no socket"));
    }

    #[test]
    fn a_socket_that_does_not_listen_when_its_name_appears_is_refused() {
        let folder = folder();
        drop(bound(folder.path(), 0o666));
        symlink("phonylsnr.sock", folder.path().join(NAME)).expect("linked");
        assert!(check(folder.path()).expect_err("closed").contains("listen"));
    }
}
