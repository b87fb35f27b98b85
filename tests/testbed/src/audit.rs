//! What the API server says was asked of it.
//!
//! The log is the proof of which verbs on which resources were really used, to be held against the Role that we ship.

use std::{
    collections::HashMap,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use kube::Client;
use serde::Deserialize;

use crate::Error;

/// A line is written within milliseconds of the answer.
const WRITTEN_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);

/// One request, as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it was answered.
    pub at: Timestamp,
    /// Who asked.
    pub user: String,
    /// The verb that RBAC knows: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// API group; empty for the core group, and for requests that concern no resource.
    pub api_group: String,
    /// Plural name of the resource; empty when the request concerns none (`/version`).
    pub resource: String,
    /// `scale`, `status` and the like; empty when the object itself is meant.
    pub subresource: String,
    /// Namespace; empty when there is none.
    pub namespace: String,
    /// Name of the object; empty when there is none.
    pub name: String,
    /// Path and query, as sent.
    pub path: String,
    /// HTTP status of the answer: 403 is a refusal by RBAC. A watch that is still open has 200.
    pub code: u16,
}

/// Reads the log after making sure that all that was answered before this call is in it: the server writes a line a
/// moment after its answer, so a request that can be told from all others is sent and waited for. Only lines with
/// `part` in them are taken apart, which is what takes the time.
pub(crate) async fn read(client: &Client, log: &Path, part: &str) -> Result<Vec<AuditEntry>, Error> {
    // Several may be reading at once.
    static READS: AtomicUsize = AtomicUsize::new(0);
    let marker = format!("/version?noted={};", READS.fetch_add(1, Ordering::Relaxed));
    let request = http::Request::get(&marker).body(Vec::new()).expect("a constant path and a number make a request");
    client.request_text(request).await?;
    let waiting = async {
        loop {
            let text = std::fs::read_to_string(log).map_err(Error::io(format!("read {}", log.display())))?;
            if text.contains(&marker) {
                let lines = text.lines().filter(|line| line.contains(part));
                return Ok(parse(lines)
                    .into_iter()
                    .filter(|entry| !entry.path.starts_with("/version?noted="))
                    .collect());
            }
            tokio::time::sleep(POLL).await;
        }
    };
    let too_late = |_| Error::TimedOut {
        what: "the note of a request".to_owned(),
        within_s: WRITTEN_WITHIN.as_secs(),
        log: log.display().to_string(),
    };
    tokio::time::timeout(WRITTEN_WITHIN, waiting).await.map_err(too_late)?
}

/// The entries of a log: one for each request, though a watch has two lines. A last line that is still being written
/// is left out.
fn parse<'a>(log: impl Iterator<Item = &'a str>) -> Vec<AuditEntry> {
    let mut entries: Vec<AuditEntry> = Vec::new();
    let mut places = HashMap::new();
    for line in log {
        let Ok(line) = serde_json::from_str::<Line>(line) else {
            continue;
        };
        let place = *places.entry(line.audit_id.clone()).or_insert(entries.len());
        if place == entries.len() {
            entries.push(line.into());
        } else {
            entries[place] = line.into();
        }
    }
    entries
}

/// An `Event` of `audit.k8s.io/v1`, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "auditID")]
    audit_id: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    stage_timestamp: Timestamp,
    verb: String,
    user: Who,
    #[serde(default)]
    object_ref: ObjectRef,
    #[serde(default)]
    response_status: Status,
}

#[derive(Deserialize)]
struct Who {
    #[serde(default)]
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ObjectRef {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    code: u16,
}

impl From<Line> for AuditEntry {
    fn from(line: Line) -> Self {
        Self {
            at: line.stage_timestamp,
            user: line.user.username,
            verb: line.verb,
            api_group: line.object_ref.api_group,
            resource: line.object_ref.resource,
            subresource: line.object_ref.subresource,
            namespace: line.object_ref.namespace,
            name: line.object_ref.name,
            path: line.request_uri,
            code: line.response_status.code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    const WATCH_OPENED: &str = r#"{"auditID":"a","stage":"ResponseStarted","requestURI":"/api/v1/pods?watch=1","stageTimestamp":"2026-01-01T00:00:00.000000Z","verb":"watch","user":{"username":"u"},"objectRef":{"resource":"pods","apiVersion":"v1"},"responseStatus":{"code":200}}"#;
    const SCALED: &str = r#"{"auditID":"b","requestURI":"/x","stageTimestamp":"2026-01-01T00:00:01.250000Z","verb":"patch","user":{"username":"u"},"objectRef":{"resource":"deployments","namespace":"logging","name":"humio-operator","apiGroup":"apps","subresource":"scale"},"responseStatus":{"code":403}}"#;

    #[test]
    fn a_watch_that_opened_and_closed_is_one_request() {
        let log =
            format!("{WATCH_OPENED}\n{SCALED}\n{}\n", WATCH_OPENED.replace("ResponseStarted", "ResponseComplete"));
        let verbs: Vec<_> = parse(log.lines()).into_iter().map(|entry| entry.verb).collect();
        assert_eq!(verbs, ["watch", "patch"]);
    }

    #[test]
    fn a_line_that_is_still_being_written_is_left_out() {
        let log = format!("{SCALED}\n{}", &WATCH_OPENED[..40]);
        assert_eq!(parse(log.lines()).len(), 1);
    }

    #[test]
    fn an_entry_names_group_subresource_object_and_outcome() {
        let entry = parse(SCALED.lines()).remove(0);
        let object = [entry.api_group, entry.resource, entry.subresource, entry.namespace, entry.name];
        assert_eq!(object, ["apps", "deployments", "scale", "logging", "humio-operator"]);
        assert_eq!((entry.code, entry.at.to_string().as_str()), (403, "2026-01-01T00:00:01.25Z"));
    }
}
