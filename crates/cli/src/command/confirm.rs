//! What a person is asked before something is written.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use super::{
    args::Errand,
    exit::{Exit, Stopped},
    target::Target,
};

/// Whether somebody can be asked.
///
/// # Errors
/// Standard input is no terminal: a script says `--yes`.
pub fn can_ask() -> Result<(), Stopped> {
    if std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Stopped::usage("nobody can be asked here, because standard input is no terminal; a script says --yes"))
}

/// Shows what is, and what would be done and by whom; then asks for the name of the pair.
///
/// # Errors
/// Another word was typed, or none.
#[allow(clippy::print_stderr, reason = "a question goes to the terminal and not into a pipe")]
pub fn ask(target: &Target, before: &str, errand: &Errand, identity: &str) -> Result<(), Stopped> {
    let name = target.name();
    eprint!("{before}\nTo be done: {}, by {identity}\n", errand.payload());
    eprint!("Type the name of the site pair ({name}) to do it: ");
    // A terminal that cannot be flushed shows the question late; the answer is judged all the same.
    let _ = std::io::stderr().flush();
    let mut typed = String::new();
    let read = std::io::stdin().lock().read_line(&mut typed);
    if read.is_ok() && typed.trim() == name {
        return Ok(());
    }
    Err(Stopped { exit: Exit::NotDone, why: format!("nothing was done: {name} was not typed") })
}
