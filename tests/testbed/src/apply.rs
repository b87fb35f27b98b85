//! Objects from YAML, put in place as the administrator would.

use std::time::Duration;

use kube::{
    Api, Client,
    api::{DynamicObject, Patch, PatchParams},
    core::{GroupVersionKind, TypeMeta},
    discovery::{ApiResource, Scope, pinned_kind},
};
use serde_json::Value;

use crate::Error;

/// A custom resource is served a second or two after its definition was accepted.
const SERVED_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);
/// The owner of the fields that the tests set.
const FIELD_MANAGER: &str = "holdfast-testbed";

/// Puts every object of a YAML text in place by server-side apply, in the order of the text. An object without a
/// namespace goes to `default`. After a CustomResourceDefinition, waits until it is Established.
///
/// # Errors
///
/// When a document is no object, its kind is not served, or the server refuses it.
pub async fn apply_yaml(client: &Client, yaml: &str) -> Result<(), Error> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(yaml).map_err(|error| Error::NotAnObject(error.to_string()))?;
    for document in documents.into_iter().filter(|document| !document.is_null()) {
        apply(client, document).await?;
    }
    Ok(())
}

async fn apply(client: &Client, document: Value) -> Result<(), Error> {
    let object: DynamicObject =
        serde_json::from_value(document).map_err(|error| Error::NotAnObject(error.to_string()))?;
    let types = object.types.clone().ok_or_else(|| Error::NotAnObject("no apiVersion or kind".to_owned()))?;
    let name =
        object.metadata.name.clone().ok_or_else(|| Error::NotAnObject(format!("{} without a name", types.kind)))?;
    let api = served(client, &types, object.metadata.namespace.as_deref()).await?;
    api.patch(&name, &PatchParams::apply(FIELD_MANAGER).force(), &Patch::Apply(&object)).await?;
    if types.kind == "CustomResourceDefinition" {
        within(&format!("the definition of {name}"), async || {
            condition_is_true(client, &types.api_version, &types.kind, &name, "Established").await.then_some(())
        })
        .await?;
    }
    Ok(())
}

/// Whether an object without a namespace has a condition of this type with status `True`.
pub(crate) async fn condition_is_true(
    client: &Client,
    api_version: &str,
    kind: &str,
    name: &str,
    condition: &str,
) -> bool {
    let types = TypeMeta { api_version: api_version.to_owned(), kind: kind.to_owned() };
    let Ok(gvk) = GroupVersionKind::try_from(&types) else {
        return false;
    };
    let Ok((resource, _)) = pinned_kind(client, &gvk).await else {
        return false;
    };
    let Ok(object) = Api::<DynamicObject>::all_with(client.clone(), &resource).get(name).await else {
        return false;
    };
    let conditions = object.data.pointer("/status/conditions").and_then(Value::as_array);
    conditions.is_some_and(|all| all.iter().any(|it| it["type"] == condition && it["status"] == "True"))
}

/// The API for a kind, which may have been defined a moment ago.
async fn served(client: &Client, types: &TypeMeta, namespace: Option<&str>) -> Result<Api<DynamicObject>, Error> {
    let gvk = GroupVersionKind::try_from(types).map_err(|error| Error::NotAnObject(error.to_string()))?;
    let (resource, capabilities): (ApiResource, _) =
        within(&format!("{} {} being served", types.api_version, types.kind), async || {
            pinned_kind(client, &gvk).await.ok()
        })
        .await?;
    Ok(match capabilities.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => Api::namespaced_with(client.clone(), namespace.unwrap_or("default"), &resource),
    })
}

/// Looks again and again until there is an answer.
async fn within<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> Result<T, Error> {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(SERVED_WITHIN, looking).await.map_err(|_| Error::TimedOut {
        what: what.to_owned(),
        within_s: SERVED_WITHIN.as_secs(),
        log: String::new(),
    })
}
