//! Tables: what `kubectl get` asks for, with the columns that the real server prints.

use http::{HeaderMap, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::clock;
use super::kinds::Kind;

/// Whether, and with how much of each object, a client wants a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// Plain objects.
    Objects,
    /// A table whose rows hold the objects' metadata.
    Table,
    /// A table whose rows hold the whole objects (`includeObject=Object`).
    TableWithObjects,
}

impl View {
    /// Reads the Accept header and the `includeObject` parameter.
    pub(super) fn of(headers: &HeaderMap, include: Option<&str>) -> View {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match include {
            _ if !accept.split(',').next().is_some_and(|first| first.contains("as=Table")) => View::Objects,
            Some("Object") => View::TableWithObjects,
            _ => View::Table,
        }
    }

    /// The object as this view shows it alone: in a watch, or the answer to a get.
    pub(super) fn single(self, kind: &Kind, object: Value) -> Value {
        if self == View::Objects {
            return object;
        }
        let metadata = json!({"resourceVersion": object["metadata"]["resourceVersion"]});
        self.table(kind, metadata, &[object])
    }

    /// A table of these objects with the list's metadata.
    pub(super) fn table(self, kind: &Kind, metadata: Value, objects: &[Value]) -> Value {
        let now = clock::now();
        let names = std::iter::once("Name").chain(columns(kind).iter().map(|(name, _)| *name));
        let definitions: Vec<Value> = names
            .map(|name| json!({"name": name, "type": "string", "format": if name == "Name" { "name" } else { "" }, "description": "", "priority": 0}))
            .collect();
        let rows: Vec<Value> = objects.iter().map(|object| self.row(kind, object, now)).collect();
        json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": definitions, "rows": rows,
        })
    }

    fn row(self, kind: &Kind, object: &Value, now: Timestamp) -> Value {
        let mut cells = vec![object["metadata"]["name"].clone()];
        cells.extend(columns(kind).iter().map(|(_, cell)| Value::String(cell(object, now))));
        let inner = if self == View::TableWithObjects {
            object.clone()
        } else {
            json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
        };
        json!({"cells": cells, "object": inner})
    }
}

type Cell = fn(&Value, Timestamp) -> String;

/// The columns after the name.
fn columns(kind: &Kind) -> &'static [(&'static str, Cell)] {
    match kind.plural {
        "pods" => &[("Ready", pod_ready), ("Status", pod_phase), ("Restarts", |_, _| "0".to_owned()), ("Age", age)],
        "deployments" => &[
            ("Ready", |object, _| {
                format!("{}/{}", count(&object["status"]["readyReplicas"]), count(&object["spec"]["replicas"]))
            }),
            ("Up-to-date", |object, _| count(&object["status"]["updatedReplicas"]).to_string()),
            ("Available", |object, _| count(&object["status"]["availableReplicas"]).to_string()),
            ("Age", age),
        ],
        "replicasets" => &[
            ("Desired", |object, _| count(&object["spec"]["replicas"]).to_string()),
            ("Current", |object, _| count(&object["status"]["replicas"]).to_string()),
            ("Ready", |object, _| count(&object["status"]["readyReplicas"]).to_string()),
            ("Age", age),
        ],
        "secrets" => &[("Type", |object, _| text(&object["type"])), ("Data", data), ("Age", age)],
        "configmaps" => &[("Data", data), ("Age", age)],
        "leases" => &[("Holder", |object, _| text(&object["spec"]["holderIdentity"])), ("Age", age)],
        "namespaces" => &[("Status", |object, _| text(&object["status"]["phase"])), ("Age", age)],
        "humioclusters" => &[
            ("State", |object, _| text(&object["status"]["state"])),
            ("Nodes", |object, _| {
                object["status"]["nodeCount"].as_i64().map_or_else(String::new, |nodes| nodes.to_string())
            }),
            ("Version", |object, _| text(&object["status"]["version"])),
        ],
        _ => &[("Age", age)],
    }
}

fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn data(object: &Value, _: Timestamp) -> String {
    object["data"].as_object().map_or(0, serde_json::Map::len).to_string()
}

fn pod_ready(pod: &Value, _: Timestamp) -> String {
    let statuses = pod["status"]["containerStatuses"].as_array().map_or(&[][..], Vec::as_slice);
    let ready = statuses.iter().filter(|one| one["ready"] == true).count();
    format!("{ready}/{}", pod["spec"]["containers"].as_array().map_or(0, Vec::len))
}

fn pod_phase(pod: &Value, _: Timestamp) -> String {
    text(&pod["status"]["phase"])
}

/// The age as `kubectl` prints it: seconds up to two minutes, then ever coarser.
fn age(object: &Value, now: Timestamp) -> String {
    let Some(made) = object["metadata"]["creationTimestamp"].as_str().and_then(|at| at.parse::<Timestamp>().ok())
    else {
        return "<unknown>".to_owned();
    };
    let seconds = (now.as_second() - made.as_second()).max(0);
    match (seconds, seconds / 60, seconds / 3600) {
        (0..120, _, _) => format!("{seconds}s"),
        (_, minutes @ 0..10, _) if seconds % 60 > 0 => format!("{minutes}m{}s", seconds % 60),
        (_, minutes @ 0..180, _) => format!("{minutes}m"),
        (_, _, hours @ 0..48) => format!("{hours}h"),
        (_, _, hours) => format!("{}d", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_grow_coarser() {
        let now = Timestamp::from_second(10_000_000).unwrap();
        let aged = |seconds: i64| {
            let made = Timestamp::from_second(10_000_000 - seconds).unwrap();
            age(&json!({"metadata": {"creationTimestamp": made.to_string()}}), now)
        };
        let ages = [0, 119, 125, 540, 3600, 10_800, 200_000].map(aged);
        assert_eq!(ages, ["0s", "119s", "2m5s", "9m", "60m", "3h", "2d"]);
        assert_eq!(age(&json!({}), now), "<unknown>");
    }

    #[test]
    fn only_the_clients_first_wish_counts() {
        let wants = |accept: &str, include: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            View::of(&headers, include)
        };
        assert_eq!(wants("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", None), View::Table);
        assert_eq!(wants("application/json;as=Table;v=v1;g=meta.k8s.io", Some("Object")), View::TableWithObjects);
        assert_eq!(wants("application/json", Some("Object")), View::Objects);
    }

    #[test]
    fn a_row_has_a_cell_for_each_column() {
        for kind in crate::kubernetes::kinds::KINDS {
            let table = View::Table.single(kind, json!({"metadata": {"name": "one"}}));
            let columns = table["columnDefinitions"].as_array().unwrap().len();
            assert_eq!(table["rows"][0]["cells"].as_array().unwrap().len(), columns, "{}", kind.plural);
        }
    }
}
