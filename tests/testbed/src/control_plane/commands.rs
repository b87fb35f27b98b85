//! What the servers of a control plane are started with.

use std::{ffi::OsString, fs, path::Path};

use super::files::Files;
use crate::Error;

/// Those of kube-controller-manager's controllers that turn a Deployment or StatefulSet into pods, clean up behind
/// them, give the ClusterRole `edit` its rules, and say what is wrong with the expressions of an admission policy.
const CONTROLLERS: &str = "deployment-controller,replicaset-controller,statefulset-controller,\
                           garbage-collector-controller,namespace-controller,\
                           clusterrole-aggregation-controller,validatingadmissionpolicy-status-controller";

/// Ports on loopback.
pub struct Ports {
    /// etcd, for the API server.
    pub etcd: u16,
    /// etcd, for members that do not exist; it insists on one.
    pub etcd_peer: u16,
    /// The Kubernetes API.
    pub api: u16,
}

/// Collects options as `--name value` and switches as `--name`.
#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.0.extend([name.into(), value.into()]);
        self
    }

    fn switch(mut self, name: &str) -> Self {
        self.0.push(name.into());
        self
    }
}

pub fn etcd(files: &Files, ports: &Ports) -> Vec<OsString> {
    let (clients, peers) = (local(ports.etcd), local(ports.etcd_peer));
    Arguments::default()
        .with("--data-dir", files.etcd_data())
        .with("--listen-client-urls", &clients)
        .with("--advertise-client-urls", &clients)
        .with("--listen-peer-urls", &peers)
        .with("--initial-advertise-peer-urls", &peers)
        .with("--initial-cluster", format!("default={peers}"))
        .with("--log-level", "warn")
        .switch("--unsafe-no-fsync")
        .0
}

pub fn kube_apiserver(files: &Files, ports: &Ports) -> Vec<OsString> {
    let arguments = Arguments::default()
        .with("--etcd-servers", local(ports.etcd))
        .with("--bind-address", "127.0.0.1")
        .with("--secure-port", ports.api.to_string())
        .with("--cert-dir", files.certificates())
        .with("--service-account-issuer", "https://kubernetes.default.svc")
        .with("--service-account-signing-key-file", files.service_account_key())
        .with("--service-account-key-file", files.service_account_public_key())
        .with("--token-auth-file", files.tokens())
        .with("--authorization-mode", "RBAC")
        .with("--service-cluster-ip-range", "10.0.0.0/24")
        // No controller makes service accounts or clears the taint of a new node.
        .with("--disable-admission-plugins", "ServiceAccount,TaintNodesByCondition")
        .with("--audit-policy-file", files.audit_policy())
        .with("--audit-log-path", files.audit_log());
    match files.webhook() {
        None => arguments.0,
        Some(webhook) => {
            arguments
                .with("--authentication-token-webhook-config-file", webhook)
                .with("--authentication-token-webhook-version", "v1")
                .with("--authentication-token-webhook-cache-ttl", "0s")
                .0
        }
    }
}

pub fn kube_controller_manager(files: &Files) -> Vec<OsString> {
    controller(files).with("--controllers", CONTROLLERS).0
}

pub fn kube_scheduler(files: &Files) -> Vec<OsString> {
    controller(files).0
}

/// kwok with every stage of the folder, in the order of their names.
pub fn kwok(files: &Files, stages: &Path) -> Result<Vec<OsString>, Error> {
    let failed = || Error::io(format!("list {}", stages.display()));
    let entries: Result<Vec<_>, _> = fs::read_dir(stages).map_err(failed())?.collect();
    let mut paths: Vec<_> = entries.map_err(failed())?.iter().map(|entry| entry.path()).collect();
    paths.sort();
    let arguments = Arguments::default().with("--kubeconfig", files.kubeconfig()).switch("--manage-all-nodes");
    Ok(paths.into_iter().fold(arguments, |arguments, path| arguments.with("--config", path)).0)
}

/// What the controller manager and the scheduler share: one copy of each, and no port of its own.
fn controller(files: &Files) -> Arguments {
    Arguments::default()
        .with("--kubeconfig", files.kubeconfig())
        .switch("--leader-elect=false")
        .with("--secure-port", "0")
}

fn local(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
