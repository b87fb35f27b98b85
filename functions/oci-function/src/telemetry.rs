//! Logs: one JSON object for each line on standard output, with the id of the call. None holds a payload, a token, a key.

use tracing_subscriber::EnvFilter;

/// Our own crates.
const OWN: [&str; 6] = [
    "holdfast_oci_function",
    "holdfast_core",
    "holdfast_oci",
    "holdfast_kubernetes",
    "holdfast_probe",
    "holdfast_site",
];

/// Starts logging. Our own crates at `level`, everything below us from warnings on.
pub fn start(level: &str) {
    let own: Vec<String> = OWN.iter().map(|name| format!("{name}={level}")).collect();
    // The span is the call, with its id.
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(true).with_span_list(false);
    let filter = EnvFilter::new(format!("warn,{}", own.join(",")));
    // A second start (tests) keeps the first subscriber.
    let _ = subscriber.with_env_filter(filter).with_target(false).with_writer(std::io::stdout).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // Not the message: it may quote what was being worked on.
        tracing::error!(place, "a defect: a call ended in a panic");
    }));
}
