//! Where the agent wants to find us, and how (docs/reference/oci.md#function-contract).
//!
//! The agent watches the folder for the file and connects as soon as it appears, as another user. So the socket is made
//! under another name, listens and is opened to everybody before a link to it gets the name that is watched. The agent
//! takes a link only if its target has no folder in it.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
        net::UnixListener as StdListener,
    },
    path::{Path, PathBuf},
};

use thiserror::Error;
use tokio::net::UnixListener;

const FORMAT: &str = "FN_FORMAT";
const LISTENER: &str = "FN_LISTENER";
const SCHEME: &str = "unix:";

/// Longest path of a socket, in bytes (`sockaddr_un`).
const LONGEST: usize = 107;

/// A platform that does not say where to listen: only Fn starts this program.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name} is not allowed: it must be {allowed}; only OCI Functions starts this program")]
pub struct NoListener {
    /// The variable.
    pub name: &'static str,
    /// What would be allowed.
    pub allowed: &'static str,
}

/// Where to listen.
///
/// # Errors
/// [`NoListener`].
pub fn path(variable: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, NoListener> {
    // Today's agents set it; the documentation calls it deprecated.
    let format = variable(FORMAT).unwrap_or_default();
    if !matches!(format.trim(), "" | "http-stream") {
        return Err(NoListener { name: FORMAT, allowed: "http-stream" });
    }
    let listener = variable(LISTENER).unwrap_or_default();
    let path = listener.trim().strip_prefix(SCHEME).map(PathBuf::from);
    path.filter(|path| {
        phony(path).is_some_and(|phony| path.is_absolute() && phony.as_os_str().as_bytes().len() <= LONGEST)
    })
    .ok_or(NoListener { name: LISTENER, allowed: "unix:/PATH, of at most 100 bytes" })
}

/// The name under which the socket is made.
fn phony(path: &Path) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from("phony");
    name.push(path.file_name()?);
    Some(path.with_file_name(name))
}

/// Listens at `path`. Leftovers of an earlier process are removed. Must be called within a tokio runtime.
///
/// # Errors
/// Those of the file system.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    let phony = phony(path).ok_or(io::ErrorKind::InvalidInput)?;
    for leftover in [path, &phony] {
        // None is the usual case; what cannot be removed makes the next lines fail.
        let _ = fs::remove_file(leftover);
    }
    let listener = StdListener::bind(&phony)?;
    listener.set_nonblocking(true)?;
    let listener = UnixListener::from_std(listener)?;
    fs::set_permissions(&phony, Permissions::from_mode(0o666))?;
    symlink(phony.file_name().ok_or(io::ErrorKind::InvalidInput)?, path)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileTypeExt;

    use tempfile::TempDir;
    use tokio::net::UnixStream;

    use super::*;

    fn read(format: &str, listener: &str) -> Result<PathBuf, NoListener> {
        path(&|name| match name {
            FORMAT => Some(format.to_owned()),
            LISTENER => Some(listener.to_owned()),
            _ => None,
        })
    }

    #[test]
    fn the_platform_says_where_to_listen() {
        for format in ["http-stream", ""] {
            assert_eq!(read(format, "unix:/tmp/iofs/lsnr.sock"), Ok(PathBuf::from("/tmp/iofs/lsnr.sock")));
        }
        assert_eq!(read("json", "unix:/tmp/iofs/lsnr.sock").expect_err("another format").name, FORMAT);
        let long = format!("unix:/{}", "x".repeat(103));
        for listener in ["", "/tmp/lsnr.sock", "unix:", "unix:lsnr.sock", "unix:/", "tcp:1", &long] {
            assert_eq!(read("http-stream", listener).expect_err(listener).name, LISTENER, "{listener}");
        }
        assert_eq!(path(&|_| None).expect_err("nothing is set").name, LISTENER);
    }

    #[tokio::test]
    async fn the_name_that_is_watched_is_a_link_to_a_socket_that_everybody_may_use() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("lsnr.sock");
        for _ in 0..2 {
            // The second time over the leftovers of the first.
            let _listener = bind(&path).expect("listens");
            assert_eq!(fs::read_link(&path).expect("a link"), Path::new("phonylsnr.sock"), "no folder in it");
            let socket = fs::metadata(&path).expect("the socket behind it");
            assert!(socket.file_type().is_socket());
            assert_eq!(socket.permissions().mode() & 0o777, 0o666);
            UnixStream::connect(&path).await.expect("it listens");
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_an_error() {
        assert!(bind(Path::new("/nowhere/lsnr.sock")).is_err());
    }
}
