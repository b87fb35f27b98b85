//! A screen that is asked for again and again.

use std::{
    future::Future,
    io::{IsTerminal as _, Write as _, stdout},
    process::ExitCode,
    time::Duration,
};

use super::{
    args::Output,
    exit::{Exit, Stopped},
    run::Said,
};

/// Moves to the corner of a terminal and clears what is there.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

/// Shows what `ask` says, every so many seconds, until Ctrl-C or until nobody reads any more. The exit code is that of the last
/// screen. A pair that is not reached is shown as that and asked again; wrong words end it at once.
pub async fn run<F>(seconds: u32, output: Output, ask: impl Fn() -> F) -> ExitCode
where
    F: Future<Output = Result<Said, Stopped>>,
{
    let mut last = Exit::Done;
    loop {
        let said = tokio::select! {
            said = ask() => said,
            _ = tokio::signal::ctrl_c() => return last.into(),
        };
        let (text, exit) = match said {
            Ok(said) => (of(output, &said.text, &said.document), said.exit),
            Err(stopped) => (of(output, &format!("holdfast: {}\n", stopped.why), &stopped.document()), stopped.exit),
        };
        last = exit;
        if show(&text).is_err() || exit == Exit::Usage {
            return last.into();
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(u64::from(seconds))) => {}
            _ = tokio::signal::ctrl_c() => return last.into(),
        }
    }
}

fn of(output: Output, text: &str, document: &serde_json::Value) -> String {
    match output {
        Output::Text => format!("{text}\n"),
        Output::Json => format!("{document}\n"),
    }
}

fn show(text: &str) -> std::io::Result<()> {
    let mut out = stdout().lock();
    if out.is_terminal() {
        out.write_all(CLEAR.as_bytes())?;
    }
    out.write_all(text.as_bytes())?;
    out.flush()
}
