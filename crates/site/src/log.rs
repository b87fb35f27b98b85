//! The log of a function: JSON lines on standard output, each of which says which invocation it belongs to.
//!
//! Some hosts run invocations side by side in one process. Everything that an invocation does is done inside its span
//! ([`invocation`]), and each line carries the fields of that span under `span`.

use holdfast_core::fault::{Limit, quoted_within};
use tracing::{Span, Subscriber, field::Empty};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter, util::SubscriberInitExt};

/// Starts logging to standard output at `level`, and says in the log where a panic was.
pub fn start(level: &str) {
    // A second start (tests) keeps the first subscriber.
    let _ = subscriber(level, std::io::stdout).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // Not the message: it may quote what was being worked on.
        tracing::error!(place, "a defect: an invocation ended in a panic");
    }));
}

/// Writes JSON lines to `writer`. All of our crates log at `level`, one of tracing's: their names begin alike, and a
/// filter goes by how a name begins. All others log warnings and errors only, whatever `level` is: their lines of finer
/// levels hold tokens and bodies.
pub fn subscriber<W>(level: &str, writer: W) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(true).with_span_list(false);
    lines
        .with_env_filter(EnvFilter::new(format!("warn,holdfast={level}")))
        .with_target(false)
        .with_writer(writer)
        .finish()
}

/// The span of one invocation: its id, as the platform gave it, and the site that it is about. What triggered it and
/// which execution it works on are put in when they are known ([`triggered`]; the engine).
pub fn invocation(id: &str, site: &str) -> Span {
    // Of the highest level, so that it is there whatever the level of the log is.
    tracing::error_span!(
        "invocation",
        invocation = quoted_within(id, Limit::Phrase),
        site = quoted_within(site, Limit::Phrase),
        trigger = Empty,
        execution = Empty,
    )
}

/// Notes in the span of this invocation what triggered it
/// ([`Trigger::label`](holdfast_core::record::Trigger::label)).
pub fn triggered(trigger: &'static str) {
    Span::current().record("trigger", trigger);
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The lines of the log of `work`.
    pub(crate) fn logged(level: &str, work: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        tracing::subscriber::with_default(subscriber(level, move || writer.clone()), work);
        let text = String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn messages(level: &str) -> Vec<String> {
        let lines = logged(level, || {
            tracing::trace!(target: "holdfast_core::engine", "core");
            tracing::debug!(target: "holdfast_azure_function", "function");
            tracing::info!(target: "holdfast_of_tomorrow", "tomorrow");
            tracing::debug!(target: "hyper::proto", "Bearer TOKEN");
            tracing::trace!(target: "kube_client", "BODY");
            tracing::info!(target: "aws_smithy_runtime", "BODY");
            tracing::warn!(target: "hyper::client", "hyper warns");
        });
        lines.iter().map(|line| line["message"].as_str().expect("a message").to_owned()).collect()
    }

    #[test]
    fn the_level_is_that_of_every_crate_of_ours_and_of_no_other() {
        assert_eq!(messages("trace"), ["core", "function", "tomorrow", "hyper warns"]);
        assert_eq!(messages("debug"), ["function", "tomorrow", "hyper warns"]);
        assert_eq!(messages("info"), ["tomorrow", "hyper warns"]);
        assert_eq!(messages("error"), ["hyper warns"]);
    }

    #[test]
    fn a_line_carries_its_invocation_at_every_level_of_the_log() {
        for level in ["trace", "error"] {
            let lines = logged(level, || {
                let _inside = invocation("id-1", "dr").entered();
                tracing::error!("before");
                triggered("tick");
                Span::current().record("execution", "20260101-1");
                tracing::error!(target: "hyper", "after");
            });
            let of = |line: &Value, field: &str| line["span"][field].as_str().map(str::to_owned);
            let told = |line| ["invocation", "site", "trigger", "execution"].map(|field| of(line, field));
            let known = |text: &str| Some(text.to_owned());
            assert_eq!(told(&lines[0]), [known("id-1"), known("dr"), None, None], "{level}");
            assert_eq!(told(&lines[1]), [known("id-1"), known("dr"), known("tick"), known("20260101-1")], "{level}");
        }
    }
}
