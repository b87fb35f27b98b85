//! Authorisation: Roles and RoleBindings of the store, and the few things that every cluster allows.

use serde_json::{Value, json};

use super::failure::Failure;
use super::request::RequestInfo;
use super::store::Store;
use super::token::Identity;

/// The group that may do everything.
pub(super) const MASTERS: &str = "system:masters";
/// The group of everybody who has logged in.
pub(super) const AUTHENTICATED: &str = "system:authenticated";

/// Whether `who` may do what `info` asks.
pub(super) fn allows(store: &Store, who: &Identity, info: &RequestInfo) -> bool {
    if in_group(who, MASTERS) {
        return true;
    }
    if !info.is_resource() {
        return allows_path(who, info);
    }
    is_self_review(who, info) || bound_rules(store, who, &info.namespace).any(|rule| rule_allows(rule, info))
}

/// The refusal in the real server's words.
pub(super) fn refusal(who: &Identity, info: &RequestInfo) -> Failure {
    if !info.is_resource() {
        let message = format!("forbidden: User \"{}\" cannot {} path \"{}\"", who.user, info.verb, info.path);
        return Failure::forbidden(message, json!({}));
    }
    let qualified =
        if info.group.is_empty() { info.resource.clone() } else { format!("{}.{}", info.resource, info.group) };
    let subject = if info.name.is_empty() { qualified } else { format!("{qualified} \"{}\"", info.name) };
    let place = if info.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{}\"", info.namespace)
    };
    let message = format!(
        "{subject} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
        who.user,
        info.verb,
        info.resource_path(),
        info.group
    );
    let mut details = json!({"kind": info.resource});
    for (field, value) in [("name", &info.name), ("group", &info.group)] {
        if !value.is_empty() {
            details[field] = value.as_str().into();
        }
    }
    Failure::forbidden(message, details)
}

fn in_group(who: &Identity, group: &str) -> bool {
    who.groups.iter().any(|mine| mine == group)
}

/// Discovery and health, as the default ClusterRoles `system:discovery` and `system:public-info-viewer` grant them.
fn allows_path(who: &Identity, info: &RequestInfo) -> bool {
    if info.verb != "get" {
        return false;
    }
    let path = info.path.trim_end_matches('/');
    if matches!(path, "/healthz" | "/livez" | "/readyz" | "/version") {
        return true;
    }
    let below = |root: &str| path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    in_group(who, AUTHENTICATED) && ["/api", "/apis", "/openapi"].into_iter().any(below)
}

/// Reviews of one's own rights, as the default ClusterRole `system:basic-user` grants them.
fn is_self_review(who: &Identity, info: &RequestInfo) -> bool {
    let review = matches!(
        (info.group.as_str(), info.resource.as_str()),
        ("authorization.k8s.io", "selfsubjectaccessreviews") | ("authentication.k8s.io", "selfsubjectreviews")
    );
    review && info.verb == "create" && in_group(who, AUTHENTICATED)
}

fn bound_rules<'a>(store: &'a Store, who: &'a Identity, namespace: &'a str) -> impl Iterator<Item = &'a Value> {
    let bindings = store.list("rolebindings", namespace).filter(move |_| !namespace.is_empty());
    bindings.filter(|binding| items(&binding["subjects"]).any(|subject| is_subject(subject, who))).flat_map(
        move |binding| {
            let role = &binding["roleRef"];
            store
                .list("roles", namespace)
                .filter(move |candidate| role["kind"] == "Role" && candidate["metadata"]["name"] == role["name"])
                .flat_map(|found| items(&found["rules"]))
        },
    )
}

fn is_subject(subject: &Value, who: &Identity) -> bool {
    let name = subject["name"].as_str().unwrap_or_default();
    match subject["kind"].as_str() {
        Some("Group") => in_group(who, name),
        Some("User") => who.user == name,
        Some("ServiceAccount") => {
            let namespace = subject["namespace"].as_str().unwrap_or_default();
            who.user == format!("system:serviceaccount:{namespace}:{name}")
        }
        _ => false,
    }
}

fn rule_allows(rule: &Value, info: &RequestInfo) -> bool {
    let has = |field: &str, wanted: &str| items(&rule[field]).any(|value| value == "*" || value == wanted);
    let wildcard = format!("*/{}", info.subresource);
    let resource =
        has("resources", &info.resource_path()) || (!info.subresource.is_empty() && has("resources", &wildcard));
    let mut names = items(&rule["resourceNames"]).peekable();
    let name = names.peek().is_none() || names.any(|name| !info.name.is_empty() && *name == info.name.as_str());
    has("verbs", &info.verb) && has("apiGroups", &info.group) && resource && name
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
