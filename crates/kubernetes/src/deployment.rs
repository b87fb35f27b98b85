//! What is read of the operator's Deployment.

use serde::Deserialize;

use crate::secret::Meta;

/// A Deployment as far as it is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Deployment {
    /// Name, version, generation.
    pub metadata: Meta,
    /// What is wanted.
    pub spec: Spec,
    /// What there is.
    pub status: Status,
}

/// What is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec {
    /// How many pods; the server fills in 1 when it is not given.
    pub replicas: Option<i32>,
}

/// What there is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// The generation that the numbers refer to.
    pub observed_generation: Option<i64>,
    /// Pods that are ready long enough.
    pub available_replicas: Option<i32>,
}

impl Deployment {
    /// How many pods are wanted.
    pub fn wanted(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }

    /// How many pods are available, by numbers that refer to what is wanted now; else 0.
    pub fn available(&self) -> i32 {
        let current = self.metadata.generation.is_some_and(|now| self.status.observed_generation >= Some(now));
        if current { self.status.available_replicas.unwrap_or(0) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_that_refer_to_an_older_wish_prove_nothing() {
        let mut value = json!({
            "metadata": {"generation": 3},
            "spec": {"replicas": 1},
            "status": {"observedGeneration": 2, "availableReplicas": 1},
        });
        let old: Deployment = serde_json::from_value(value.clone()).expect("a deployment");
        assert_eq!(old.available(), 0);
        value["status"]["observedGeneration"] = 3.into();
        let current: Deployment = serde_json::from_value(value).expect("a deployment");
        assert_eq!(current.available(), 1);
    }
}
