//! Watches: a stream of JSON events, one to a line, from a resourceVersion on.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::cluster::Cluster;
use super::failure::Failure;
use super::kinds::Kind;
use super::request::RequestInfo;
use super::selector::Selector;
use super::store::Event;
use super::table::View;

/// How long a watch lasts that names no `timeoutSeconds`: the real server picks 30 to 60 minutes.
const LONGEST_WATCH: Duration = Duration::from_secs(30 * 60);

/// A running watch.
struct Watch {
    cluster: Arc<Cluster>,
    kind: &'static Kind,
    namespace: String,
    selector: Selector,
    view: View,
    revision: u64,
    ready: VecDeque<Value>,
    news: watch::Receiver<u64>,
    until: Instant,
    over: bool,
}

/// Starts a watch and gives the body of its answer.
pub(super) fn start(
    cluster: Arc<Cluster>,
    kind: &'static Kind,
    info: &RequestInfo,
    selector: Selector,
    view: View,
) -> Result<Body, Failure> {
    let parameter = |name: &str| info.query.get(name).map(String::as_str).unwrap_or_default();
    let from = match parameter("resourceVersion") {
        "" | "0" => None,
        text => Some(text.parse().map_err(|_| {
            Failure::unparsable_version(&format!("resourceVersion: Invalid value: \"{text}\": "), text)
        })?),
    };
    let timeout = parameter("timeoutSeconds").parse().map_or(LONGEST_WATCH, Duration::from_secs);
    let (news, revision, existing) = {
        let state = cluster.state();
        let existing: Vec<Value> = state.store.list(kind.plural, &info.namespace).cloned().collect();
        (state.store.subscribe(), state.store.revision(), existing)
    };
    let mut watch = Watch {
        cluster,
        kind,
        namespace: info.namespace.clone(),
        selector,
        view,
        revision: from.unwrap_or(revision),
        ready: VecDeque::new(),
        news,
        until: Instant::now() + timeout,
        over: false,
    };
    let wants_all = info.flag("sendInitialEvents");
    if wants_all || from.is_none() {
        watch.revision = revision;
        watch.begin_with(existing, wants_all);
    }
    Ok(Body::from_stream(stream::unfold(watch, |mut watch| async move {
        let line = watch.next().await?;
        Some((Ok::<Bytes, Infallible>(line), watch))
    })))
}

impl Watch {
    fn begin_with(&mut self, existing: Vec<Value>, bookmark: bool) {
        let selected = existing.into_iter().filter(|object| self.selector.matches(object));
        let shown = selected.map(|object| self.view.single(self.kind, object));
        self.ready.extend(shown.map(|object| json!({"type": "ADDED", "object": object})));
        if bookmark {
            let metadata = json!({
                "resourceVersion": self.revision.to_string(), "annotations": {"k8s.io/initial-events-end": "true"},
            });
            let object = json!({"kind": self.kind.kind, "apiVersion": self.kind.api_version(), "metadata": metadata});
            self.ready.push_back(json!({"type": "BOOKMARK", "object": object}));
        }
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Bytes::from(format!("{event}\n")));
            }
            if self.over {
                return None;
            }
            self.news.borrow_and_update();
            self.collect();
            if self.ready.is_empty() && !self.over {
                match tokio::time::timeout_at(self.until, self.news.changed()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => self.over = true,
                }
            }
        }
    }

    fn collect(&mut self) {
        let found = self.cluster.state().store.events_after(self.revision);
        match found {
            Ok(events) => {
                self.revision = events.last().map_or(self.revision, |event| event.revision);
                let lines: Vec<Value> = events.iter().filter_map(|event| self.line(event)).collect();
                self.ready.extend(lines);
            }
            Err(oldest) => {
                let status = Failure::expired(self.revision, oldest).status();
                self.ready.push_back(json!({"type": "ERROR", "object": status}));
                self.over = true;
            }
        }
    }

    /// The event as this watch sees it: an object that begins or ceases to match its selector is added or deleted.
    fn line(&self, event: &Event) -> Option<Value> {
        let here = self.namespace.is_empty() || event.key.namespace == self.namespace || !self.kind.namespaced;
        if event.key.plural != self.kind.plural || !here {
            return None;
        }
        let before = event.before.as_ref().is_some_and(|object| self.selector.matches(object));
        let after = !event.deleted && self.selector.matches(&event.after);
        let name = match (before, after) {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => return None,
        };
        Some(json!({"type": name, "object": self.view.single(self.kind, event.after.clone())}))
    }
}
