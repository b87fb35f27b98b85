//! kube-rs against the simulated API server, over plain HTTP on loopback, with the controllers running.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use holdfast_simulator::kubernetes::{Cluster, ClusterOptions, StandbyFixture, TlsFixture, apply_fixture};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, LogParams, Preconditions};
use kube::api::{Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client, Config, Error};
use serde_json::json;

/// Fast enough for the controllers' 40 s to pass in well under a second.
const PACE: f64 = 200.0;

/// A served standby and a client in `system:masters`.
async fn serve(tls: TlsFixture) -> (Arc<Cluster>, Client) {
    let cluster = Cluster::new(ClusterOptions {
        name: "dr-eks".to_owned(),
        region: "us-east-2".to_owned(),
        namespace: "logging".to_owned(),
        access_key: "AKIDEXAMPLE".to_owned(),
        secret_key: "secret".to_owned(),
        group: "dr-failover".to_owned(),
        pace: PACE,
        seed: 1,
    });
    apply_fixture(&cluster, &StandbyFixture { tls, ..StandbyFixture::default() });
    cluster.spawn_operator();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = cluster.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut config = Config::new(format!("http://{address}").parse().unwrap());
    config.auth_info.token = Some(cluster.admin_token().to_owned().into());
    let client = Client::try_from(config).unwrap();
    (cluster, client)
}

/// The HTTP status of a refused call.
fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> u16 {
    match result.expect_err("the call must be refused") {
        Error::Api(status) => status.code,
        other => panic!("no answer of the API: {other}"),
    }
}

/// Waits for the Ready condition of a pod that a selector finds.
async fn wait_ready(pods: &Api<Pod>, labels: &str) -> Pod {
    let is_ready = |pod: &Pod| {
        let conditions = pod.status.as_ref().and_then(|status| status.conditions.clone()).unwrap_or_default();
        conditions.iter().any(|one| one.type_ == "Ready" && one.status == "True")
    };
    for _ in 0..500 {
        let found = pods.list(&ListParams::default().labels(labels)).await.unwrap();
        if let Some(pod) = found.items.into_iter().find(is_ready) {
            return pod;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no ready pod of {labels} in ten seconds");
}

#[tokio::test]
async fn a_failover_as_kube_rs_does_it() {
    let (cluster, client) = serve(TlsFixture::StaleNoCa).await;
    let secrets: Api<Secret> = Api::namespaced(client.clone(), "logging");
    let stale = secrets.get("logscale").await.unwrap();
    let fence = Preconditions { uid: stale.metadata.uid.clone(), resource_version: stale.metadata.resource_version };
    let fenced = DeleteParams { preconditions: Some(fence), ..DeleteParams::default() };
    assert!(secrets.delete("logscale", &fenced).await.unwrap().is_right());
    assert_eq!(code(secrets.delete("logscale", &fenced).await), 404);

    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "logging");
    let scale = deployments.get_scale("humio-operator").await.unwrap();
    let version = scale.metadata.resource_version;
    let up = Patch::Merge(json!({"metadata": {"resourceVersion": version}, "spec": {"replicas": 1}}));
    let scaled = deployments.patch_scale("humio-operator", &PatchParams::default(), &up).await.unwrap();
    assert_eq!(scaled.spec.and_then(|spec| spec.replicas), Some(1));
    assert_eq!(code(deployments.patch_scale("humio-operator", &PatchParams::default(), &up).await), 409);

    let pods: Api<Pod> = Api::namespaced(client.clone(), "logging");
    let node = wait_ready(&pods, "app.kubernetes.io/name=humio,app.kubernetes.io/instance=logscale").await;
    let log = pods.logs(node.metadata.name.as_deref().unwrap(), &LogParams::default()).await.unwrap();
    assert_eq!(log.lines().count(), 13);

    let kind = GroupVersionKind::gvk("core.humio.com", "v1alpha1", "HumioCluster");
    let clusters: Api<DynamicObject> = Api::namespaced_with(client, "logging", &ApiResource::from_gvk(&kind));
    let humio = clusters.get("logscale").await.unwrap();
    assert_eq!(humio.data["status"]["observedGeneration"], "1");
    assert!(secrets.get_opt("logscale").await.unwrap().is_some(), "issued anew");
    let mine: Vec<String> =
        cluster.changes().into_iter().filter(|change| change.actor == "kubernetes-admin").map(|c| c.resource).collect();
    assert_eq!(mine, ["secrets", "deployments/scale"]);
}

#[tokio::test]
async fn of_two_writers_with_one_version_the_second_is_refused() {
    let (_cluster, client) = serve(TlsFixture::Absent).await;
    let leases: Api<Lease> = Api::namespaced(client.clone(), "logging");
    let mut first = leases.get("holdfast").await.unwrap();
    let mut second = first.clone();
    let spec = first.spec.get_or_insert_default();
    spec.holder_identity = Some("first".to_owned());
    spec.renew_time = Some(MicroTime(k8s_openapi::jiff::Timestamp::from_second(1_767_225_600).unwrap()));
    second.spec.get_or_insert_default().holder_identity = Some("second".to_owned());
    let stored = leases.replace("holdfast", &PostParams::default(), &first).await.unwrap();
    assert_eq!(stored.spec.unwrap().renew_time, first.spec.unwrap().renew_time);
    assert_eq!(code(leases.replace("holdfast", &PostParams::default(), &second).await), 409);

    let records: Api<ConfigMap> = Api::namespaced(client, "logging");
    let mut record = records.get("holdfast").await.unwrap();
    record.data.get_or_insert_default().insert("state".to_owned(), "{}".to_owned());
    records.replace("holdfast", &PostParams::default(), &record).await.unwrap();
    assert_eq!(code(records.replace("holdfast", &PostParams::default(), &record).await), 409);
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let fresh = ConfigMap {
        metadata: kube::api::ObjectMeta { name: Some("new".into()), ..Default::default() },
        ..Default::default()
    };
    records.create(&dry, &fresh).await.unwrap();
    assert!(records.get_opt("new").await.unwrap().is_none());
}

#[tokio::test]
async fn a_watch_sees_the_operators_pod_come_and_go() {
    let (_cluster, client) = serve(TlsFixture::Matching).await;
    let pods: Api<Pod> = Api::namespaced(client.clone(), "logging");
    let labels = "app.kubernetes.io/name=humio-operator";
    let from = pods.list(&ListParams::default().labels(labels)).await.unwrap().metadata.resource_version.unwrap();
    let mut events = Box::pin(pods.watch(&WatchParams::default().labels(labels), &from).await.unwrap());
    let deployments: Api<Deployment> = Api::namespaced(client, "logging");
    for replicas in [1, 0] {
        let scale = Patch::Merge(json!({"spec": {"replicas": replicas}}));
        deployments.patch_scale("humio-operator", &PatchParams::default(), &scale).await.unwrap();
        if replicas == 1 {
            wait_ready(&pods, labels).await;
        }
    }
    let mut seen = Vec::new();
    while !seen.contains(&"deleted") {
        seen.push(match events.try_next().await.unwrap().expect("the watch goes on") {
            WatchEvent::Added(_) => "added",
            WatchEvent::Modified(_) => "modified",
            WatchEvent::Deleted(_) => "deleted",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(seen, ["added", "modified", "deleted"]);
}
