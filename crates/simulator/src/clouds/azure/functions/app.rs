//! What is deployed with the handler: `host.json`, and a `function.json` for each function (docs/reference/azure.md#custom-handler-files).

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// Messages that one function takes at once, unless host.json says otherwise (docs/reference/azure.md#retries-by-trigger).
const BATCH: usize = 16;
/// Deliveries of a message before it is given up, likewise.
const MOST_DELIVERIES: u32 = 5;
/// Longest pause between two looks into an empty queue, likewise.
const POLL: Duration = Duration::from_secs(60);
/// What `functionTimeout` is on the plans without a limit of their own (docs/reference/azure.md#time-limits).
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// The app.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) functions: Vec<Function>,
    /// `functionTimeout`, simulated.
    pub(crate) timeout: Duration,
    /// Whether functions with nothing but HTTP get the caller's request itself.
    pub(crate) forwarding: bool,
    /// Before every route: `api`.
    pub(crate) route_prefix: String,
    pub(crate) queues: QueueSettings,
}

/// `extensions.queues` of host.json.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QueueSettings {
    /// How long a message whose function failed stays out of sight, simulated.
    pub(crate) retry_after: Duration,
    pub(crate) batch: usize,
    pub(crate) most_deliveries: u32,
    /// Longest pause between two looks into an empty queue, simulated.
    pub(crate) poll: Duration,
    /// Whether messages are in base64, as they are unless `messageEncoding` is `none`.
    pub(crate) base64: bool,
}

/// One function.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) bindings: Vec<Binding>,
}

/// One binding of a function.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Binding {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) direction: String,
    pub(crate) route: Option<String>,
    pub(crate) methods: Option<Vec<String>>,
    pub(crate) queue_name: Option<String>,
    pub(crate) schedule: Option<String>,
}

impl Function {
    pub(crate) fn new(name: &str, text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct File {
            bindings: Vec<Binding>,
        }
        let file: File = serde_json::from_str(text).map_err(|error| format!("{name}/function.json: {error}"))?;
        Ok(Self { name: name.to_owned(), bindings: file.bindings })
    }

    /// The binding that starts it.
    pub(crate) fn trigger(&self) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.kind.ends_with("Trigger"))
    }

    /// Its trigger, when it is of this kind.
    pub(crate) fn triggered_by(&self, kind: &str) -> Option<&Binding> {
        self.trigger().filter(|trigger| trigger.kind == kind)
    }

    /// Whether a timer calls it each minute. Slower timers never ring here: a drill is over before.
    pub(crate) fn ticks(&self) -> bool {
        let schedule = |trigger: &Binding| trigger.schedule.as_deref().is_none_or(|text| text.starts_with("0 * "));
        self.triggered_by("timerTrigger").is_some_and(schedule)
    }

    /// Whether it has exactly an HTTP trigger and an HTTP answer, which is what can be forwarded (docs/reference/azure.md#http-forwarding).
    pub(crate) fn is_plain_http(&self) -> bool {
        self.bindings.len() == 2
            && self.triggered_by("httpTrigger").is_some()
            && self.bindings.iter().any(|binding| binding.kind == "http")
    }

    /// The queue that an output of this name goes to.
    pub(crate) fn output_queue(&self, output: &str) -> Option<&str> {
        let is_it =
            |binding: &&Binding| binding.kind == "queue" && binding.direction == "out" && binding.name == output;
        self.bindings.iter().find(is_it)?.queue_name.as_deref()
    }

    fn has_output_queue(&self) -> bool {
        self.bindings.iter().any(|binding| binding.kind == "queue" && binding.direction == "out")
    }
}

/// `host.json` as it ships.
const SHIPPED_HOST: &str = include_str!("../../../../../../infra/azure/function/host.json");
/// The functions that ship, by their folders.
const SHIPPED: [(&str, &str); 5] = [
    ("Alarm", include_str!("../../../../../../infra/azure/function/Alarm/function.json")),
    ("Operator", include_str!("../../../../../../infra/azure/function/Operator/function.json")),
    ("Preflight", include_str!("../../../../../../infra/azure/function/Preflight/function.json")),
    ("Tick", include_str!("../../../../../../infra/azure/function/Tick/function.json")),
    ("Work", include_str!("../../../../../../infra/azure/function/Work/function.json")),
];

impl App {
    /// What ships in infra/azure/function.
    ///
    /// # Errors
    /// A file that is not what it should be, by name.
    pub(crate) fn shipped() -> Result<Self, String> {
        let host = serde_json::from_str(SHIPPED_HOST).map_err(|error| format!("host.json: {error}"))?;
        let functions: Result<Vec<Function>, String> =
            SHIPPED.iter().map(|(name, text)| Function::new(name, text)).collect();
        Ok(Self::new(&host, functions?))
    }

    /// Reads a folder as it is deployed, without the handler. `%NAME%` in a queue's name or a schedule stays for the settings to fill.
    ///
    /// # Errors
    /// A file that is missing or is not what it should be, by name.
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let text =
            |path: PathBuf| std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()));
        let host: Value =
            serde_json::from_str(&text(folder.join("host.json"))?).map_err(|error| format!("host.json: {error}"))?;
        let mut functions = Vec::new();
        let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        folders.sort();
        for path in folders.into_iter().filter(|path| path.join("function.json").is_file()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            functions.push(Function::new(&name, &text(path.join("function.json"))?)?);
        }
        Ok(Self::new(&host, functions))
    }

    /// An app of these functions under this host.json.
    pub(crate) fn new(host: &Value, functions: Vec<Function>) -> Self {
        let custom = &host["customHandler"];
        let queues = &host["extensions"]["queues"];
        let forwarding = ["enableForwardingHttpRequest", "enableProxyingHttpRequest"];
        let number = |value: &Value, default: u64| value.as_u64().unwrap_or(default);
        Self {
            functions,
            timeout: span(&host["functionTimeout"]).unwrap_or(TIMEOUT),
            forwarding: forwarding.iter().any(|switch| custom[*switch] == true),
            route_prefix: host["extensions"]["http"]["routePrefix"].as_str().unwrap_or("api").to_owned(),
            queues: QueueSettings {
                retry_after: span(&queues["visibilityTimeout"]).unwrap_or_default(),
                batch: usize::try_from(number(&queues["batchSize"], BATCH as u64)).unwrap_or(BATCH),
                most_deliveries: u32::try_from(number(&queues["maxDequeueCount"], u64::from(MOST_DELIVERIES)))
                    .unwrap_or(MOST_DELIVERIES),
                poll: span(&queues["maxPollingInterval"]).unwrap_or(POLL),
                base64: !queues["messageEncoding"].as_str().is_some_and(|word| word.eq_ignore_ascii_case("none")),
            },
        }
    }

    /// The function that the action group is to call: the one over HTTP that hands its work to a queue.
    pub(crate) fn alarm(&self) -> Option<&Function> {
        self.over_http().find(|function| function.has_output_queue()).or_else(|| self.over_http().next())
    }

    /// The function for operators: the one over HTTP that does its work itself.
    pub(crate) fn operator(&self) -> Option<&Function> {
        self.over_http().find(|function| !function.has_output_queue())
    }

    fn over_http(&self) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter(|function| function.triggered_by("httpTrigger").is_some())
    }

    /// The path of a function's route: `/api/dr-operator`.
    pub(crate) fn route(&self, function: &Function) -> String {
        let own = function.trigger().and_then(|trigger| trigger.route.as_deref()).unwrap_or(&function.name);
        format!("/{}/{}", self.route_prefix.trim_matches('/'), own.trim_matches('/')).replace("//", "/")
    }
}

/// `[d.]hh:mm:ss`; `-1` (no limit) is none.
fn span(value: &Value) -> Option<Duration> {
    let text = value.as_str()?;
    let (days, rest) = match text.split_once('.') {
        Some((days, rest)) if rest.contains(':') => (days.parse::<u64>().ok()?, rest),
        _ => (0, text),
    };
    let parts: Option<Vec<f64>> = rest.split(':').map(|part| part.parse().ok()).collect();
    match parts?[..] {
        [hours, minutes, seconds] => {
            Some(Duration::from_secs_f64(days as f64 * 86_400.0 + hours * 3600.0 + minutes * 60.0 + seconds))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spans_are_read_as_the_host_reads_them() {
        assert_eq!(span(&json!("00:04:00")), Some(Duration::from_secs(240)));
        assert_eq!(span(&json!("1.00:00:30")), Some(Duration::from_secs(86_430)));
        assert_eq!(span(&json!("00:00:00.5")), Some(Duration::from_millis(500)));
        assert_eq!(span(&json!("-1")), None);
    }

    #[test]
    fn what_host_json_leaves_out_is_as_the_host_has_it() {
        let app = App::new(&json!({"version": "2.0"}), Vec::new());
        assert_eq!((app.timeout.as_secs(), app.forwarding, app.queues.most_deliveries), (1800, false, 5));
    }

    #[test]
    fn only_http_in_and_out_can_be_forwarded() {
        let http = r#"{"type": "httpTrigger", "direction": "in", "name": "req"}, {"type": "http", "direction": "out", "name": "res"}"#;
        let plain = Function::new("O", &format!("{{\"bindings\": [{http}]}}")).expect("plain");
        let queue = r#"{"type": "queue", "direction": "out", "name": "work", "queueName": "dr-work"}"#;
        let alarm = Function::new("A", &format!("{{\"bindings\": [{http}, {queue}]}}")).expect("alarm");
        assert!(plain.is_plain_http() && !alarm.is_plain_http());
        assert_eq!(alarm.output_queue("work"), Some("dr-work"));
        let app = App::new(&json!({}), vec![plain, alarm]);
        assert_eq!(app.alarm().map(|function| function.name.as_str()), Some("A"));
        assert_eq!(app.operator().map(|function| function.name.as_str()), Some("O"));
        assert_eq!(app.route(&app.functions[1]), "/api/A");
    }
}
