//! The scale subresource of Deployments: `autoscaling/v1` Scale with the Deployment's resourceVersion.

use serde_json::{Value, json};

use super::failure::Failure;
use super::patch::Patch;
use super::store::Store;
use super::validate::{Origin, json_type};
use super::write::{Write, text};

/// The Scale of a Deployment. As on the real server `spec.replicas` is left out when it is 0.
pub(super) fn scale_of(deployment: &Value) -> Value {
    let metadata = &deployment["metadata"];
    let spec = match deployment["spec"]["replicas"].as_i64().unwrap_or(0) {
        0 => json!({}),
        replicas => json!({"replicas": replicas}),
    };
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": spec,
        "status": {
            "replicas": deployment["status"]["replicas"].as_i64().unwrap_or(0),
            "selector": selector_text(&deployment["spec"]["selector"]["matchLabels"]),
        },
    })
}

/// PUT of a Scale: a resourceVersion or uid in it is a precondition.
pub(super) fn replace(write: &Write, store: &mut Store, body: &Value) -> Result<Value, Failure> {
    let deployment = &write.current(store)?;
    if body["kind"] != "Scale" {
        let message = "the object provided is unrecognized (must be of type Scale)";
        return Err(Failure::bad_request(message));
    }
    write.check_name(body)?;
    write.check_uid(deployment, body)?;
    store_replicas(write, store, deployment, body, Origin::Body)
}

/// PATCH of a Scale: a resourceVersion or uid in it is a precondition.
pub(super) fn patch(write: &Write, store: &mut Store, patch: &Patch) -> Result<Value, Failure> {
    let deployment = &write.current(store)?;
    let wanted = patch.apply(&scale_of(deployment))?;
    write.check_name(&wanted)?;
    let (given, found) = (text(&wanted, "uid"), text(deployment, "uid"));
    if !given.is_empty() && given != found {
        let why = format!("Precondition failed: UID in precondition: {given}, UID in object meta: {found}");
        return Err(Failure::scale_conflict(text(deployment, "name"), &why));
    }
    store_replicas(write, store, deployment, &wanted, Origin::Patch)
}

fn store_replicas(
    write: &Write,
    store: &mut Store,
    deployment: &Value,
    wanted: &Value,
    origin: Origin,
) -> Result<Value, Failure> {
    let replicas = replicas_of(wanted, origin)?;
    write.check_version(deployment, wanted)?;
    let mut after = deployment.clone();
    after["spec"]["replicas"] = replicas.into();
    let stored = write.commit(store, deployment, after, origin)?;
    Ok(scale_of(&stored))
}

fn replicas_of(wanted: &Value, origin: Origin) -> Result<i32, Failure> {
    let value = &wanted["spec"]["replicas"];
    let replicas = match value {
        Value::Null => 0,
        number => number.as_i64().and_then(|number| i32::try_from(number).ok()).ok_or_else(|| {
            let found = json_type(value);
            let why =
                format!("json: cannot unmarshal {found} into Go struct field ScaleSpec.spec.replicas of type int32");
            match origin {
                Origin::Body => Failure::undecodable("Scale", "v1", &why),
                Origin::Patch => Failure::patch_undecodable(wanted, &why),
            }
        })?,
    };
    if replicas >= 0 {
        return Ok(replicas);
    }
    let fault = format!("Invalid value: {replicas}: must be greater than or equal to 0");
    let name = text(wanted, "name");
    Err(Failure::invalid_as("Scale.autoscaling", "autoscaling", "Scale", name, "spec.replicas", &fault))
}

fn selector_text(labels: &Value) -> String {
    let pairs = labels.as_object().into_iter().flatten();
    let pairs: Vec<String> =
        pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    pairs.join(",")
}
