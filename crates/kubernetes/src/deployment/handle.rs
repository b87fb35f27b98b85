//! One Deployment by its name: read, and scaled.

use std::sync::Arc;

use holdfast_core::{Call, Fault};
use serde_json::json;

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
    /// shares the version with it.
    ///
    /// # Errors
    /// Faults of the API server: `Conflict` when anything has been written since.
    pub async fn scale(&self, call: &Call, version: &str, replicas: i32) -> Result<(), Fault> {
        let patch = json!({"metadata": {"resourceVersion": version}, "spec": {"replicas": replicas}});
        self.api.write(call, &PATCH_SCALE, &self.name, &patch).await.map(drop)
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
