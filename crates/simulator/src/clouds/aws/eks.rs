//! EKS: where the standby cluster is and how to trust it (docs/reference/aws.md#eks-clusters, docs/reference/aws.md#wire-samples).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use super::alarm::ACCOUNT;
use super::error::AwsError;
use super::request::AwsRequest;
use super::tree::Node;
use super::{Cloud, Outcome};

/// What DescribeCluster answers.
#[derive(Debug, Clone)]
pub struct ClusterView {
    /// Name of the cluster.
    pub name: String,
    /// `https://host:port` of its API server.
    pub endpoint: String,
    /// PEM of the authority that signed its certificate.
    pub ca_pem: String,
}

pub(super) fn resource(region: &str, request: &AwsRequest) -> String {
    request.path.get(1).map_or("*".to_owned(), |name| arn(region, name))
}

fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:eks:{region}:{ACCOUNT}:cluster/{name}")
}

pub(super) fn answer(cloud: &Cloud, request: &AwsRequest) -> Outcome {
    let here = request.region() == cloud.region;
    let answer = match request.operation.as_str() {
        "ListClusters" => list(cloud, here),
        "DescribeCluster" => describe(cloud, request.path[1].as_str(), here)?,
        other => return Err(AwsError::unknown_operation(other)),
    };
    Ok(answer.json_response(StatusCode::OK, "application/json"))
}

fn list(cloud: &Cloud, here: bool) -> Node {
    let names = if here { vec![Node::text(&cloud.cluster.name)] } else { Vec::new() };
    Node::map([("clusters", Node::List(names))])
}

fn describe(cloud: &Cloud, name: &str, here: bool) -> Result<Node, AwsError> {
    if !here || name != cloud.cluster.name {
        return Err(AwsError::new(404, "ResourceNotFoundException", &format!("No cluster found for name: {name}.")));
    }
    let authority = Node::map([("data", Node::Text(STANDARD.encode(&cloud.cluster.ca_pem)))]);
    let access = Node::map([("authenticationMode", Node::text("API"))]);
    let network = Node::map([("endpointPublicAccess", Node::Bool(true)), ("endpointPrivateAccess", Node::Bool(true))]);
    Ok(Node::map([(
        "cluster",
        Node::map([
            ("name", Node::text(name)),
            ("arn", Node::Text(arn(&cloud.region, name))),
            ("endpoint", Node::text(&cloud.cluster.endpoint)),
            ("status", Node::text("ACTIVE")),
            ("version", Node::text("1.33")),
            ("certificateAuthority", authority),
            ("accessConfig", access),
            ("resourcesVpcConfig", network),
        ]),
    )]))
}
