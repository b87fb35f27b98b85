//! Starts a program by its Deployment, and puts it to rest.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault, FaultClass,
    step::{Need, Observation, Step, StepState},
};
use serde_json::Value;

use crate::{
    api::PATCH_SCALE,
    deployment::{Deployment, DeploymentHandle},
};

/// Raises `spec.replicas` of a Deployment to the target, never lowers it.
///
/// The effect is a merge patch of the scale subresource that carries the `resourceVersion` of the Deployment as it
/// was seen (Deployment and scale share it); the server answers 409 when anything has been written since.
pub struct ScaleDeployment {
    name: &'static str,
    rest_name: &'static str,
    deployment: Arc<DeploymentHandle>,
    target: i32,
}

impl ScaleDeployment {
    /// The required step `name`, which is done when `deployment` wants `target` replicas or more. Its way back is the
    /// step `rest_name`.
    pub fn new(name: &'static str, rest_name: &'static str, deployment: Arc<DeploymentHandle>, target: i32) -> Self {
        Self { name, rest_name, deployment, target }
    }
}

#[async_trait]
impl Step for ScaleDeployment {
    fn name(&self) -> &'static str {
        self.name
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        let deployment = self.deployment.read(call).await?;
        Ok(match deployment.as_ref() {
            Some(deployment) => observation(deployment, self.target),
            None => Observation::blocked(self.deployment.missing()),
        })
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        if seen.state != StepState::Todo {
            return Ok(None);
        }
        let shown = scale(&self.deployment, self.target, call, seen).await?;
        let enough = shown.filter(|wanted| *wanted >= self.target);
        Ok(enough.map(|wanted| {
            Observation::done(format!("{} wants {wanted} of {} replicas", self.deployment.name(), self.target))
        }))
    }

    fn inverse(&self, _before: Option<&Observation>) -> Option<Arc<dyn Step>> {
        Some(Arc::new(RestDeployment { name: self.rest_name, deployment: Arc::clone(&self.deployment) }))
    }
}

/// Puts a program to rest: lowers `spec.replicas` of its Deployment to 0. The way back of [`ScaleDeployment`], by the
/// same call. What the program manages stays as it is.
pub struct RestDeployment {
    name: &'static str,
    deployment: Arc<DeploymentHandle>,
}

#[async_trait]
impl Step for RestDeployment {
    fn name(&self) -> &'static str {
        self.name
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        let deployment = self.deployment.read(call).await?;
        Ok(match deployment.as_ref() {
            Some(deployment) => rest_observation(deployment),
            None => Observation::blocked(self.deployment.missing()),
        })
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        if seen.state != StepState::Todo {
            return Ok(None);
        }
        let shown = scale(&self.deployment, 0, call, seen).await?;
        Ok(shown
            .filter(|wanted| *wanted == 0)
            .map(|_| Observation::done(format!("{} wants 0 replicas", self.deployment.name()))))
    }
}

/// Sets the replicas on exactly the Deployment that was seen.
async fn scale(
    deployment: &DeploymentHandle,
    replicas: i32,
    call: &Call,
    seen: &Observation,
) -> Result<Option<i32>, Fault> {
    let Value::String(version) = &seen.precondition else {
        let message = "the observation carries no resourceVersion";
        return Err(Fault::new(FaultClass::Invalid, PATCH_SCALE.name, message));
    };
    deployment.scale(call, version, replicas).await
}

fn rest_observation(deployment: &Deployment) -> Observation {
    let wanted = deployment.wanted();
    let found = format!("{} wants {wanted} replicas", deployment.metadata.name);
    if wanted == 0 {
        return Observation::done(found);
    }
    Observation::todo(found, Value::String(deployment.metadata.resource_version.clone()))
}

fn observation(deployment: &Deployment, target: i32) -> Observation {
    let wanted = deployment.wanted();
    let found = format!("{} wants {wanted} of {target} replicas", deployment.metadata.name);
    if wanted >= target {
        return Observation::done(found);
    }
    // Where something puts the replicas back, this names it.
    let by = match deployment.replicas_writer() {
        Some(writer) => format!("; last written by {writer}"),
        None if deployment.metadata.managed_fields.is_empty() => String::new(),
        // Seen with the real server: 0 is left out of a Scale, and so is its writer.
        None => "; who wrote that the server does not say (a scale to 0 leaves no trace)".to_owned(),
    };
    Observation::todo(format!("{found}{by}"), Value::String(deployment.metadata.resource_version.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(replicas: i32) -> Deployment {
        serde_json::from_value(json!({
            "metadata": {"name": "humio-operator", "resourceVersion": "41"},
            "spec": {"replicas": replicas},
        }))
        .expect("a deployment")
    }

    #[test]
    fn fewer_than_the_target_is_to_be_done_on_the_version_that_was_seen() {
        let seen = observation(&deployment(0), 1);
        assert_eq!(seen.state, StepState::Todo);
        assert_eq!(seen.precondition, json!("41"));
    }

    #[test]
    fn rest_is_no_replicas_and_is_brought_about_on_the_version_that_was_seen() {
        assert_eq!(rest_observation(&deployment(0)).state, StepState::Done);
        let seen = rest_observation(&deployment(2));
        assert_eq!((seen.state, seen.precondition), (StepState::Todo, json!("41")));
    }

    #[test]
    fn who_put_the_replicas_back_is_named() {
        let mut deployment = deployment(0);
        assert_eq!(observation(&deployment, 1).found, "humio-operator wants 0 of 1 replicas");
        deployment.metadata.managed_fields = serde_json::from_value(json!([{"manager": "helm"}])).expect("writers");
        let found = observation(&deployment, 1).found;
        assert!(
            found.ends_with("replicas; who wrote that the server does not say (a scale to 0 leaves no trace)"),
            "{found}"
        );
        deployment.metadata.managed_fields = serde_json::from_value(json!([
            {"manager": "argocd-controller", "operation": "Update", "time": "2026-01-01T00:05:00Z",
             "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        ]))
        .expect("writers");
        assert_eq!(
            observation(&deployment, 1).found,
            "humio-operator wants 0 of 1 replicas; last written by argocd-controller (Update) at 2026-01-01T00:05:00Z"
        );
    }

    #[test]
    fn the_target_or_more_is_done_so_nothing_is_ever_scaled_down() {
        assert_eq!(observation(&deployment(1), 1).state, StepState::Done);
        assert_eq!(observation(&deployment(3), 1).state, StepState::Done);
    }
}
