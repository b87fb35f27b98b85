//! Logs as JSON lines on standard output. None holds a payload, a token, a key or an address with a key in it.

use tracing_subscriber::EnvFilter;

/// Starts logging. Our own crates at `level`, everything below us from warnings on.
pub fn start(level: &str) {
    let own = [
        "holdfast_azure_function",
        "holdfast_core",
        "holdfast_azure",
        "holdfast_kubernetes",
        "holdfast_logscale",
        "holdfast_site",
    ];
    let own: Vec<String> = own.iter().map(|name| format!("{name}={level}")).collect();
    let subscriber =
        tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_span_list(false);
    let filter = EnvFilter::new(format!("warn,{}", own.join(",")));
    // A second start (tests) keeps the first subscriber.
    let _ = subscriber.with_env_filter(filter).with_target(false).with_writer(std::io::stdout).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // Not the message: it may quote what was being worked on.
        tracing::error!(place, "a defect: an invocation ended in a panic");
    }));
}
