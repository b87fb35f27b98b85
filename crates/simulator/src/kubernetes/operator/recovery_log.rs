//! What a LogScale node logs while it recovers from the primary's bucket: the lines of docs/reference/logscale.md#recovery-log.

use jiff::Timestamp;
use serde_json::{Value, json};

/// When the first line is written, in simulated seconds after the pod's creation.
const FIRST_LINE_S: f64 = 4.0;
/// From line to line, in simulated seconds: 13 lines end before the node is ready.
const LINE_S: f64 = 1.5;
/// The snapshot's place in the primary's queue; any number does, as long as all lines agree.
const OFFSET: &str = "epochOffset={epoch=0 offset=699094}";
/// With a recovery source this variable decides alone whether the queue may be reset.
const RESET_VARIABLE: &str = "ALLOW_KAFKA_RESET_UNTIL_TIMESTAMP_MS";

/// The lines of a node's log, each with the instant that `at` gives for its second after the pod's creation.
pub(super) fn lines(cluster: &Value, at: impl Fn(f64) -> Timestamp) -> Vec<(Timestamp, String)> {
    let created = at(0.0);
    let mut messages = recovery_log(cluster);
    if is_fatal(cluster, created) {
        messages.push("The Kafka cluster's epoch key has changed and a reset is not allowed: shutting down".to_owned());
    }
    let line = |(index, message): (usize, String)| {
        let when = at(FIRST_LINE_S + LINE_S * index as f64);
        let level = if message.starts_with("The Kafka") { "FATAL" } else { "INFO" };
        let json = json!({
            "@timestamp": when.to_string(), "loglevel": level, "thread": "main",
            "class": "com.humio.entities.files.DataSnapshotLoader", "message": message,
        });
        (when, json.to_string())
    };
    messages.into_iter().enumerate().map(line).collect()
}

/// Whether the node stops: it recovers from another cluster, and the reset variable, which then takes precedence over the
/// automatic reset, lies in the past (docs/reference/logscale.md#kafka-reset).
pub(super) fn is_fatal(cluster: &Value, now: Timestamp) -> bool {
    let Some(until) = variable(cluster, RESET_VARIABLE) else { return false };
    let past = until.parse::<i64>().map_or(true, |until| until < now.as_millisecond());
    variable(cluster, "S3_RECOVER_FROM_BUCKET").is_some() && past
}

/// A variable by its name on AWS; `AZURE_` takes the place of `S3_` on Azure (docs/reference/logscale.md#recovery-variables).
fn variable<'a>(cluster: &'a Value, name: &str) -> Option<&'a str> {
    let spec = &cluster["spec"];
    let on_azure = name.strip_prefix("S3_").map(|rest| format!("AZURE_{rest}"));
    let lists = [&spec["environmentVariables"], &spec["commonEnvironmentVariables"]];
    let mut entries = lists.into_iter().flat_map(|list| list.as_array().into_iter().flatten());
    let is_it = |entry: &&Value| entry["name"] == name || on_azure.as_deref().is_some_and(|name| entry["name"] == name);
    entries.find(is_it).and_then(|entry| entry["value"].as_str())
}

fn recovery_log(cluster: &Value) -> Vec<String> {
    let own = variable(cluster, "S3_STORAGE_BUCKET").unwrap_or("unset");
    let fetch = |bucket: &str| {
        format!("Trying to fetch a global snapshot from bucket storage s3 if one exists in bucket={bucket}")
    };
    let mut lines = vec![
        "Checking bucket storage localAndHttpWereEmpty=true".to_owned(),
        fetch(own),
        "Fetching global snapshot from bucket storage s3 found no snapshot to fetch.".to_owned(),
    ];
    let Some(source) = variable(cluster, "S3_RECOVER_FROM_BUCKET") else { return lines };
    lines.extend([
        "Trying to fetch a global snapshot as recovery source from bucket storage in s3".to_owned(),
        fetch(source),
        format!("Fetched global snapshot from bucket storage s3 found snapshot with {OFFSET}"),
        format!("Fetched a global snapshot as recovery source from bucket storage in s3 and got snapshot with {OFFSET} now patching..."),
        "Snapshots to choose from, last is better...: List(({epoch=0 offset=699094},s3))".to_owned(),
        format!("Selecting snapshot from source=s3 with {OFFSET}"),
    ]);
    for (name, what) in [("S3_RECOVER_FROM_REPLACE_REGION", "region"), ("S3_RECOVER_FROM_REPLACE_BUCKET", "bucket")] {
        if let Some((from, to)) = variable(cluster, name).and_then(|value| value.split_once('/')) {
            lines.push(format!(
                "updateSnapshotForDisasterRecovery: Patching {what} using from={from} to={to} on bucketId=1"
            ));
        }
    }
    lines.push("updateSnapshotForDisasterRecovery: Patching access configs from RECOVER_FROM on bucketId=1".to_owned());
    lines.push(format!(
        "updateSnapshotForDisasterRecovery: setting readOnly=true on bucketId=1 keyPrefix= new value for bucket={own}"
    ));
    lines
}
