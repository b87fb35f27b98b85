//! Questions about oneself: `kubectl auth can-i` and `kubectl auth whoami`.

use serde_json::{Value, json};

use super::failure::Failure;
use super::rbac;
use super::request::RequestInfo;
use super::store::Store;
use super::token::Identity;

/// Answers a SelfSubjectAccessReview or a SelfSubjectReview.
pub(super) fn answer(store: &Store, who: &Identity, info: &RequestInfo, body: &Value) -> Result<Value, Failure> {
    let mut answer = body.clone();
    match (info.group.as_str(), info.resource.as_str()) {
        ("authorization.k8s.io", "selfsubjectaccessreviews") => {
            answer["status"] = json!({"allowed": rbac::allows(store, who, &question(&body["spec"]))});
        }
        ("authentication.k8s.io", "selfsubjectreviews") => {
            answer["status"] = json!({"userInfo": {"username": who.user, "groups": who.groups}});
        }
        _ => return Err(Failure::no_such_path()),
    }
    Ok(answer)
}

fn question(spec: &Value) -> RequestInfo {
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    let part = |field: &str| resource[field].as_str().unwrap_or_default().to_owned();
    let verb = resource["verb"].as_str().or_else(|| path["verb"].as_str()).unwrap_or_default();
    RequestInfo {
        verb: verb.to_owned(),
        group: part("group"),
        version: part("version"),
        resource: part("resource"),
        subresource: part("subresource"),
        namespace: part("namespace"),
        name: part("name"),
        path: path["path"].as_str().unwrap_or_default().to_owned(),
        ..RequestInfo::default()
    }
}
