//! A real Kubernetes API on loopback, with the rights that we ship in force.
//!
//! - `files`: what the servers read: tokens, keys, audit policy, kubeconfigs
//! - `commands`: what the servers are started with

mod commands;
mod files;

use std::{path::Path, time::Duration};

use http::Uri;
use kube::{Client, Config};
use tempfile::TempDir;

use crate::{
    Assets, AuditEntry, Error, apply, audit,
    process::{Server, free_port},
};

/// The API server is ready after about 3 s on an idle machine (docs/reference/test-servers.md#control-plane); ten tests may start at once.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// A controller does its first work within a second of its start.
const NODE_WITHIN: Duration = Duration::from_secs(60);

/// The one who may do everything; the tests set the scene as this user.
pub const ADMIN: &str = "admin";
/// The group that RBAC lets do everything.
const MASTERS: &str = "system:masters";

/// Someone who may log in with a fixed token, and whose rights are what RBAC objects say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Name, as a RoleBinding's subject and the audit log have it.
    pub name: String,
    /// Groups, as RoleBindings of kind Group name them.
    pub groups: Vec<String>,
}

/// What a control plane is started with, beyond an API server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Users beside [`ADMIN`]; see [`Testbed::token`].
    pub users: Vec<User>,
    /// An `http://127.0.0.1:PORT/...` address to which the API server sends a TokenReview (v1) for each token that it
    /// does not know. Answers are never cached. It need not answer before the first such token comes.
    pub token_webhook: Option<String>,
    /// Starts the controllers, the scheduler and one node run by kwok too: a Deployment scaled up gets ready pods.
    /// Without it, pods and statuses are what the test writes.
    pub pods: bool,
}

/// A running control plane. Everything is killed and removed when it is dropped, or when the test process ends.
#[derive(Debug)]
pub struct Testbed {
    // In the order of their start; dropped from the end.
    servers: Vec<Server>,
    files: files::Files,
    endpoint: Uri,
    ca_pem: String,
    // After the servers: they write into it.
    folder: TempDir,
}

impl Testbed {
    /// Starts etcd and kube-apiserver, and what `options` ask for, and waits until all of it is ready.
    ///
    /// # Errors
    ///
    /// When a server ends or does not become ready; the message quotes its log.
    pub async fn start(assets: &Assets, options: &Options) -> Result<Self, Error> {
        let folder = TempDir::with_prefix("holdfast-testbed-").map_err(Error::io("make a folder for the servers"))?;
        let ports = commands::Ports { etcd: free_port(), etcd_peer: free_port(), api: free_port() };
        let endpoint = format!("https://127.0.0.1:{}", ports.api);
        let files = files::Files::write(folder.path(), &endpoint, options)?;

        let etcd = Server::start(&assets.etcd, &commands::etcd(&files, &ports), folder.path())?;
        let arguments = commands::kube_apiserver(&files, &ports);
        let mut api = Server::start(&assets.kube_apiserver, &arguments, folder.path())?;
        api.wait_until(READY_WITHIN, async || is_ready(&files, &endpoint).await).await?;

        let ca_pem = files::read(&files.ca())?;
        let endpoint = endpoint.parse().expect("an address and a port make a URI");
        let mut bed = Self { servers: vec![etcd, api], files, endpoint, ca_pem, folder };
        if options.pods {
            bed.start_pods(assets).await?;
        }
        Ok(bed)
    }

    /// Address of the API: `https://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        self.endpoint.to_string().trim_end_matches('/').to_owned()
    }

    /// The certificates to trust for [`Testbed::endpoint`], in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The administrator's bearer token.
    pub fn admin_token(&self) -> String {
        self.token(ADMIN)
    }

    /// The bearer token of a user of [`Options::users`].
    pub fn token(&self, user: &str) -> String {
        files::token(user)
    }

    /// A kubeconfig of the administrator, for `kubectl --kubeconfig`.
    pub fn kubeconfig(&self) -> &Path {
        self.files.kubeconfig()
    }

    /// A client that does everything as the administrator.
    pub fn admin(&self) -> Client {
        self.client(&self.admin_token())
    }

    /// A client with a bearer token.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn client(&self, token: &str) -> Client {
        client(&self.files.ca(), &self.endpoint, token).expect("the certificate was accepted while starting")
    }

    /// Puts every object of a YAML text in place by server-side apply, as the administrator, and waits until custom
    /// resources that it defines are served. See [`apply::apply_yaml`].
    ///
    /// # Errors
    ///
    /// When a document is no object or the server refuses it.
    pub async fn apply_yaml(&self, yaml: &str) -> Result<(), Error> {
        apply::apply_yaml(&self.admin(), yaml).await
    }

    /// All finished requests so far, in the order in which the server noted them. See [`audit`].
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub async fn audit(&self) -> Result<Vec<AuditEntry>, Error> {
        audit::read(&self.admin(), &self.files.audit_log(), "").await
    }

    /// The same of one namespace, which costs less where the log is long.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub async fn audit_of(&self, namespace: &str) -> Result<Vec<AuditEntry>, Error> {
        let part = format!("\"namespace\":\"{namespace}\"");
        audit::read(&self.admin(), &self.files.audit_log(), &part).await
    }

    /// Starts what makes pods out of Deployments, and waits until the node can take them.
    async fn start_pods(&mut self, assets: &Assets) -> Result<(), Error> {
        let folder = self.folder.path();
        for (program, arguments) in [
            (&assets.kube_controller_manager, commands::kube_controller_manager(&self.files)),
            (&assets.kube_scheduler, commands::kube_scheduler(&self.files)),
            (&assets.kwok, commands::kwok(&self.files, &assets.stages)?),
        ] {
            self.servers.push(Server::start(program, &arguments, folder)?);
        }
        self.apply_yaml(files::NODE).await?;
        let admin = self.admin();
        let kwok = self.servers.last_mut().expect("it was pushed above");
        kwok.wait_until(NODE_WITHIN, async || {
            apply::condition_is_true(&admin, "v1", "Node", files::NODE_NAME, "Ready").await
        })
        .await
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        while self.servers.pop().is_some() {}
    }
}

/// Whether the API server answers its own readiness check. Its certificate is there a moment after its start.
async fn is_ready(files: &files::Files, endpoint: &str) -> bool {
    let uri = endpoint.parse().expect("an address and a port make a URI");
    let Ok(client) = client(&files.ca(), &uri, &files::token(ADMIN)) else {
        return false;
    };
    let request = http::Request::get("/readyz").body(Vec::new()).expect("a constant request is well formed");
    client.request_text(request).await.is_ok_and(|answer| answer == "ok")
}

fn client(ca: &Path, endpoint: &Uri, token: &str) -> Result<Client, kube::Error> {
    let mut config = Config::new(endpoint.clone());
    config.root_cert_file = Some(ca.to_owned());
    config.auth_info.token = Some(token.to_owned().into());
    Client::try_from(config)
}
