//! The cluster as its owner holds it: state, identity rules, and the calls that need no HTTP.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use jiff::Timestamp;
use serde_json::Value;

use super::failure::Failure;
use super::kinds::Kind;
use super::rbac::AUTHENTICATED;
use super::request::RequestInfo;
use super::store::{Actor, Change, Key, Store};
use super::token::{Identity, TokenError, TokenPolicy, review};
use super::write::{Write, text};
use crate::ids::Ids;

/// How a simulated cluster is set up.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// EKS cluster name, which a token must be signed for.
    pub name: String,
    /// Region of the cluster and of the STS host in tokens.
    pub region: String,
    /// Namespace of the system under protection.
    pub namespace: String,
    /// Access key id of the principal with an access entry.
    pub access_key: String,
    /// Its secret key.
    pub secret_key: String,
    /// Kubernetes group of the access entry, such as `dr-failover`.
    pub group: String,
    /// How many times faster than in the cloud simulated durations pass; less than 1 counts as 1.
    pub pace: f64,
    /// Seed of uids, generated names and the admin token.
    pub seed: u64,
}

/// One request as kube-apiserver's audit log would name it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AuditEntry {
    /// When it was answered.
    pub at: Timestamp,
    /// Username; empty when the credentials were refused.
    pub user: String,
    /// Groups of the user.
    pub groups: Vec<String>,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    pub verb: String,
    /// API group, empty for core.
    pub api_group: String,
    /// Plural name; the path when the request was for no resource.
    pub resource: String,
    /// Subresource or empty.
    pub subresource: String,
    /// Object name or empty.
    pub name: String,
    /// Whether authorisation let it pass.
    pub allowed: bool,
    /// HTTP status of the answer.
    pub code: u16,
}

/// Lines of pods' logs by the pod's uid, each with the instant at which it is written.
pub(super) type PodLogs = BTreeMap<String, Vec<(Timestamp, String)>>;

/// Everything that changes.
#[derive(Debug)]
pub(super) struct State {
    /// Objects.
    pub(super) store: Store,
    /// Pod logs.
    pub(super) logs: PodLogs,
    /// Requests so far.
    pub(super) audit: Vec<AuditEntry>,
}

/// Says who bears a token, or that it does not know the token.
type Reviewer = Box<dyn Fn(&str, Timestamp) -> Option<Identity> + Send + Sync>;

/// A Kubernetes cluster in memory.
pub struct Cluster {
    options: ClusterOptions,
    admin_token: String,
    state: Mutex<State>,
    reviewer: OnceLock<Reviewer>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Cluster").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Cluster {
    /// An empty cluster that has only its namespace.
    pub fn new(options: ClusterOptions) -> Arc<Cluster> {
        // Seeds of their own: the token is no uid, and neither is an id that the rest of the simulator makes.
        let admin_token = format!("admin-{}", Ids::new(!options.seed).uuid());
        let state = Mutex::new(State {
            store: Store::new(options.seed.wrapping_add(2)),
            logs: PodLogs::new(),
            audit: Vec::new(),
        });
        let cluster = Arc::new(Cluster { options, admin_token, state, reviewer: OnceLock::new() });
        let namespace = serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cluster.options.namespace},
        });
        cluster.apply(namespace).expect("a namespace object is valid");
        cluster
    }

    /// The options that it was made with.
    pub fn options(&self) -> &ClusterOptions {
        &self.options
    }

    /// Name of a request in call logs and fault rules: `kubernetes:get:configmaps`,
    /// `kubernetes:patch:deployments/scale`; for a path that is no resource `kubernetes:get:/version`.
    pub fn call_name(method: &http::Method, uri: &http::Uri) -> String {
        let info = RequestInfo::of(method, uri);
        let what = if info.is_resource() { info.resource_path() } else { info.path };
        format!("kubernetes:{}:{what}", info.verb)
    }

    /// A bearer token in `system:masters`, for tests and for `kubectl`.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// The rules by which EKS tokens are judged here.
    pub fn token_policy(&self) -> TokenPolicy {
        TokenPolicy {
            cluster_name: self.options.name.clone(),
            region: self.options.region.clone(),
            access_key: self.options.access_key.clone(),
            secret_key: self.options.secret_key.clone(),
            user: "arn:aws:sts::111122223333:assumed-role/holdfast-failover/holdfast".to_owned(),
            groups: vec![self.options.group.clone(), AUTHENTICATED.to_owned()],
        }
    }

    /// Lets a webhook judge tokens beside the rules for EKS, as AKS has one for Entra. Only the first one counts.
    pub(crate) fn review_with(&self, reviewer: Reviewer) {
        drop(self.reviewer.set(reviewer));
    }

    /// Who bears a token, by the rules for EKS or by the webhook.
    pub(super) fn bearer(&self, token: &str, now: Timestamp) -> Result<Identity, TokenError> {
        let by_webhook = self.reviewer.get().and_then(|reviewer| reviewer(token, now));
        by_webhook.map_or_else(|| review(token, now, &self.token_policy()), Ok)
    }

    /// Creates or replaces an object, status included, as the cluster's owner: no authorisation, no resourceVersion, not listed in
    /// [`Cluster::changes`]. An object without a namespace goes to the namespace of the options.
    ///
    /// # Errors
    /// A kind that is not served, or an object that does not validate.
    pub fn apply(&self, manifest: Value) -> Result<(), Failure> {
        let kind = Kind::of_manifest(&manifest).ok_or_else(Failure::no_such_path)?;
        let namespace = match text(&manifest, "namespace") {
            "" => self.options.namespace.clone(),
            given => given.to_owned(),
        };
        let name = text(&manifest, "name").to_owned();
        let write = Write { kind, namespace, name, actor: Actor::owner(), dry_run: false };
        let mut state = self.state();
        let existing = state.store.get(&Key::new(kind, &write.namespace, &write.name)).cloned();
        match existing {
            None => write.create(&mut state.store, manifest).map(drop),
            Some(before) => {
                let mut wanted = manifest;
                if wanted["status"].is_null() {
                    wanted["status"] = before["status"].clone();
                }
                write.commit(&mut state.store, &before, wanted, super::validate::Origin::Body).map(drop)
            }
        }
    }

    /// One object of the options' namespace (or of cluster scope). `resource` is the plural.
    pub fn get(&self, resource: &str, name: &str) -> Option<Value> {
        let key = Key::new(Kind::of_plural(resource)?, &self.options.namespace, name);
        self.state().store.get(&key).cloned()
    }

    /// All objects of a kind in the options' namespace, by name.
    pub fn list(&self, resource: &str) -> Vec<Value> {
        let namespaced = Kind::of_plural(resource).is_some_and(|kind| kind.namespaced);
        let namespace = if namespaced { self.options.namespace.as_str() } else { "" };
        self.state().store.list(resource, namespace).cloned().collect()
    }

    /// Removes an object and what it owned, as the cluster's owner; says whether it was there.
    pub fn delete(&self, resource: &str, name: &str) -> bool {
        let Some(kind) = Kind::of_plural(resource) else { return false };
        let key = Key::new(kind, &self.options.namespace, name);
        self.state().store.remove(&key, &Actor::owner()).is_some()
    }

    /// Somebody mends the Issuer of a standby that was seeded with another one's CA, and lets `secret` be issued anew.
    pub fn mend_issuer(&self, secret: &str) {
        let secrets = Kind::of_plural("secrets").expect("secrets are served");
        let key = Key::new(secrets, &self.options.namespace, secret);
        let mut state = self.state();
        state.store.succeed(key.clone(), None);
        state.store.remove(&key, &Actor::owner());
    }

    /// Every request so far, in the order of their answers.
    pub fn audit(&self) -> Vec<AuditEntry> {
        self.state().audit.clone()
    }

    /// Every write that took effect, by API clients and by the controllers of the model, in order.
    pub fn changes(&self) -> Vec<Change> {
        self.state().store.changes().to_vec()
    }

    /// The state, locked.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds the state")
    }
}
