//! A standby as Terraform and Helm leave it: everything declared, the operator at 0 replicas.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::certificates::{Pair, authority};
use super::clock;
use super::cluster::Cluster;
use super::kinds::Kind;
use super::operator::{Model, ROOM, ca_key_pair, ca_secret_name, certificate, issued_secret, issuer};
use super::store::{Actor, Heir, Key, Store};
use super::write::Write;

/// The Role, RoleBinding, Lease and ConfigMap that Holdfast ships.
const ROLE_MANIFEST: &str = include_str!("../../../../infra/kubernetes/role.yaml");
/// Name of the Secret of a node that ran before.
const OLD_NODE: &str = "core-oldone";

/// What the standby looks like before a failover.
#[derive(Clone, Debug)]
pub struct StandbyFixture {
    /// Name of the HumioCluster, and so of its TLS secret.
    pub cluster_name: String,
    /// The TLS secrets that lie there.
    pub tls: TlsFixture,
    /// Whether `ALLOW_KAFKA_RESET_UNTIL_TIMESTAMP_MS` is declared, with a value in the past.
    pub kafka_reset_variable: bool,
    /// Whether the `S3_RECOVER_FROM_*` variables are declared.
    pub recover_from: bool,
    /// `spec.nodeCount`.
    pub node_count: i64,
    /// `spec.targetReplicationFactor`; absent means the operator's default of 2.
    pub replication_factor: Option<i64>,
    /// Whether the bootstrap token's Secret is there, which saves a phase of the first boot.
    pub bootstrap_token: bool,
    /// Replicas of humio-operator; 0 on a standby.
    pub operator_replicas: i32,
    /// Whether the HumioCluster is declared at all.
    pub humiocluster: bool,
    /// Whether the Secret of a node that ran before lies there, signed by the CA of Secret C.
    pub per_node_secret: bool,
    /// For how many node pods there is room; `None` for all of them.
    pub room_for_nodes: Option<u32>,
    /// What the failover function has written into its record so far; empty means that it never ran.
    pub record: Option<Value>,
    /// Who issues Secret C anew when it is deleted.
    pub reissue: Reissue,
}

/// Who issues Secret C anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reissue {
    /// cert-manager, a moment later, from the Issuer of the cluster.
    #[default]
    Usual,
    /// An Issuer that still signs with the earlier CA, before the delete is answered, again and again, until
    /// [`Cluster::mend_issuer`].
    AtOnceFromTheEarlierCa,
}

impl Default for StandbyFixture {
    /// A fit standby that has never been promoted.
    fn default() -> StandbyFixture {
        StandbyFixture {
            cluster_name: "logscale".to_owned(),
            tls: TlsFixture::Absent,
            kafka_reset_variable: false,
            recover_from: true,
            node_count: 1,
            replication_factor: Some(1),
            bootstrap_token: true,
            operator_replicas: 0,
            humiocluster: true,
            per_node_secret: false,
            room_for_nodes: None,
            record: None,
            reissue: Reissue::Usual,
        }
    }
}

/// The state of the CA's Secret and of Secret C (named as the HumioCluster), after the table of docs/reference/logscale.md#tls-judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFixture {
    /// Neither is there.
    Absent,
    /// Both are there and belong together.
    Matching,
    /// Both are there, and C was signed by an earlier CA.
    StaleOtherCa,
    /// Only C is there, from a CA that is gone: a HumioCluster that was deleted and created again.
    StaleNoCa,
    /// `spec.tls.caSecretName` names a Secret that is not there; C is.
    CustomCaMissing,
}

/// How long a standby has been there when a scenario begins.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// Puts a standby into the cluster, as its owner.
pub fn apply_fixture(cluster: &Cluster, fixture: &StandbyFixture) {
    for mut manifest in shipped(&cluster.options().namespace) {
        if let Some(record) = fixture.record.as_ref().filter(|_| manifest["kind"] == "ConfigMap") {
            manifest["data"]["state"] = record.to_string().into();
        }
        put(cluster, manifest);
    }
    put(cluster, operator_deployment(fixture.operator_replicas));
    for secret in plain_secrets(fixture) {
        put(cluster, secret);
    }
    let name = &fixture.cluster_name;
    let humio = humiocluster(fixture, &cluster.options().region);
    let declared = if fixture.humiocluster {
        put(cluster, humio);
        cluster.get("humioclusters", name).expect("just stored")
    } else {
        // TLS material can outlive its HumioCluster; it is made with the names that the cluster would have.
        let mut humio = humio;
        humio["metadata"]["namespace"] = cluster.options().namespace.as_str().into();
        humio
    };
    put_tls(cluster, fixture, &declared);
    // The controllers have seen all this a month ago: one look, so that nothing is left for them to do when the story begins.
    let mut state = cluster.state();
    Model::new(cluster.options().pace).step(&mut state, clock::now());
    state.store.forget_changes();
    state.store.backdate(clock::now() - MONTH);
}

/// Puts what says who the function is on a cluster.
pub(crate) fn grant(cluster: &Cluster, rights: &str) {
    for manifest in manifests(rights, &cluster.options().namespace) {
        put(cluster, manifest);
    }
}

/// Puts an object there that is valid by construction.
pub(crate) fn put(cluster: &Cluster, manifest: Value) {
    cluster.apply(manifest).expect("the fixture is valid");
}

fn shipped(namespace: &str) -> Vec<Value> {
    manifests(ROLE_MANIFEST, namespace)
}

/// The manifests of a YAML text that the cluster serves, in the namespace.
pub(crate) fn manifests(text: &str, namespace: &str) -> Vec<Value> {
    let mut manifests: Vec<Value> = serde_saphyr::from_multiple(text).expect("the shipped manifest is YAML");
    manifests.retain(|manifest| Kind::of_manifest(manifest).is_some());
    for manifest in &mut manifests {
        manifest["metadata"]["namespace"] = namespace.into();
    }
    manifests
}

fn operator_deployment(replicas: i32) -> Value {
    let labels = json!({
        "app": "humio-operator", "app.kubernetes.io/name": "humio-operator", "app.kubernetes.io/instance": "humio-operator",
        "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/component": "operator",
        "helm.sh/chart": "humio-operator-0.32.0",
    });
    let container = json!({
        "name": "humio-operator", "image": "humio/humio-operator:0.32.0",
        "env": [{"name": "WATCH_NAMESPACE", "value": "logging"}, {"name": "USE_CERTMANAGER", "value": "true"}],
    });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "humio-operator", "labels": labels},
        "spec": {
            "replicas": replicas, "strategy": {"type": "Recreate"}, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
        "status": {"observedGeneration": 1},
    })
}

fn plain_secrets(fixture: &StandbyFixture) -> Vec<Value> {
    let secret = |name: String, data: Value| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data});
    let name = &fixture.cluster_name;
    let part = |claims: Value| URL_SAFE_NO_PAD.encode(claims.to_string());
    let licence = format!(
        "{}.{}.c2lnbmF0dXJl",
        part(json!({"alg": "ES512"})),
        part(json!({"uid": "simulated", "iat": 1_767_225_600}))
    );
    let mut secrets = vec![
        secret(format!("{name}-license"), json!({"humio-license-key": STANDARD.encode(licence)})),
        secret(format!("{name}-s3-encryption-key"), json!({"s3-storage-encryption-key": STANDARD.encode("simulated")})),
        secret(format!("{name}-strimzi-kafka-cluster-ca-cert"), json!({"ca.p12": STANDARD.encode("simulated")})),
    ];
    if fixture.bootstrap_token {
        let data = json!({"secret": STANDARD.encode("simulated"), "hashedToken": STANDARD.encode("simulated")});
        secrets.push(secret(format!("{name}-bootstrap-token"), data));
    }
    secrets
}

fn humiocluster(fixture: &StandbyFixture, region: &str) -> Value {
    let name = &fixture.cluster_name;
    let mut spec = json!({
        "image": "humio/humio-core:1.245.0", "nodeCount": fixture.node_count, "hostname": "logscale.example.com",
        "dataVolumeSource": {"emptyDir": {}},
        "license": {"secretKeyRef": {"name": format!("{name}-license"), "key": "humio-license-key"}},
        "tls": {"enabled": true}, "environmentVariables": [], "commonEnvironmentVariables": variables(fixture, region),
    });
    if let Some(factor) = fixture.replication_factor {
        spec["targetReplicationFactor"] = factor.into();
    }
    if fixture.tls == TlsFixture::CustomCaMissing {
        spec["tls"]["caSecretName"] = format!("{name}-custom-ca").into();
    }
    let mut metadata = json!({"name": name});
    if let Some(room) = fixture.room_for_nodes {
        metadata["annotations"] = json!({ROOM: room.to_string()});
    }
    json!({"apiVersion": "core.humio.com/v1alpha1", "kind": "HumioCluster", "metadata": metadata, "spec": spec})
}

fn variables(fixture: &StandbyFixture, region: &str) -> Value {
    let (source, own) = ("logscale-s3-dr-primary", "logscale-s3-dr-secondary");
    let key = format!("{}-s3-encryption-key", fixture.cluster_name);
    let text = |name: &str, value: &str| json!({"name": name, "value": value});
    let reference = |name: &str| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": key, "key": "s3-storage-encryption-key"}}});
    let mut list = vec![
        text("ENABLE_ALERTS", "false"),
        text("S3_STORAGE_BUCKET", own),
        text("S3_STORAGE_REGION", region),
        reference("S3_STORAGE_ENCRYPTION_KEY"),
    ];
    if fixture.recover_from {
        // Any other region than the standby's own will do for the primary.
        let primary = if region == "us-west-2" { "us-east-1" } else { "us-west-2" };
        list.extend([
            text("S3_RECOVER_FROM_BUCKET", source),
            text("S3_RECOVER_FROM_REGION", primary),
            text("S3_RECOVER_FROM_REPLACE_REGION", &format!("{primary}/{region}")),
            text("S3_RECOVER_FROM_REPLACE_BUCKET", &format!("{source}/{own}")),
            reference("S3_RECOVER_FROM_ENCRYPTION_KEY"),
        ]);
    }
    if fixture.kafka_reset_variable {
        list.push(text("ALLOW_KAFKA_RESET_UNTIL_TIMESTAMP_MS", "1767225600000"));
    }
    Value::Array(list)
}

fn put_tls(cluster: &Cluster, fixture: &StandbyFixture, humio: &Value) {
    // The numbers stand for times of creation: the earlier CA was made in 2023.
    let (earlier, present) = (authority(1_700_000_000), authority(1_767_225_600));
    let signer = match fixture.tls {
        TlsFixture::Absent => return,
        TlsFixture::Matching => &present,
        TlsFixture::StaleOtherCa | TlsFixture::StaleNoCa | TlsFixture::CustomCaMissing => &earlier,
    };
    if matches!(fixture.tls, TlsFixture::Matching | TlsFixture::StaleOtherCa) {
        put(
            cluster,
            if fixture.humiocluster { ca_key_pair(humio, &present) } else { orphan(ca_key_pair(humio, &present)) },
        );
        if fixture.humiocluster {
            put(cluster, issuer(humio));
            put(cluster, certificate(humio, &fixture.cluster_name));
        }
    }
    put(cluster, issued(humio, &fixture.cluster_name, signer));
    if fixture.reissue == Reissue::AtOnceFromTheEarlierCa {
        let heir = issued(humio, &fixture.cluster_name, &earlier);
        let secrets = Kind::of_plural("secrets").expect("secrets are served");
        let key = Key::new(secrets, &cluster.options().namespace, &fixture.cluster_name);
        cluster.state().store.succeed(key, Some(Heir { object: heir, create: create_heir }));
    }
    if fixture.per_node_secret {
        put(cluster, issued(humio, &format!("{}-{OLD_NODE}", fixture.cluster_name), signer));
    }
    debug_assert!(
        fixture.tls != TlsFixture::CustomCaMissing || cluster.get("secrets", &ca_secret_name(humio)).is_none()
    );
}

fn issued(humio: &Value, name: &str, ca: &Pair) -> Value {
    issued_secret(&certificate(humio, name), ca).expect("a CA just made can sign")
}

fn orphan(mut secret: Value) -> Value {
    secret["metadata"]["ownerReferences"] = json!([]);
    secret
}

/// cert-manager issues the heir at once.
fn create_heir(store: &mut Store, key: &Key, heir: Value) {
    let kind = Kind::of_plural(key.plural).expect("what was stored is served");
    let (namespace, name) = (key.namespace.clone(), key.name.clone());
    let write = Write { kind, namespace, name, actor: Actor::model("cert-manager", "create"), dry_run: false };
    write.create(store, heir).expect("a heir is a valid object in the namespace of its predecessor");
}
