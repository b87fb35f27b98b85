//! Plays humio-operator and cert-manager on a real control plane, where neither runs: while the operator's
//! Deployment has an available pod, it makes what they would make.

use std::time::Duration;

use http::Method;
use kube::Client;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    pki::Ca,
    requests::{ask, done, found, path},
    test_cluster::OPERATOR,
};

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The operator's default where the spec names no replication factor.
const DEFAULT_REPLICATION: i64 = 2;

/// A task that acts as the administrator. Dropping it ends it.
pub struct PlayedOperator(JoinHandle<()>);

impl PlayedOperator {
    /// Starts to look after the HumioCluster `cluster` with nodes in one pool.
    pub fn start(admin: Client, namespace: &str, cluster: &str) -> Self {
        let part = Part { admin, namespace: namespace.to_owned(), cluster: cluster.to_owned() };
        Self(tokio::spawn(async move {
            loop {
                part.look().await;
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }))
    }
}

impl Drop for PlayedOperator {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Part {
    admin: Client,
    namespace: String,
    cluster: String,
}

impl Part {
    async fn look(&self) {
        let operator = self.get("deployments", OPERATOR).await.unwrap_or_default();
        let Some(humio) = self.get("humioclusters", &self.cluster).await else { return };
        if operator["status"]["availableReplicas"].as_i64().unwrap_or(0) == 0 {
            return;
        }
        let spec = &humio["spec"];
        let (nodes, factor) = (spec["nodeCount"].as_i64(), spec["targetReplicationFactor"].as_i64());
        if nodes.unwrap_or(0) < factor.unwrap_or(DEFAULT_REPLICATION) {
            return self.report(&humio, "ConfigError", "nodeCount is too low").await;
        }
        let ca = self.ca().await;
        self.ensure("secrets", &self.cluster, || json!({"kind": "Secret", "data": ca.issue(&self.cluster)})).await;
        let node = format!("{}-core-abcdef", self.cluster);
        self.ensure("pods", &node, || self.pod()).await;
        self.report(&humio, "Running", "").await;
    }

    /// The CA pair, which is made when there is none.
    async fn ca(&self) -> Ca {
        let name = format!("{}-ca-keypair", self.cluster);
        Ca::of(&self.ensure("secrets", &name, || json!({"kind": "Secret", "data": Ca::new().pair()})).await)
    }

    fn pod(&self) -> Value {
        let labels = json!({
            "app.kubernetes.io/name": "humio", "app.kubernetes.io/instance": self.cluster,
            "app.kubernetes.io/managed-by": "humio-operator", "humio.com/node-pool": self.cluster,
        });
        let container = json!({"name": "humio", "image": "example.invalid/humio"});
        json!({"kind": "Pod", "metadata": {"labels": labels}, "spec": {"containers": [container]}})
    }

    async fn report(&self, humio: &Value, state: &str, message: &str) {
        let generation = humio["metadata"]["generation"].as_i64().unwrap_or(0).to_string();
        let status = json!({"state": state, "message": message, "observedGeneration": generation});
        if humio["status"]["state"] != status["state"] || humio["status"]["observedGeneration"] != generation {
            let path = path(&self.namespace, "humioclusters", &format!("{}/status", self.cluster));
            done(ask(&self.admin, Method::PATCH, &path, json!({"status": status})).await);
        }
    }

    async fn get(&self, resource: &str, name: &str) -> Option<Value> {
        found(ask(&self.admin, Method::GET, &path(&self.namespace, resource, name), Value::Null).await)
    }

    async fn ensure(&self, resource: &str, name: &str, object: impl FnOnce() -> Value) -> Value {
        if let Some(there) = self.get(resource, name).await {
            return there;
        }
        let mut object = object();
        object["apiVersion"] = "v1".into();
        object["metadata"]["name"] = name.into();
        done(ask(&self.admin, Method::POST, &path(&self.namespace, resource, ""), object).await)
    }
}
