//! Container Engine: the standby cluster's document, and the content of its kubeconfig (docs/reference/oci.md#oke).

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::error::{OciError, json_answer};
use super::request::OciRequest;
use super::{CLUSTER_ID, COMPARTMENT_ID, Cloud, STANDBY_REGION};
use crate::environment::CLUSTER_NAME;
use crate::test_bed::ExternalCluster;

/// Kinds of endpoints that a kubeconfig can be asked for. The standby has the second only.
const KINDS: [&str; 4] = ["LEGACY_KUBERNETES", "PRIVATE_ENDPOINT", "PUBLIC_ENDPOINT", "VCN_HOSTNAME"];

pub(super) fn cluster(cloud: &Cloud, request: &OciRequest, id: &str) -> Result<Response<Body>, OciError> {
    find(request, id)?;
    let document = json!({
        "id": CLUSTER_ID, "name": CLUSTER_NAME, "compartmentId": COMPARTMENT_ID, "lifecycleState": "ACTIVE",
        "kubernetesVersion": "v1.33.1", "type": "ENHANCED_CLUSTER",
        // `host:port`, without a scheme.
        "endpoints": {
            "kubernetes": "", "publicEndpoint": null, "privateEndpoint": cloud.server.endpoint.trim_start_matches("https://"),
            "vcnHostnameEndpoint": null, "ipv6Endpoint": null,
        },
    });
    let mut answer = json_answer(StatusCode::OK, &document);
    answer.headers_mut().insert("etag", HeaderValue::from_static("simulated"));
    Ok(answer)
}

pub(super) fn kubeconfig(cloud: &Cloud, request: &OciRequest, id: &str) -> Result<Response<Body>, OciError> {
    find(request, id)?;
    let sent: Value = match request.body.is_empty() {
        true => json!({}),
        false => serde_json::from_slice(&request.body).map_err(|_| OciError::invalid("the body is no JSON"))?,
    };
    if sent["tokenVersion"].as_str().is_some_and(|version| version != "2.0.0") {
        return Err(OciError::invalid("tokenVersion must be 2.0.0"));
    }
    match sent["endpoint"].as_str() {
        Some("PRIVATE_ENDPOINT") => {}
        Some(kind) if KINDS.contains(&kind) => {
            return Err(OciError::invalid(&format!("the cluster has no endpoint of the kind {kind}")));
        }
        Some(_) => return Err(OciError::invalid("no such kind of endpoint")),
        // The legacy endpoint is what is meant then, and there is none.
        None => return Err(OciError::invalid("the cluster has no endpoint of the kind LEGACY_KUBERNETES")),
    }
    let mut answer = Response::new(Body::from(content(&cloud.server)));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-yaml"));
    Ok(answer)
}

fn find(request: &OciRequest, id: &str) -> Result<(), OciError> {
    if id == CLUSTER_ID && request.region == STANDBY_REGION { Ok(()) } else { Err(OciError::not_found()) }
}

fn content(server: &ExternalCluster) -> String {
    let (endpoint, ca) = (&server.endpoint, STANDARD.encode(&server.ca_pem));
    format!(
        "---\napiVersion: v1\nkind: \"\"\nclusters:\n- name: cluster-simulated\n  cluster:\n    server: {endpoint}\n    \
         certificate-authority-data: {ca}\nusers:\n- name: user-simulated\n  user:\n    exec:\n      \
         apiVersion: client.authentication.k8s.io/v1beta1\n      command: oci\n      args:\n      - ce\n      - cluster\n      \
         - generate-token\n      - --cluster-id\n      - {CLUSTER_ID}\n      - --region\n      - {STANDBY_REGION}\n      env: []\n\
         contexts:\n- name: context-simulated\n  context:\n    cluster: cluster-simulated\n    user: user-simulated\n\
         current-context: context-simulated\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_holds_the_authority_and_no_token() {
        let server = ExternalCluster { endpoint: "https://localhost:6443".to_owned(), ca_pem: "CA".to_owned() };
        let config: Value = serde_saphyr::from_str(&content(&server)).expect("YAML");
        let cluster = &config["clusters"][0]["cluster"];
        assert_eq!(
            (cluster["server"].as_str(), cluster["certificate-authority-data"].as_str()),
            (Some("https://localhost:6443"), Some("Q0E="))
        );
        assert_eq!(
            (config["kind"].as_str(), config["users"][0]["user"]["exec"]["command"].as_str()),
            (Some(""), Some("oci"))
        );
        assert!(config["users"][0]["user"].get("token").is_none());
    }
}
