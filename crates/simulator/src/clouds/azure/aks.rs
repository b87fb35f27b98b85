//! AKS: the standby's document, and the two kinds of kubeconfig (docs/reference/azure.md#aks-credentials).

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::error::ArmError;
use super::request::{ArmRequest, CLUSTERS};
use super::token::AKS_AUDIENCE;
use super::{CLUSTER_NAME, Cloud, STANDBY_REGION, TENANT_NOTE, cluster_id, json_answer};

/// Application that a person logs in with; it stands in kubeconfigs and matters to nobody here.
const CLIENT_APPLICATION: &str = "80faf920-1908-4b52-b5ef-a8e7bedfc67a";

/// How users log in to the standby.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AksLogin {
    /// With a token of the tenant; the kubeconfig holds no secret.
    Entra,
    /// With the certificate that the kubeconfig holds; the reference's clusters have no Entra (docs/reference/azure.md#reference-function).
    Certificate {
        /// PEM of the certificate.
        certificate: String,
        /// PEM of its key.
        key: String,
    },
}

/// The standby cluster as ARM knows it.
#[derive(Debug, Clone)]
pub(crate) struct Standby {
    /// `https://host:port` of its API server.
    pub(crate) endpoint: String,
    /// PEM of the authority that signed its certificate.
    pub(crate) ca_pem: String,
    pub(crate) login: AksLogin,
}

pub(super) fn answer(
    cloud: &Cloud,
    request: &ArmRequest,
    cluster: &str,
    operation: Option<&str>,
) -> Result<Response<Body>, ArmError> {
    let standby = cloud.standby.as_ref().filter(|_| cluster.eq_ignore_ascii_case(CLUSTER_NAME));
    let standby = standby.ok_or_else(|| ArmError::not_found(&request.scope()))?;
    let document = match (&request.method, operation.map(str::to_ascii_lowercase).as_deref()) {
        (&Method::GET, None) => managed_cluster(standby),
        (&Method::POST, Some("listclusterusercredential")) => credential("clusterUser", standby),
        (&Method::POST, Some("listclusteradmincredential")) => match &standby.login {
            // A cluster under Entra here has its local accounts switched off.
            AksLogin::Entra => {
                let message =
                    "Getting static credential is not allowed because this cluster is set to disable local accounts.";
                return Err(ArmError::new(400, "BadRequest", message));
            }
            AksLogin::Certificate { .. } => credential("clusterAdmin", standby),
        },
        _ => return Err(ArmError::new(404, "NotFound", "No such operation on a managed cluster here.")),
    };
    Ok(json_answer(StatusCode::OK, &document))
}

fn managed_cluster(standby: &Standby) -> Value {
    let entra = matches!(standby.login, AksLogin::Entra);
    let host = standby.endpoint.trim_start_matches("https://");
    let mut properties = json!({
        "provisioningState": "Succeeded", "powerState": {"code": "Running"}, "kubernetesVersion": "1.33",
        "currentKubernetesVersion": "1.33.3", "dnsPrefix": CLUSTER_NAME, "fqdn": host, "enableRBAC": true,
        "disableLocalAccounts": entra, "agentPoolProfiles": [],
    });
    if entra {
        properties["aadProfile"] = json!({"managed": true, "enableAzureRBAC": false, "tenantID": TENANT_NOTE});
    }
    json!({"id": cluster_id(), "name": CLUSTER_NAME, "type": CLUSTERS, "location": STANDBY_REGION, "properties": properties})
}

fn credential(name: &str, standby: &Standby) -> Value {
    json!({"kubeconfigs": [{"name": name, "value": STANDARD.encode(kubeconfig(name, standby))}]})
}

fn kubeconfig(name: &str, standby: &Standby) -> String {
    let user = match &standby.login {
        AksLogin::Entra => exec(),
        AksLogin::Certificate { certificate, key } => format!(
            "    client-certificate-data: {}\n    client-key-data: {}\n    token: \"\"\n",
            STANDARD.encode(certificate),
            STANDARD.encode(key)
        ),
    };
    let user_name = format!("{name}_standby_{CLUSTER_NAME}");
    let (ca, server) = (STANDARD.encode(&standby.ca_pem), &standby.endpoint);
    format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {ca}\n    server: {server}\n  name: {CLUSTER_NAME}\n\
         contexts:\n- context:\n    cluster: {CLUSTER_NAME}\n    user: {user_name}\n  name: {CLUSTER_NAME}\n\
         current-context: {CLUSTER_NAME}\nkind: Config\npreferences: {{}}\nusers:\n- name: {user_name}\n  user:\n{user}"
    )
}

fn exec() -> String {
    let arguments = [
        "get-token",
        "--environment",
        "AzurePublicCloud",
        "--server-id",
        AKS_AUDIENCE,
        "--client-id",
        CLIENT_APPLICATION,
        "--tenant-id",
        TENANT_NOTE,
        "--login",
        "devicecode",
    ];
    let arguments: String = arguments.iter().map(|argument| format!("      - {argument}\n")).collect();
    format!(
        "    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n      args:\n{arguments}      command: kubelogin\n      env: null\n      provideClusterInfo: false\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standby(login: AksLogin) -> Standby {
        Standby { endpoint: "https://localhost:6443".to_owned(), ca_pem: "CA".to_owned(), login }
    }

    fn user(login: AksLogin) -> Value {
        let text = kubeconfig("clusterUser", &standby(login));
        let config: Value = serde_saphyr::from_str(&text).expect("YAML");
        assert_eq!(config["clusters"][0]["cluster"]["server"], "https://localhost:6443");
        assert_eq!(config["clusters"][0]["cluster"]["certificate-authority-data"], STANDARD.encode("CA"));
        config["users"][0]["user"].clone()
    }

    #[test]
    fn a_kubeconfig_under_entra_holds_no_secret() {
        let user = user(AksLogin::Entra);
        assert_eq!(user["exec"]["command"], "kubelogin");
        assert!(user.get("client-key-data").is_none() && user.get("token").is_none());
    }

    #[test]
    fn a_kubeconfig_without_entra_holds_certificate_and_key() {
        let user = user(AksLogin::Certificate { certificate: "C".to_owned(), key: "K".to_owned() });
        assert_eq!(
            (&user["client-certificate-data"], &user["client-key-data"]),
            (&json!(STANDARD.encode("C")), &json!(STANDARD.encode("K")))
        );
    }
}
