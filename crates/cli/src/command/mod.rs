//! The verbs of an operator, for a live site pair.
//!
//! # Layout
//!
//! * [`args`]: what can be asked; [`exit`]: what the exit codes mean, for each verb.
//! * `target`: the site file, and the variables that follow from it; `secret`: secrets by reference.
//! * [`mod@way`]: how an action reaches the engine: through the function, or built in this process (`--direct`).
//! * `run`: one verb from its arguments to its exit code; `confirm`: what a person is asked before something is written;
//!   `progress`: what is told while the engine works.
//! * `group`: one verb for each site file of a folder; `watch`: a screen that is asked for again and again.
//! * `screen`: answers in words.
//! * `files`: verbs that only write what the site file says: `env`, `runbook`, `init`, `schema`.
//! * `backtest`: what other holdoffs would have done on the real history of the primary; `explain`: a stored execution judged again; `page`: its report.
//! * `manual`: the man page and the shell completions.

pub mod args;
mod backtest;
mod confirm;
pub mod exit;
mod explain;
mod files;
mod group;
pub mod manual;
mod page;
mod progress;
mod run;
mod screen;
mod secret;
mod target;
mod watch;
mod way;

pub use args::Verb;
pub use run::run;
