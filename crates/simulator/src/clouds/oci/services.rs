//! OCI around the standby: its services and the Fn agent, started together.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::agent::{FnAgent, Func, Settings};
use super::alarm::TICK_NAMESPACE;
use super::environment::{self, Facts};
use super::{
    CLUSTER_ID, COMPARTMENT_ID, Cloud, DYNAMIC_GROUP_ID, FUNCTION_ID, HEALTH_CHECKS_NAMESPACE, POLICY_ID, PolicyJudge,
    Principals, Unsigned, oke,
};
use crate::backend::Started;
use crate::kubernetes::{Cluster, grant, manifests, put};
use crate::net::Listener;
use crate::test_bed::{StartError, TestBed};
use crate::world::STANDBY_ADDRESS;

/// Its right to read where the standby's load balancer is.
const SHIPPED_INGRESS: &str = include_str!("../../../../../infra/oci/ingress.yaml");
/// The reference's namespace of it.
const INGRESS_NAMESPACE: &str = "logging-ingress";
/// Who the function is on the cluster; the Role that it is bound to is the same on every cloud.
const SHIPPED_BINDING: &str = include_str!("../../../../../infra/oci/binding.yaml");
/// Name of the function's dynamic group in statements.
const DYNAMIC_GROUP: &str = "holdfast";

/// The running services.
pub struct OciServices {
    cluster: Arc<Cluster>,
    judge: PolicyJudge,
    principals: Principals,
    agent: FnAgent,
    api: Listener,
    unsigned: Unsigned,
}

impl OciServices {
    /// Starts everything.
    pub(crate) async fn start(bed: &TestBed<'_>) -> Result<Started, StartError> {
        let (principals, judge, unsigned) = (Principals::new()?, judge()?, Unsigned::default());
        grant(bed.cluster, &SHIPPED_BINDING.replace("${dynamic_group_id}", DYNAMIC_GROUP_ID));
        ingress(bed.cluster);
        trust(bed, &principals, &judge);
        let (seed, timeline) = (bed.seed.wrapping_add(1), bed.timeline.clone());
        let agent = FnAgent::new(settings(bed)?, seed, timeline, principals.clone(), judge.clone());
        let cloud = Cloud {
            gate: bed.gate.clone(),
            world: bed.world.clone(),
            principals: principals.clone(),
            judge: judge.clone(),
            agent: agent.clone(),
            server: bed.api_server.clone(),
            unsigned: unsigned.clone(),
            people: bed.people.clone(),
        };
        let api = Listener::tls(bed.authority.acceptor(), Arc::new(cloud).handler()).await?;
        let cluster = bed.cluster.clone();
        let services = Self { cluster, judge, principals, agent: agent.clone(), api, unsigned };
        let variables = services.variables(bed);
        Ok(Started { host: Some(Arc::new(agent)), variables, services: Box::new(services) })
    }

    fn variables(&self, bed: &TestBed<'_>) -> BTreeMap<String, String> {
        let known = || (bed.api_server.endpoint.clone(), STANDARD.encode(&bed.api_server.ca_pem));
        let facts = Facts {
            endpoint: &format!("{}/{{region}}", self.endpoint()),
            ca_file: bed.authority.ca_file().display().to_string(),
            humio_cluster: &bed.standby.cluster_name,
            primary_port: bed.ports.sites.primary.port(),
            control_targets: bed.ports.control_targets(),
            known_cluster: bed.known_cluster.then(known),
        };
        environment::build(&facts, bed.pace)
    }

    pub(super) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The agent that runs the function.
    pub fn agent(&self) -> &FnAgent {
        &self.agent
    }

    /// What IAM saw of the function: statements used, calls refused.
    pub fn judge(&self) -> &PolicyJudge {
        &self.judge
    }

    /// Who may sign.
    pub fn principals(&self) -> &Principals {
        &self.principals
    }

    /// The calls whose signature was not accepted, each with the reason.
    pub fn unsigned(&self) -> Vec<String> {
        self.unsigned.all()
    }

    /// `https://localhost:port` of all services.
    pub fn endpoint(&self) -> String {
        format!("https://localhost:{}", self.api.port())
    }
}

fn settings(bed: &TestBed<'_>) -> Result<Settings, StartError> {
    let func = match &bed.function.folder {
        Some(folder) => Func::read(folder),
        None => Func::shipped(),
    };
    let func = func.map_err(|why| StartError::Shipped { file: "infra/oci/function/func.yaml", why })?;
    let timeout = bed.pace.scale(func.timeout());
    Ok(Settings { executable: bed.function.executable.clone(), func, timeout, pace: bed.pace })
}

/// The policy that ships, for this world.
pub(super) fn judge() -> Result<PolicyJudge, StartError> {
    let judge = PolicyJudge::new(&values(HEALTH_CHECKS_NAMESPACE));
    judge.map_err(|why| StartError::Shipped { file: "infra/oci/policy.json", why })
}

fn values(namespace: &str) -> BTreeMap<&'static str, String> {
    let compartments = [
        "cluster_compartment_id",
        "dns_compartment_id",
        "metrics_compartment_id",
        "health_check_compartment_id",
        "function_compartment_id",
        "topic_compartment_id",
        "alarm_compartment_id",
        "tick_compartment_id",
        "notify_compartment_id",
    ];
    let mut values: BTreeMap<_, _> = compartments.into_iter().map(|name| (name, COMPARTMENT_ID.to_owned())).collect();
    values.insert("dynamic_group", DYNAMIC_GROUP.to_owned());
    values.insert("function_id", FUNCTION_ID.to_owned());
    values.insert("cluster_id", CLUSTER_ID.to_owned());
    values.insert("steering_policy_id", POLICY_ID.to_owned());
    values.insert("metrics_namespace", namespace.to_owned());
    values.insert("tick_namespace", TICK_NAMESPACE.to_owned());
    values
}

/// The Service of the standby's ingress, and the right to read it.
fn ingress(cluster: &Cluster) {
    put(cluster, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": INGRESS_NAMESPACE}}));
    for manifest in manifests(&SHIPPED_INGRESS.replace("${dynamic_group_id}", DYNAMIC_GROUP_ID), INGRESS_NAMESPACE) {
        put(cluster, manifest);
    }
    put(
        cluster,
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "nginx-ingress-controller", "namespace": INGRESS_NAMESPACE},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 443}]},
            "status": {"loadBalancer": {"ingress": [{"ip": STANDBY_ADDRESS}]}},
        }),
    );
}

/// Lets the cluster take OKE's tokens.
fn trust(bed: &TestBed<'_>, principals: &Principals, judge: &PolicyJudge) {
    let (principals, judge) = (principals.clone(), judge.clone());
    bed.cluster.review_with(Box::new(move |bearer, now| oke::review(&principals, &judge, bearer, now)));
}
