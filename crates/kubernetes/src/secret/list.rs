//! The secrets of a namespace: listed by kind or by name, and deleted in the version that was seen. The Role has no
//! `get` for secrets.

use holdfast_core::{Call, Fault};
use serde_json::{Value, json};

use super::Secret;
use crate::api::{self, Api, DELETE_SECRET, LIST_FEW_SECRETS, LIST_SECRETS, Listed};

/// The secrets that cert-manager issues.
const TLS: &str = "fieldSelector=type=kubernetes.io/tls";

/// The others, without the records of Helm releases: up to a megabyte each, and nothing of them is wanted.
const OTHERS: &str = "fieldSelector=type!=kubernetes.io/tls,type!=helm.sh/release.v1";

/// The secrets of type `kubernetes.io/tls` that `keep` wants.
///
/// # Errors
/// Faults of the API server.
pub async fn of_tls(api: &Api, call: &Call, keep: impl Fn(&Secret) -> bool) -> Result<Listed<Secret>, Fault> {
    api.list(call, &LIST_SECRETS, TLS, keep).await
}

/// The secrets of other types, without those of Helm; `None` when there are more than `most`, or more bytes than one
/// small page.
///
/// # Errors
/// Faults of the API server.
pub async fn few_others(api: &Api, call: &Call, most: usize) -> Result<Option<Vec<Secret>>, Fault> {
    api.short_list(call, &LIST_FEW_SECRETS, OTHERS, most).await
}

/// The secret `name`, where it exists.
///
/// # Errors
/// Faults of the API server.
pub async fn named(api: &Api, call: &Call, name: &str) -> Result<Option<Secret>, Fault> {
    if !api::is_name(name) {
        return Ok(None);
    }
    let query = format!("fieldSelector=metadata.name={name}");
    let is_it = |secret: &Secret| secret.metadata.name == name;
    Ok(api.list(call, &LIST_SECRETS, &query, is_it).await?.items.into_iter().next())
}

/// Deletes the secret `name` if it is still the one of this identity and version. Returns whether the answer says that it
/// is gone; one that waits for finalizers, or was only accepted for deletion, is not.
///
/// # Errors
/// Faults of the API server: `Conflict` when it is another one by now, `NotFound` when it is gone.
pub async fn delete(api: &Api, call: &Call, name: &str, uid: &str, resource_version: &str) -> Result<bool, Fault> {
    let preconditions = json!({"uid": uid, "resourceVersion": resource_version});
    let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions});
    api.write(call, &DELETE_SECRET, name, &options).await.map(|answer| is_gone(&answer))
}

/// The API server answers with the object while something keeps it, and with a `Status` of code 202 where it goes later.
fn is_gone(answer: &Value) -> bool {
    let code = answer.get("code").map_or(Some(200), Value::as_i64);
    answer["kind"] == "Status" && answer["status"] == "Success" && code == Some(200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_of_success_says_that_a_secret_is_gone() {
        let status = json!({"kind": "Status", "status": "Success", "details": {"name": "s", "kind": "secrets"}});
        let with = |key: &str, value: Value| {
            let mut answer = status.clone();
            answer[key] = value;
            answer
        };
        assert!(is_gone(&status) && is_gone(&with("code", json!(200))));
        let kept = json!({"kind": "Secret", "metadata": {"name": "s", "finalizers": ["example.com/keep"]}});
        for other in [kept, with("code", json!(202)), with("status", json!("Failure")), json!({})] {
            assert!(!is_gone(&other), "{other}");
        }
    }
}
