//! The man page and the shell completions, from the same definitions as `--help`.

use std::{io::Write as _, process::ExitCode};

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Arguments;

/// Writes the man page of the command, and after it those of its verbs.
pub fn man() -> ExitCode {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    let whole = clap_mangen::Man::new(command.clone()).render(&mut page);
    let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help");
    let each = verbs.map(|verb| clap_mangen::Man::new(verb.clone()).render(&mut page));
    written(whole.and_then(|()| each.collect::<Result<Vec<()>, _>>().map(drop)).map(|()| page))
}

/// Writes the completions of a shell.
pub fn completions(shell: Shell) -> ExitCode {
    let mut page = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "holdfast", &mut page);
    written(Ok(page))
}

/// A reader that has read enough, such as `head`, is no failure.
#[allow(clippy::print_stderr, reason = "this is the command line's own voice")]
fn written(page: std::io::Result<Vec<u8>>) -> ExitCode {
    let ended = page.and_then(|page| std::io::stdout().write_all(&page));
    match ended {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            eprintln!("holdfast: it cannot be written: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
