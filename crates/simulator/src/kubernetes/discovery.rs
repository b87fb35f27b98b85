//! What clients ask first: version, groups, resources, and just enough OpenAPI for `kubectl` to know which
//! query parameters a resource takes.

use serde_json::{Map, Value, json};

use super::kinds::{KINDS, Kind};

/// The Kubernetes version that this server stands for.
const VERSION: (&str, &str, &str) = ("1", "33", "v1.33.4-eks-simulated");

/// The answer to a discovery path, if it is one.
pub(super) fn answer(path: &str) -> Option<Value> {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match segments.as_slice() {
        ["version"] => Some(version()),
        ["api"] => Some(json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})),
        ["apis"] => Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups()})),
        ["api", "v1"] => Some(resources("", "v1")),
        ["apis", group] => groups().into_iter().find(|found| found["name"] == *group).map(with_kind),
        ["apis", group, version] => is_served(group, version).then(|| resources(group, version)),
        ["openapi", "v3"] => Some(openapi_index()),
        ["openapi", "v3", "api", "v1"] => Some(openapi("", "v1")),
        ["openapi", "v3", "apis", group, version] => is_served(group, version).then(|| openapi(group, version)),
        _ => None,
    }
}

fn version() -> Value {
    let (major, minor, git) = VERSION;
    json!({
        "major": major, "minor": minor, "gitVersion": git, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.24", "compiler": "gc", "platform": "linux/amd64",
    })
}

/// Every group and version but the core one; each group has one version here.
fn group_versions() -> Vec<(&'static str, &'static str)> {
    let mut found: Vec<_> =
        KINDS.iter().filter(|kind| !kind.group.is_empty()).map(|kind| (kind.group, kind.version)).collect();
    found.extend([("authentication.k8s.io", "v1"), ("authorization.k8s.io", "v1")]);
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether anything is served under this group at all.
pub(super) fn is_group(group: &str) -> bool {
    group.is_empty() || group_versions().iter().any(|(known, _)| *known == group)
}

fn is_served(group: &str, version: &str) -> bool {
    group_versions().contains(&(group, version))
}

fn groups() -> Vec<Value> {
    let describe = |(group, version): (&str, &str)| {
        let version = json!({"groupVersion": format!("{group}/{version}"), "version": version});
        json!({"name": group, "versions": [version], "preferredVersion": version})
    };
    group_versions().into_iter().map(describe).collect()
}

fn with_kind(mut group: Value) -> Value {
    group["kind"] = "APIGroup".into();
    group["apiVersion"] = "v1".into();
    group
}

fn resources(group: &str, version: &str) -> Value {
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let kinds = KINDS.iter().filter(|kind| kind.group == group && kind.version == version);
    let mut list: Vec<Value> = kinds.flat_map(describe).collect();
    let review = |plural: &str, kind: &str| json!({"name": plural, "singularName": "", "namespaced": false, "kind": kind, "verbs": ["create"]});
    match group {
        "authorization.k8s.io" => list.push(review("selfsubjectaccessreviews", "SelfSubjectAccessReview")),
        "authentication.k8s.io" => list.push(review("selfsubjectreviews", "SelfSubjectReview")),
        _ => {}
    }
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list})
}

fn describe(kind: &Kind) -> Vec<Value> {
    let verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];
    let mut own = json!({
        "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind, "verbs": verbs,
    });
    if !kind.short.is_empty() {
        own["shortNames"] = json!(kind.short);
    }
    if matches!(kind.plural, "pods" | "services" | "deployments" | "replicasets") {
        own["categories"] = json!(["all"]);
    }
    let below = kind.subresources().map(|subresource| {
        let mut entry = json!({
            "name": format!("{}/{subresource}", kind.plural), "singularName": "", "namespaced": kind.namespaced,
            "kind": kind.kind, "verbs": if subresource == "log" { vec!["get"] } else { vec!["get", "patch", "update"] },
        });
        if subresource == "scale" {
            entry["kind"] = "Scale".into();
            entry["group"] = "autoscaling".into();
            entry["version"] = "v1".into();
        }
        entry
    });
    std::iter::once(own).chain(below).collect()
}

fn openapi_index() -> Value {
    let mut paths = Map::new();
    paths.insert("api/v1".to_owned(), json!({"serverRelativeURL": "/openapi/v3/api/v1"}));
    for (group, version) in group_versions() {
        let path = format!("apis/{group}/{version}");
        let url = format!("/openapi/v3/{path}");
        paths.insert(path, json!({"serverRelativeURL": url}));
    }
    json!({"paths": paths})
}

/// One PATCH operation per kind, with the parameters by which `kubectl` tells that the server validates by itself.
fn openapi(group: &str, version: &str) -> Value {
    let mut paths = Map::new();
    for kind in KINDS.iter().filter(|kind| kind.group == group && kind.version == version) {
        let root = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/{version}") };
        let scope = if kind.namespaced { "/namespaces/{namespace}" } else { "" };
        let parameter =
            |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
        let operation = json!({
            "parameters": [parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation")],
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": kind.kind},
        });
        paths.insert(format!("{root}{scope}/{}/{{name}}", kind.plural), json!({"patch": operation}));
    }
    json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": VERSION.2}, "paths": paths, "components": {"schemas": {}}})
}
