//! A standby cluster to test against: the simulator's, or a real control plane on which pods start.

use std::sync::Arc;

use aws_credential_types::Credentials;
use holdfast_aws::eks::EksToken;
use holdfast_core::{Clock, Fault};
use holdfast_http::Proxies;
use holdfast_kubernetes::{
    Access, Direct, StandbyCluster, TokenSource, connect, lease::KubernetesLease, store::ConfigMapStore,
};
use holdfast_logscale::LogScale;
use holdfast_simulator::{
    Options, Simulator,
    kubernetes::{StandbyFixture, TokenPolicy, token_review_router},
};
use holdfast_site::clock::SystemClock;
use holdfast_testbed::{Assets, Testbed};
use http::Method;
use kube::Client;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    admission, fixture,
    operator::PlayedOperator,
    requests::{ask, done, eventually, found, path},
    role,
};

/// The HumioCluster of every fixture, unless it says otherwise.
pub const HUMIO: &str = "logscale";
/// The operator's Deployment.
pub const OPERATOR: &str = "humio-operator";

const HUMIO_DEFINITION: &str = include_str!("../real/fixtures/crds/core.humio.com_humioclusters.yaml");

/// What a scenario stands on.
pub enum Backend {
    /// A simulator for each standby.
    Simulated,
    /// A namespace of one control plane for each standby.
    Real(Box<RealBackend>),
}

impl Backend {
    /// A standby as `fixture` says. `name` tells the stands of one real control plane apart.
    pub async fn cluster(&self, name: &str, fixture: StandbyFixture) -> TestCluster {
        match self {
            Self::Simulated => TestCluster::simulated(fixture).await,
            Self::Real(backend) => backend.cluster(name, &fixture).await,
        }
    }
}

/// A real control plane, with pods, that takes the tokens which the function makes, under the admission policies.
pub struct RealBackend {
    /// Its servers.
    pub bed: Testbed,
    /// Whom it lets in.
    pub function: TokenPolicy,
    review: JoinHandle<()>,
}

impl RealBackend {
    /// Starts one.
    pub async fn start(assets: &Assets) -> Self {
        let function = function();
        let review = TokenReview::bind().await;
        let users = vec![admission::backup()];
        let options = holdfast_testbed::Options { users, token_webhook: Some(review.url()), pods: true };
        let bed = Testbed::start(assets, &options).await.expect("a control plane");
        bed.apply_yaml(HUMIO_DEFINITION).await.expect("the definition of HumioCluster");
        admission::enforce(&bed, &admission::everywhere(), "default").await;
        Self { bed, review: review.serve(function.clone()), function }
    }

    /// A standby in a namespace of its own.
    pub async fn cluster(&self, name: &str, fixture: &StandbyFixture) -> TestCluster {
        furnish(&self.bed, name, fixture).await;
        let access = (self.bed.endpoint(), self.bed.ca_pem().to_owned());
        let admin = client(&access, Arc::new(Fixed(self.bed.admin_token())));
        TestCluster { namespace: name.to_owned(), admin, access, function: self.function.clone(), simulator: None }
            .settled()
            .await
    }
}

impl Drop for RealBackend {
    fn drop(&mut self) {
        self.review.abort();
    }
}

/// A namespace on a real control plane that looks as `fixture` says, under the rights that we ship.
pub async fn furnish(bed: &Testbed, namespace: &str, fixture: &StandbyFixture) {
    let name = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    let role = role::MANIFEST.replace("namespace: logging", &format!("namespace: {namespace}"));
    bed.apply_yaml(&format!("{name}\n---\n{role}")).await.expect("the shipped manifest");
    for mut object in fixture::objects(fixture) {
        object["metadata"]["namespace"] = namespace.into();
        bed.apply_yaml(&object.to_string()).await.expect("an object of the seed");
    }
}

/// The definition of HumioCluster on a real control plane.
pub async fn define_humio_cluster(bed: &Testbed) {
    bed.apply_yaml(HUMIO_DEFINITION).await.expect("the definition of HumioCluster");
}

/// The simulator's judge of tokens as a webhook. Its address is known before whom it lets in.
pub struct TokenReview(TcpListener);

impl TokenReview {
    /// Takes a port.
    pub async fn bind() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.expect("a port"))
    }

    /// For [`holdfast_testbed::Options::token_webhook`].
    pub fn url(&self) -> String {
        format!("http://{}/", self.0.local_addr().expect("an address"))
    }

    /// Answers until the handle is aborted.
    pub fn serve(self, policy: TokenPolicy) -> JoinHandle<()> {
        tokio::spawn(async move {
            axum::serve(self.0, token_review_router(policy)).await.expect("a server that runs on");
        })
    }
}

/// One standby.
pub struct TestCluster {
    /// Its namespace.
    pub namespace: String,
    /// A client that may do everything; it sets the scene.
    pub admin: Client,
    /// Whom it lets in as the function.
    pub function: TokenPolicy,
    access: (String, String),
    simulator: Option<Simulator>,
}

impl TestCluster {
    async fn simulated(fixture: StandbyFixture) -> Self {
        let simulator =
            Simulator::start(Options { standby: fixture, ..Options::default() }).await.expect("a simulator");
        let access = (simulator.kubernetes_endpoint(), simulator.ca_pem().to_owned());
        let admin = client(&access, Arc::new(Fixed(simulator.cluster().admin_token().to_owned())));
        let function = simulator.cluster().token_policy();
        Self { namespace: "logging".to_owned(), admin, access, function, simulator: Some(simulator) }.settled().await
    }

    /// Waits until the Deployment controller has seen the operator: it writes the status, and with it a new version.
    async fn settled(self) -> Self {
        eventually("the operator's Deployment has a status", async || {
            let operator = self.get("deployments", OPERATOR).await?;
            let seen = &operator["status"]["observedGeneration"];
            (!seen.is_null() && *seen == operator["metadata"]["generation"]).then_some(())
        })
        .await;
        self
    }

    /// A client that logs in as the function does: with a token that it makes itself, from `policy`'s keys.
    pub fn login(&self, policy: &TokenPolicy) -> Client {
        client(&self.access, Arc::new(token(policy)))
    }

    /// A client with a fixed token.
    pub fn login_with(&self, token: &str) -> Client {
        client(&self.access, Arc::new(Fixed(token.to_owned())))
    }

    /// The function's side of the cluster.
    pub fn site(&self) -> Site {
        self.site_with(&self.function)
    }

    /// The same for somebody else.
    pub fn site_with(&self, policy: &TokenPolicy) -> Site {
        let connector = Arc::new(Direct(self.login(policy)));
        Site::new(StandbyCluster::new(connector, self.namespace.clone(), "holdfast"))
    }

    /// Lets somebody play humio-operator where none runs. The simulator has its own.
    pub fn play_operator(&self) -> Option<PlayedOperator> {
        let real = self.simulator.is_none();
        real.then(|| PlayedOperator::start(self.admin.clone(), &self.namespace, HUMIO))
    }

    /// The path of a resource, or of one object of it.
    pub fn path(&self, resource: &str, name: &str) -> String {
        path(&self.namespace, resource, name)
    }

    /// An object, as the administrator sees it.
    pub async fn get(&self, resource: &str, name: &str) -> Option<Value> {
        found(ask(&self.admin, Method::GET, &self.path(resource, name), Value::Null).await)
    }

    /// Creates an object as the administrator.
    pub async fn create(&self, resource: &str, object: Value) -> Value {
        done(ask(&self.admin, Method::POST, &self.path(resource, ""), object).await)
    }

    /// Merges `change` into an object as the administrator. `name` may be followed by a subresource.
    pub async fn change(&self, resource: &str, name: &str, change: Value) -> Value {
        done(ask(&self.admin, Method::PATCH, &self.path(resource, name), change).await)
    }

    /// Deletes an object as the administrator.
    pub async fn delete(&self, resource: &str, name: &str) {
        done(ask(&self.admin, Method::DELETE, &self.path(resource, name), Value::Null).await);
    }
}

fn client((endpoint, ca_pem): &(String, String), token: Arc<dyn TokenSource>) -> Client {
    let access = Access { endpoint: endpoint.clone(), ca_pem: ca_pem.clone().into_bytes(), token };
    connect(access, &Proxies::default()).expect("an address and a CA")
}

/// The function, as real servers are to know it.
pub fn function() -> TokenPolicy {
    fixture::token_policy()
}

/// The function's own maker of tokens, with `policy`'s keys.
pub fn token(policy: &TokenPolicy) -> EksToken {
    let keys = Credentials::new(&policy.access_key, &policy.secret_key, None, None, "test");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    EksToken::new(keys, &policy.region, &policy.cluster_name, clock)
}

struct Fixed(String);

impl TokenSource for Fixed {
    fn token(&self) -> Result<String, Fault> {
        Ok(self.0.clone())
    }
}

/// LogScale on a standby cluster.
pub struct Site {
    cluster: StandbyCluster,
    logscale: LogScale,
}

impl Site {
    /// The names that the shipped manifests use.
    pub fn new(cluster: StandbyCluster) -> Self {
        let options = holdfast_logscale::Options {
            humio_cluster: Some(HUMIO.to_owned()),
            ..holdfast_logscale::Options::default()
        };
        let logscale = LogScale::new(&cluster, options);
        Self { cluster, logscale }
    }

    /// Elects one worker.
    pub fn lease(&self) -> Arc<KubernetesLease> {
        self.cluster.lease()
    }

    /// Keeps the record.
    pub fn store(&self) -> Arc<ConfigMapStore> {
        self.cluster.store()
    }
}

impl std::ops::Deref for Site {
    type Target = LogScale;

    fn deref(&self) -> &LogScale {
        &self.logscale
    }
}
