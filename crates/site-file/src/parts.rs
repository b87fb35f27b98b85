//! The parts that fill the roles of a site, each of any cloud.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::seconds::Seconds;

/// A role of another account on AWS, under which a part is reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssumedRole {
    /// Its ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// What its trust policy asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// What records the health of a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum History {
    /// A Route 53 health check and its metric in CloudWatch.
    Route53HealthCheck(HealthCheck),
    /// An endpoint of Traffic Manager and its metric in Monitor.
    TrafficManager(Endpoint),
    /// A metric of OCI Monitoring: of a health check, or of a load balancer.
    OciMonitoring(Monitoring),
}

/// What leads users to a site, and is locked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// A Route 53 health check.
    Route53HealthCheck(HealthCheck),
    /// An endpoint of Traffic Manager.
    TrafficManager(Endpoint),
    /// A steering policy of OCI DNS.
    DnsSteering(Steering),
}

/// A Route 53 health check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// Its id.
    pub id: String,
    /// The region of its metric; us-east-1 by default (history).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_region: Option<String>,
    /// The name that locks (traffic).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_host: Option<String>,
    /// The role under which it is reached.
    #[serde(default, skip_serializing_if = "is_none")]
    pub role: AssumedRole,
}

/// An endpoint of a Traffic Manager profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The resource id of the profile.
    pub profile: String,
    /// The name of the endpoint.
    pub endpoint: String,
    /// externalEndpoints by default, azureEndpoints, nestedEndpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_type: Option<String>,
}

/// A Kubernetes cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cluster {
    /// Amazon EKS.
    Eks(Eks),
    /// Azure Kubernetes Service.
    Aks(Aks),
    /// Oracle Container Engine for Kubernetes.
    Oke(Oke),
}

/// A cluster of EKS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Eks {
    /// Its name.
    pub name: String,
    /// Its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The role under which it is reached.
    #[serde(default, skip_serializing_if = "is_none")]
    pub role: AssumedRole,
    /// Its API server, where that is not asked of EKS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The certificate authority of the endpoint, PEM in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_data: Option<String>,
}

/// A cluster of AKS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aks {
    /// Its resource id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The application that its tokens are made out to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<String>,
    /// Its API server, where that is not asked of AKS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The certificate authority of the endpoint, PEM in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_data: Option<String>,
}

/// A cluster of OKE.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Oke {
    /// Its OCID.
    pub id: String,
    /// Its region; by default the one that the OCID names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Which of its endpoints are used, the first that it has: kinds in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<String>,
    /// Its API server, where that is not asked of OKE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The certificate authority of the endpoint, PEM in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_data: Option<String>,
}

/// A metric of OCI Monitoring.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Monitoring {
    /// The OCID of the health check of home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<String>,
    /// Which target of the health check is home, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The OCID of the load balancer of home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<String>,
    /// The backend set of the load balancer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_set: Option<String>,
    /// Whether the load balancer's metric is read and not the health check's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_load_balancer: Option<bool>,
    /// The compartment of the function, and of the metric where it has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compartment: Option<String>,
    /// The compartment of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_compartment: Option<String>,
    /// The region of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The namespace of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The whole query, where it is not made of the above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// A steering policy of OCI DNS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Steering {
    /// Its OCID.
    pub policy: String,
    /// The pool of home's answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_pool: Option<String>,
    /// The pool of the standby's answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_pool: Option<String>,
    /// The standby's address in the answers, where it is not that of its ingress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_address: Option<String>,
    /// Regions of DNS that are asked, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regions: Option<String>,
}

/// Where the time of the last failover is noted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CooldownStore {
    /// A parameter of Systems Manager.
    Ssm(Ssm),
    /// A blob of Azure Storage.
    Blob(Blob),
}

/// A parameter of Systems Manager.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ssm {
    /// Its name; by default the one of the function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The role under which it is reached.
    #[serde(default, skip_serializing_if = "is_none")]
    pub role: AssumedRole,
}

/// A blob.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blob {
    /// Its address; without one the record alone holds the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The function that watches a site pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// AWS Lambda.
    Lambda(Lambda),
    /// Azure Functions.
    AzureFunction(AzureFunction),
    /// OCI Functions.
    OciFunction(OciFunction),
}

impl Function {
    /// The word of the cloud that it runs on.
    pub fn cloud(&self) -> &'static str {
        match self {
            Self::Lambda(_) => "aws",
            Self::AzureFunction(_) => "azure",
            Self::OciFunction(_) => "oci",
        }
    }
}

/// A function of AWS Lambda.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lambda {
    /// Its ARN, with an alias where that is the door for people.
    pub arn: String,
    /// The only topic whose notifications count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Alarms that are ours whatever they watch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// Which way in admits which actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admits: Option<String>,
}

/// A function app of Azure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AzureFunction {
    /// Its endpoint for operators, such as `https://APP.azurewebsites.net/api/operator`.
    pub url: String,
    /// The key of the function `Operator`, by reference.
    pub key: Secret,
    /// Its name, which the lease and the record show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The queue that work is put back into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// `functionTimeout` of host.json.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Seconds>,
    /// Alert rules that are ours whatever they watch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// Which way in admits which actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admits: Option<String>,
}

/// A function of OCI Functions. It is called with the profile of the configuration file of OCI's own tools.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OciFunction {
    /// Its OCID.
    pub id: String,
    /// Its invoke endpoint, such as `https://ID.us-chicago-1.functions.oci.oraclecloud.com`.
    pub endpoint: String,
    /// Alarms that are ours whatever they watch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// Alarms that are the tick.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ticks: Vec<String>,
    /// What is kept back of the time of a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<Seconds>,
    /// Which way in admits which actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admits: Option<String>,
}

/// A secret, by reference. The value itself is never in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Secret {
    /// In this variable of the environment.
    Env(String),
    /// In this file.
    File(PathBuf),
}

fn is_none(role: &AssumedRole) -> bool {
    *role == AssumedRole::default()
}
