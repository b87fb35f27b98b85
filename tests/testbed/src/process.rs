//! A child process that never outlives the test that started it.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use crate::Error;

/// Runs its arguments and kills them when its input ends: that is when [`Server`] is dropped, and also when the test
/// process was killed, or keeps the server in a `static` that is never dropped. Ends when the server ends.
///
/// Killed, not asked to end: no one needs the data, and a kube-apiserver takes seconds to end by itself.
const GUARD: &str = r#"
exec 3<&0
"$@" < /dev/null 3<&- &
server=$!
{ read -r _ <&3; kill -KILL "$server"; } &
guard=$!
wait "$server"
kill -KILL "$guard"
"#;

/// How much of a server's log an error quotes, in bytes.
const QUOTED_LOG: usize = 2_000;
/// How often a condition is looked at while it is waited for.
const POLL: Duration = Duration::from_millis(25);

/// A running server of others.
#[derive(Debug)]
pub struct Server {
    name: String,
    log: PathBuf,
    guard: Child,
}

impl Server {
    /// Starts `program`; what it writes goes to `<folder>/<name>.log`, where `name` is the file name of `program`.
    pub fn start(program: &Path, arguments: &[OsString], folder: &Path) -> Result<Self, Error> {
        Self::spawn(Command::new("sh"), program, arguments, folder)
    }

    /// The same with these variables and no others, `PATH` apart.
    pub fn start_with(
        program: &Path,
        arguments: &[OsString],
        folder: &Path,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let mut guard = Command::new("sh");
        guard.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").envs(variables);
        Self::spawn(guard, program, arguments, folder)
    }

    fn spawn(mut guard: Command, program: &Path, arguments: &[OsString], folder: &Path) -> Result<Self, Error> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let log = folder.join(format!("{name}.log"));
        let output = fs::File::create(&log).map_err(Error::io(format!("create {}", log.display())))?;
        let errors = output.try_clone().map_err(Error::io("share the log"))?;
        let guard = guard
            .args(["-c", GUARD, "guard"])
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(Error::io(format!("start {}", program.display())))?;
        Ok(Self { name, log, guard })
    }

    /// Looks at `ready` until it says yes.
    ///
    /// # Errors
    ///
    /// When the server ends first, or `within` has passed.
    pub async fn wait_until(&mut self, within: Duration, ready: impl AsyncFn() -> bool) -> Result<(), Error> {
        let looking = async {
            loop {
                if ready().await {
                    return Ok(());
                }
                if self.guard.try_wait().map_err(Error::io("look after a server"))?.is_some() {
                    return Err(Error::Ended { server: self.name.clone(), log: self.last_lines() });
                }
                tokio::time::sleep(POLL).await;
            }
        };
        match tokio::time::timeout(within, looking).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::TimedOut {
                what: format!("{} being ready", self.name),
                within_s: within.as_secs(),
                log: self.last_lines(),
            }),
        }
    }

    /// All that it wrote so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    fn last_lines(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&text[text.len().saturating_sub(QUOTED_LOG)..]).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // Waited for, so that the folder can be removed and the port is free again.
        self.guard.wait().ok();
    }
}

/// A port on loopback that nothing listens on.
///
/// Taken from below the range that the kernel gives to outgoing connections (32768 and up on Linux), so that none of
/// those can slip in between this look and the server's own bind; the start differs from process to process.
pub fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    /// A prime, so that processes with neighbouring ids start far from each other.
    const STRIDE: u32 = 4_241;
    static TAKEN: AtomicU16 = AtomicU16::new(0);

    let start = std::process::id().wrapping_mul(STRIDE) % u32::from(COUNT);
    loop {
        let next = u32::from(TAKEN.fetch_add(1, Ordering::Relaxed));
        let offset = u16::try_from((start + next) % u32::from(COUNT)).expect("COUNT fits into 16 bits");
        if TcpListener::bind(("127.0.0.1", FIRST + offset)).is_ok() {
            return FIRST + offset;
        }
    }
}
