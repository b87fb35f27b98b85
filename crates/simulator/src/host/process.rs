//! One running bootstrap process: its output, its end, its memory.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, watch};

use super::result::LogLine;
use crate::time;

/// The lines that a process wrote so far.
pub(crate) type Log = Arc<Mutex<Vec<LogLine>>>;

/// A handle on the process. The process is killed when its watching task ends.
#[derive(Clone)]
pub(crate) struct Process {
    pid: u32,
    kill: Arc<Notify>,
    /// `Some` with a description once the process has ended.
    ended: watch::Receiver<Option<String>>,
    pub(crate) log: Log,
}

impl Process {
    /// Starts the bootstrap with this environment and nothing else, in its own folder.
    pub(crate) fn start(bootstrap: &Path, environment: &BTreeMap<String, String>) -> io::Result<Self> {
        let mut command = Command::new(bootstrap);
        command.env_clear().envs(environment);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        if let Some(folder) = bootstrap.parent().filter(|folder| folder.is_dir()) {
            command.current_dir(folder);
        }
        let mut child = command.spawn()?;
        let log = Log::default();
        read_lines(child.stdout.take(), false, log.clone());
        read_lines(child.stderr.take(), true, log.clone());
        let (sender, ended) = watch::channel(None);
        let kill = Arc::new(Notify::new());
        let process = Self { pid: child.id().unwrap_or_default(), kill: kill.clone(), ended, log };
        tokio::spawn(watch_over(child, kill, sender));
        Ok(process)
    }

    /// Has the process killed (signal 9), without waiting for it to be gone.
    pub(crate) fn order_kill(&self) {
        self.kill.notify_one();
    }

    /// Kills the process and returns when it is gone.
    pub(crate) async fn kill(&self) {
        self.order_kill();
        self.end().await;
    }

    /// Waits for the process to end, and describes its end.
    pub(crate) async fn end(&self) -> String {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(description) => description.clone().unwrap_or_default(),
            Err(_) => "its watcher is gone".to_owned(),
        }
    }

    /// Whether the process still runs.
    pub(crate) fn runs(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// Peak resident memory in bytes, while the process lives.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes * 1024)
    }
}

async fn watch_over(mut child: Child, kill: Arc<Notify>, ended: watch::Sender<Option<String>>) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.notified() => {
            // The only error is that the process has ended already, which the wait tells.
            drop(child.start_kill());
            child.wait().await
        }
    };
    ended.send_replace(Some(describe(status)));
}

fn describe(status: io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => format!("its end is unknown: {error}"),
    }
}

fn read_lines(source: Option<impl AsyncRead + Unpin + Send + 'static>, stderr: bool, log: Log) {
    let Some(source) = source else { return };
    tokio::spawn(async move {
        let mut lines = BufReader::new(source).lines();
        while let Ok(Some(text)) = lines.next_line().await {
            log.lock().expect("no code panics while it holds this lock").push(LogLine {
                at: time::now(),
                stderr,
                text,
            });
        }
    });
}
