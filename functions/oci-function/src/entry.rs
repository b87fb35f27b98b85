//! From the start of the process to the first call.

use std::{collections::BTreeMap, fmt, process::ExitCode, sync::Arc};

use holdfast_site::log;

use crate::{
    frame::Frame,
    function::App,
    server::{self, runtime},
    socket,
};

/// Listens where the agent wants it, at once and before anything else is done, until the platform ends us.
#[allow(clippy::disallowed_methods, reason = "the one place where the function's configuration is read")]
pub fn run() -> ExitCode {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    match started(&variables) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Unstarted(why)) => {
            log::start("info");
            tracing::error!("the function does not start: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Why the function does not start.
struct Unstarted(String);

impl<E: fmt::Display> From<E> for Unstarted {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

fn started(variables: &BTreeMap<String, String>) -> Result<(), Unstarted> {
    let variable = |name: &str| variables.get(name).cloned();
    let path = socket::path(&variable)?;
    runtime()?.block_on(async {
        // The agent waits five seconds for the socket. A call that comes before we take it waits in its queue.
        let listener = socket::bind(&path)?;
        server::serve(listener, Arc::new(App::new(variables)), Frame::read(&variable)).await;
        Ok(())
    })
}
