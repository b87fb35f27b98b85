//! A standby under the policies, and those who log in there.

use std::{path::Path, process::Command};

use holdfast_simulator::kubernetes::{StandbyFixture, TlsFixture};
use holdfast_testbed::{Assets, Options, Testbed, User};
use holdfast_tests::{
    admission::{backup, enforce, is_refusal},
    requests::{ask, done, eventually, found, path},
    role::{AZURE_BINDING, OCI},
    test_cluster::{HUMIO, define_humio_cluster, furnish},
};
use http::Method;
use kube::Client;
use serde_json::{Value, json};

pub const NAMESPACE: &str = "logging";
/// OCID of a dynamic group.
const DYNAMIC_GROUP: &str = "ocid1.dynamicgroup.oc1..aaaaholdfast";
/// Object id of a managed identity.
const PRINCIPAL: &str = "5f1c1a52-0000-4000-8000-00000000f00d";
pub const EDITOR: &str = "editor";
pub const NAMED: &str = "named-operator";
pub const NAMESPACE_CONTROLLER: &str = "system:serviceaccount:kube-system:namespace-controller";

/// An editor of the namespace by the built-in ClusterRole, and a named operator with the same rights.
const PEOPLE: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: people, namespace: logging}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: editor}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: named-operator}
"#;

/// How the function logs in on a cloud's clusters, and what is applied there.
pub struct Form {
    function: User,
    folder: &'static str,
    binding: Option<&'static str>,
}

pub fn on_eks() -> Form {
    let function = User { name: "arn:function".to_owned(), groups: vec!["dr-failover".to_owned()] };
    Form { function, folder: "infra/kubernetes/admission", binding: None }
}

pub fn on_aks() -> Form {
    // A user with a group of the directory, as every user of Entra has some.
    let function = User { name: PRINCIPAL.to_owned(), groups: vec!["a-group-of-entra".to_owned()] };
    Form { function, folder: "infra/azure/admission", binding: Some(AZURE_BINDING) }
}

pub fn on_oke() -> Form {
    // The user name of a function is not documented; its dynamic group is a group of the cluster.
    let groups = vec![DYNAMIC_GROUP.to_owned(), "ocid1.group.oc1..aaaaanother".to_owned()];
    let function = User { name: "ocid1.fnfunc.oc1.iad.aaaafunction".to_owned(), groups };
    Form { function, folder: "infra/oci/admission", binding: Some(OCI[0]) }
}

/// A standby under the policies.
pub struct Scene {
    /// Its servers.
    pub bed: Testbed,
    /// The function, as the cluster knows it.
    pub function: User,
}

impl Scene {
    pub async fn set(assets: &Assets, kubectl: &Path, form: Form) -> Self {
        let user = |name: &str, group: &str| User { name: name.to_owned(), groups: vec![group.to_owned()] };
        let users = vec![
            form.function.clone(),
            user(EDITOR, "developers"),
            user(NAMED, "holdfast-operators"),
            user(NAMESPACE_CONTROLLER, "system:serviceaccounts"),
            backup(),
        ];
        let options = Options { users, pods: true, ..Options::default() };
        let bed = Testbed::start(assets, &options).await.expect("a control plane");
        define_humio_cluster(&bed).await;
        let seed = StandbyFixture { tls: TlsFixture::StaleOtherCa, per_node_secret: true, ..StandbyFixture::default() };
        furnish(&bed, NAMESPACE, &seed).await;
        for text in form.binding.into_iter().chain([PEOPLE]) {
            bed.apply_yaml(&named(text)).await.expect("rights");
        }
        enforce(&bed, &rendered(kubectl, form.folder), NAMESPACE).await;
        let scene = Self { bed, function: form.function };
        scene.function_is_narrowed().await;
        scene
    }

    /// Waits until the policies about the function are in force too. Nothing is done in earnest.
    async fn function_is_narrowed(&self) {
        let scale = format!("{}?dryRun=All", path(NAMESPACE, "deployments", "humio-operator/scale"));
        let ca = format!("{}?dryRun=All", path(NAMESPACE, "secrets", &format!("{HUMIO}-ca-keypair")));
        eventually("the function is narrowed", async || {
            let scaled = ask(&self.function(), Method::PATCH, &scale, json!({"spec": {"replicas": 0}})).await;
            let deleted = ask(&self.function(), Method::DELETE, &ca, Value::Null).await;
            (is_refusal(scaled.0, &scaled.1) && is_refusal(deleted.0, &deleted.1)).then_some(())
        })
        .await;
    }

    pub fn login(&self, user: &str) -> Client {
        self.bed.client(&self.bed.token(user))
    }

    pub fn function(&self) -> Client {
        self.login(&self.function.name)
    }

    pub async fn get(&self, resource: &str, name: &str) -> Option<Value> {
        found(ask(&self.bed.admin(), Method::GET, &path(NAMESPACE, resource, name), Value::Null).await)
    }

    pub async fn create(&self, resource: &str, object: Value) {
        done(ask(&self.bed.admin(), Method::POST, &path(NAMESPACE, resource, ""), object).await);
    }

    /// Record and lease, as they are now.
    pub async fn guarded(&self) -> [Option<Value>; 2] {
        [self.get("configmaps", "holdfast").await, self.get("leases", "holdfast").await]
    }
}

/// What kubectl makes of a folder that we ship, with the function's identity put in.
fn rendered(kubectl: &Path, folder: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let output = Command::new(kubectl).arg("kustomize").arg(folder).output().expect("kubectl starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    named(&String::from_utf8(output.stdout).expect("YAML is text"))
}

/// A text that we ship, with the function's identity put in.
fn named(text: &str) -> String {
    text.replace("${principal_id}", PRINCIPAL).replace("${dynamic_group_id}", DYNAMIC_GROUP)
}
