//! What the servers of a control plane read, written into the test's own folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::KeyPair;

use super::{ADMIN, MASTERS, Options, User};
use crate::Error;

/// Name of the one node.
pub const NODE_NAME: &str = "node-0";

/// The one node. kwok gives it a status, with room for a million pods.
pub const NODE: &str = "
apiVersion: v1
kind: Node
metadata:
  name: node-0
";

/// Who did what to which object, without what was sent: enough to compare with a Role.
const AUDIT_POLICY: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
";

/// A folder with the files of one control plane.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    kubeconfig: PathBuf,
    has_webhook: bool,
}

impl Files {
    /// Writes all of them.
    pub fn write(folder: &Path, endpoint: &str, options: &Options) -> Result<Self, Error> {
        let has_webhook = options.token_webhook.is_some();
        let files = Self { folder: folder.to_owned(), kubeconfig: folder.join("kubeconfig.yaml"), has_webhook };
        // The server makes its own certificate; the tokens that it would sign for service accounts need a key of ours.
        let key = KeyPair::generate().expect("the operating system gives random numbers");
        write(&files.service_account_key(), &key.serialize_pem())?;
        write(&files.service_account_public_key(), &key.public_key_pem())?;
        write(&files.tokens(), &tokens(&options.users))?;
        write(&files.audit_policy(), AUDIT_POLICY)?;
        write(&files.kubeconfig, &kubeconfig(endpoint, Some(&files.ca()), &token(ADMIN)))?;
        if let Some(url) = &options.token_webhook {
            write(&files.webhook_path(), &kubeconfig(url, None, "none"))?;
        }
        Ok(files)
    }

    /// Folder for etcd's data.
    pub fn etcd_data(&self) -> PathBuf {
        self.folder.join("etcd")
    }

    /// Folder in which the API server puts the certificate that it makes.
    pub fn certificates(&self) -> PathBuf {
        self.folder.join("certificates")
    }

    /// That certificate, which a client has to trust; present soon after the start.
    pub fn ca(&self) -> PathBuf {
        self.certificates().join("apiserver.crt")
    }

    /// Key that signs service account tokens.
    pub fn service_account_key(&self) -> PathBuf {
        self.folder.join("service-account.key")
    }

    /// Key that checks them.
    pub fn service_account_public_key(&self) -> PathBuf {
        self.folder.join("service-account.pub")
    }

    /// The list of fixed tokens.
    pub fn tokens(&self) -> PathBuf {
        self.folder.join("tokens.csv")
    }

    /// What is to be noted in the audit log.
    pub fn audit_policy(&self) -> PathBuf {
        self.folder.join("audit-policy.yaml")
    }

    /// The audit log, one JSON object a line.
    pub fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Where to ask about tokens that are not in the list, if anywhere.
    pub fn webhook(&self) -> Option<PathBuf> {
        self.has_webhook.then(|| self.webhook_path())
    }

    fn webhook_path(&self) -> PathBuf {
        self.folder.join("token-webhook.yaml")
    }
}

/// The fixed token of a user. Known to all, as the server listens on loopback only and lives as long as a test.
pub fn token(user: &str) -> String {
    format!("token-of-{user}")
}

/// Reads a text file.
pub fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(Error::io(format!("read {}", path.display())))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(Error::io(format!("write {}", path.display())))
}

/// One line for each: token, name, uid, groups (kube-apiserver's `--token-auth-file`).
fn tokens(users: &[User]) -> String {
    let admin = User { name: ADMIN.to_owned(), groups: vec![MASTERS.to_owned()] };
    let line = |user: &User| {
        format!("{},{name},uid-{name},\"{}\"\n", token(&user.name), user.groups.join(","), name = user.name)
    };
    std::iter::once(&admin).chain(users).map(line).collect()
}

fn kubeconfig(server: &str, ca: Option<&Path>, token: &str) -> String {
    let ca = ca.map(|path| format!("certificate-authority: {}", path.display())).unwrap_or_default();
    format!(
        "apiVersion: v1
kind: Config
current-context: it
contexts:
- name: it
  context: {{cluster: it, user: it}}
clusters:
- name: it
  cluster:
    server: {server}
    {ca}
users:
- name: it
  user: {{token: {token}}}
"
    )
}
