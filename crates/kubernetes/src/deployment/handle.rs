//! One Deployment by its name: read, and scaled.

use std::sync::Arc;

use holdfast_core::{Call, Fault};
use serde_json::{Value, json};

use super::Deployment;
use crate::{
    api::{Api, GET_DEPLOYMENT, PATCH_SCALE},
    single_flight::SingleFlight,
};

/// A Deployment that may not exist. It is read once for all who look at the same moment.
pub struct DeploymentHandle {
    api: Api,
    name: String,
    program: &'static str,
    reads: SingleFlight<Option<Deployment>>,
}

impl DeploymentHandle {
    /// The Deployment `name` of `program`, which a person installs where it is missing.
    pub fn new(api: Api, name: impl Into<String>, program: &'static str) -> Self {
        Self { api, name: name.into(), program, reads: SingleFlight::new() }
    }

    /// What there is; `None` when there is none.
    ///
    /// # Errors
    /// Faults of the API server.
    pub async fn read(&self, call: &Call) -> Result<Arc<Option<Deployment>>, Fault> {
        let (api, call, name) = (self.api.clone(), call.clone(), self.name.clone());
        self.reads.get(|| async move { api.get(&call, &GET_DEPLOYMENT, &name).await }).await
    }

    /// Sets `spec.replicas` if the Deployment still has this `resourceVersion`, by a merge patch of its scale, which
    /// shares the version with it. Returns how many replicas the answer shows; `None` where it is not this Deployment's scale.
    ///
    /// # Errors
    /// Faults of the API server: `Conflict` when anything has been written since.
    pub async fn scale(&self, call: &Call, version: &str, replicas: i32) -> Result<Option<i32>, Fault> {
        let patch = json!({"metadata": {"resourceVersion": version}, "spec": {"replicas": replicas}});
        let answer = self.api.write(call, &PATCH_SCALE, &self.name, &patch).await?;
        Ok(shown(&answer, &self.name))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// It and where it should be, for a sentence.
    pub fn place(&self) -> String {
        self.api.place("Deployment", &self.name)
    }

    /// The sentence for one that is not there.
    pub fn missing(&self) -> String {
        format!("there is no {}; install {} there, or correct its name", self.place(), self.program)
    }
}

/// The replicas that a Scale of `name` wants. 0 is left out of a Scale (seen with the real server).
fn shown(scale: &Value, name: &str) -> Option<i32> {
    let text = |pointer: &str| scale.pointer(pointer).and_then(Value::as_str);
    if text("/kind") != Some("Scale") || text("/metadata/name") != Some(name) {
        return None;
    }
    match scale.get("spec")?.get("replicas") {
        None => Some(0),
        Some(replicas) => i32::try_from(replicas.as_i64()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_shows_the_replicas_only_where_it_is_the_scale_of_this_deployment() {
        let scale =
            |kind: &str, name: &str, spec: Value| json!({"kind": kind, "metadata": {"name": name}, "spec": spec});
        assert_eq!(shown(&scale("Scale", "a", json!({"replicas": 2})), "a"), Some(2));
        assert_eq!(shown(&scale("Scale", "a", json!({})), "a"), Some(0));
        let others = [
            scale("Scale", "b", json!({"replicas": 2})),
            scale("Deployment", "a", json!({"replicas": 2})),
            scale("Scale", "a", json!({"replicas": "2"})),
            json!({"kind": "Scale", "metadata": {"name": "a"}}),
            json!({}),
        ];
        for other in others {
            assert_eq!(shown(&other, "a"), None, "{other}");
        }
    }
}
