//! What is asked of both servers, in this order: later questions meet the objects that earlier ones made.

use serde_json::{Value, json};

use crate::question::Question;

const CONFIG_MAPS: &str = "/api/v1/namespaces/logging/configmaps";
const SECRETS: &str = "/api/v1/namespaces/logging/secrets";
const PODS: &str = "/api/v1/namespaces/logging/pods";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/logging/leases";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/logging/deployments";
const CLUSTERS: &str = "/apis/core.humio.com/v1alpha1/namespaces/logging/humioclusters";
const STRANGER: &str = "aaaaaaaa-0000-0000-0000-000000000000";

const PLAIN: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const JSON: &str = "application/json-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";

fn ask(method: &'static str, path: impl Into<String>, media: &'static str, body: Value) -> Question {
    let body = match body {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    };
    Question { method, path: path.into(), media, body, as_function: false, loose: false }
}

fn get(path: impl Into<String>) -> Question {
    ask("GET", path, PLAIN, Value::Null)
}

fn config(metadata: Value, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
}

/// Every question.
pub(crate) fn all() -> Vec<Question> {
    [creates(), reads(), updates(), patches(), deletes(), leases(), scales(), customs(), access()]
        .into_iter()
        .flatten()
        .collect()
}

fn creates() -> Vec<Question> {
    let post = |metadata: Value, data: Value| ask("POST", CONFIG_MAPS, PLAIN, config(metadata, data));
    let one = || json!({"a": "1"});
    vec![
        post(json!({"name": "x"}), one()),
        post(json!({"name": "x"}), one()),
        ask("POST", format!("{CONFIG_MAPS}?dryRun=All"), PLAIN, config(json!({"name": "y"}), one())),
        ask("POST", format!("{CONFIG_MAPS}?dryRun=Some"), PLAIN, config(json!({"name": "y"}), one())),
        post(json!({"name": "y", "resourceVersion": "5"}), one()),
        post(json!({}), one()),
        post(json!({"name": "y", "namespace": "other"}), one()),
        post(json!({"name": "Upper_Case"}), one()),
        post(json!({"name": "-edge"}), one()),
        post(json!({"name": "y"}), json!({"a": 1})),
        post(json!({"name": "y"}), json!(["a"])),
        post(json!({"name": "large"}), json!({"a": "x".repeat(1 << 20)})),
        post(json!({"name": "larger"}), json!({"a": "x".repeat((1 << 20) + 1)})),
        ask("POST", CONFIG_MAPS, PLAIN, json!("{nonsense")).loosely(),
        ask("POST", "/api/v1/namespaces/nowhere/configmaps", PLAIN, config(json!({"name": "y"}), one())),
        ask("POST", format!("{CONFIG_MAPS}/x"), PLAIN, config(json!({"name": "x"}), one())),
        ask(
            "POST",
            SECRETS,
            PLAIN,
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "%%"}}),
        ),
        ask(
            "POST",
            SECRETS,
            PLAIN,
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "labels": {"app": "one"}}, "stringData": {"a": "b"}}),
        ),
    ]
}

fn reads() -> Vec<Question> {
    let mut questions: Vec<Question> = [
        "/x",
        "/absent",
        "?fieldSelector=metadata.name%3Dx",
        "?fieldSelector=spec.colour%3Dred",
        "?labelSelector=a+of+b",
        "/x?watch=true&timeoutSeconds=1",
        "?watch=true&timeoutSeconds=1&resourceVersion=zzz",
    ]
    .into_iter()
    .map(|rest| get(format!("{CONFIG_MAPS}{rest}")))
    .collect();
    let selectors =
        ["app%3Done", "app%3D%3Done", "app!%3Done,x", "app+in+(one,two),!x", "app+notin+(one)", "app", "%21app"];
    questions.extend(selectors.map(|selector| get(format!("{SECRETS}?labelSelector={selector}"))).into_iter().filter(
        // A list of all secrets would hold what the real server makes by itself.
        |question| !question.path.ends_with("%21app") && !question.path.contains("notin"),
    ));
    questions.extend(
        [
            "/readyz",
            "/nope",
            "/apis/nope/v1/x",
            "/apis/apps/v2/namespaces/logging/deployments",
            "/api/v2/x",
            "/api/v1/configmaps/x",
        ]
        .map(get),
    );
    questions.push(get("/api/v1/namespaces/logging/toasters/x"));
    questions.push(get(format!("{PODS}/absent/log")));
    questions.push(ask("POST", format!("{PODS}/absent/log"), PLAIN, Value::Null));
    questions
}

fn updates() -> Vec<Question> {
    let put = |metadata: Value| ask("PUT", format!("{CONFIG_MAPS}/x"), PLAIN, config(metadata, json!({"a": "2"})));
    vec![
        put(json!({"name": "x", "resourceVersion": "1"})),
        put(json!({"name": "x", "resourceVersion": "abc"})),
        put(json!({"name": "x", "uid": STRANGER})),
        put(json!({"name": "x", "uid": "$uid", "resourceVersion": "$version"})),
        put(json!({"name": "x"})),
        put(json!({"name": "z"})),
        put(json!({"name": "x", "namespace": "other"})),
        ask("PUT", format!("{CONFIG_MAPS}/z"), PLAIN, config(json!({"name": "z"}), json!({}))),
        ask("PUT", CONFIG_MAPS, PLAIN, config(json!({"name": "z"}), json!({}))),
        ask("PUT", format!("{CONFIG_MAPS}/x?dryRun=All"), PLAIN, config(json!({"name": "x"}), json!({"a": "dry"}))),
        get(format!("{CONFIG_MAPS}/x")),
        ask(
            "PUT",
            format!("{SECRETS}/s"),
            PLAIN,
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "other"}),
        ),
    ]
}

fn patches() -> Vec<Question> {
    let patch = |media: &'static str, body: Value| ask("PATCH", format!("{CONFIG_MAPS}/x"), media, body);
    let operation = |name: &str, path: &str, value: &str| json!({"op": name, "path": path, "value": value});
    vec![
        patch(MERGE, json!({"metadata": {"resourceVersion": "1"}, "data": {"a": "3"}})),
        patch(MERGE, json!({"metadata": {"resourceVersion": "$version"}, "data": {"a": "3", "b": "4"}})),
        patch(MERGE, json!({"metadata": {"uid": STRANGER}})).loosely(),
        patch(MERGE, json!({"metadata": {"name": "z"}})),
        patch(MERGE, json!({"data": {"a": 3}})).loosely(),
        patch(MERGE, json!({"data": {"a": null, "b": null}})),
        patch(STRATEGIC, json!({"data": {"a": "7"}})),
        patch(PLAIN, json!({"data": {"a": "8"}})),
        patch(MERGE, json!([1])),
        patch(MERGE, json!("[1")).loosely(),
        patch(JSON, json!([operation("test", "/data/a", "9"), operation("replace", "/data/a", "10")])),
        patch(JSON, json!([operation("test", "/data/a", "7"), operation("replace", "/data/a", "10")])),
        patch(
            JSON,
            json!([operation("test", "/metadata/resourceVersion", "$version"), operation("add", "/data/c", "1")]),
        ),
        patch(JSON, json!([operation("test", "/metadata/resourceVersion", "1"), operation("add", "/data/c", "2")])),
        patch(JSON, json!([operation("replace", "/data/absent", "1")])),
        patch(JSON, json!([operation("replace", "/absent/a", "1")])),
        patch(JSON, json!([{"op": "remove", "path": "/data/nothing"}])),
        patch(JSON, json!([operation("bogus", "/data/a", "1")])),
        patch(JSON, json!({"op": "add"})),
        ask("PATCH", format!("{CONFIG_MAPS}/x?dryRun=All"), MERGE, json!({"data": {"a": "dry"}})),
        ask("PATCH", format!("{CONFIG_MAPS}/absent"), MERGE, json!({"data": {}})),
        get(format!("{CONFIG_MAPS}/x")),
    ]
}

fn deletes() -> Vec<Question> {
    let delete = |body: Value| ask("DELETE", format!("{CONFIG_MAPS}/x"), PLAIN, body);
    vec![
        delete(json!({"preconditions": {"uid": STRANGER}})),
        delete(json!({"preconditions": {"uid": "$uid", "resourceVersion": "1"}})),
        delete(json!({"dryRun": ["All"]})),
        ask("DELETE", format!("{CONFIG_MAPS}/x?dryRun=All"), PLAIN, Value::Null),
        delete(json!({"preconditions": {"uid": "$uid", "resourceVersion": "$version"}})),
        delete(Value::Null),
        ask("DELETE", format!("{SECRETS}/s?propagationPolicy=Background"), PLAIN, Value::Null),
        ask("DELETE", format!("{SECRETS}/s"), PLAIN, json!({"preconditions": {"uid": STRANGER}})),
    ]
}

fn leases() -> Vec<Question> {
    let lease = |metadata: Value, spec: Value| json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec});
    let put = |metadata: Value, spec: Value| ask("PUT", format!("{LEASES}/l"), PLAIN, lease(metadata, spec));
    let next = |spec: Value| put(json!({"name": "l", "resourceVersion": "$version"}), spec);
    let patch = |spec: Value| ask("PATCH", format!("{LEASES}/l"), MERGE, json!({"spec": spec}));
    vec![
        put(json!({"name": "l", "uid": STRANGER}), json!({})),
        put(json!({"name": "l", "resourceVersion": "5"}), json!({})),
        put(json!({"name": "l"}), json!({})),
        next(
            json!({"holderIdentity": "a", "leaseDurationSeconds": 15, "leaseTransitions": 1, "renewTime": "2026-01-01T00:00:00.000000Z"}),
        ),
        next(json!({"renewTime": "2026-01-01T00:00:00Z"})),
        next(json!({"renewTime": "2026-01-01T00:00:00.123456789Z"})),
        next(json!({"renewTime": "2026-01-01T02:00:00.123456+02:00"})),
        next(json!({"holderIdentity": "", "leaseDurationSeconds": 15})),
        next(json!({"leaseDurationSeconds": 0})),
        next(json!({"leaseDurationSeconds": "x"})),
        next(json!({"leaseTransitions": -1})),
        patch(json!({"renewTime": "2026-01-01T00:00:00Z"})).loosely(),
        patch(json!({"leaseDurationSeconds": 0})),
        next(json!({})),
        get(format!("{LEASES}/l")),
        ask("DELETE", format!("{LEASES}/l"), PLAIN, json!({"preconditions": {"resourceVersion": "1"}})),
        ask("DELETE", format!("{LEASES}/l"), PLAIN, Value::Null),
    ]
}

fn scales() -> Vec<Question> {
    let path = || format!("{DEPLOYMENTS}/humio-operator/scale");
    let patch = |media: &'static str, body: Value| ask("PATCH", path(), media, body);
    let scale = |metadata: Value, replicas: i64| json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": replicas}});
    let put = |metadata: Value, replicas: i64| ask("PUT", path(), PLAIN, scale(metadata, replicas));
    let replace = json!({"op": "replace", "path": "/spec/replicas", "value": 1});
    let main = |body: Value| ask("PATCH", format!("{DEPLOYMENTS}/humio-operator"), MERGE, body);
    vec![
        get(path()),
        get(format!("{DEPLOYMENTS}/absent/scale")),
        patch(MERGE, json!({"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 1}})),
        patch(MERGE, json!({"metadata": {"uid": STRANGER}, "spec": {"replicas": 1}})),
        ask("PATCH", format!("{}?dryRun=All", path()), MERGE, json!({"spec": {"replicas": 3}})),
        patch(JSON, json!([{"op": "test", "path": "/spec/replicas", "value": 0}, replace])),
        patch(JSON, json!([replace])),
        patch(JSON, json!([{"op": "test", "path": "/spec/replicas", "value": 2}, replace])),
        patch(MERGE, json!({"metadata": {"resourceVersion": "$version"}, "spec": {"replicas": 2}})),
        patch(MERGE, json!({"spec": {"replicas": -1}})),
        patch(MERGE, json!({"spec": {"replicas": "x"}})).loosely(),
        patch(STRATEGIC, json!({"spec": {"replicas": 0}})),
        ask("PATCH", format!("{DEPLOYMENTS}/absent/scale"), MERGE, json!({"spec": {"replicas": 2}})),
        put(json!({"name": "humio-operator"}), 2),
        put(json!({"name": "humio-operator", "resourceVersion": "1"}), 1),
        put(json!({"name": "absent"}), 1),
        put(json!({"name": "humio-operator", "uid": STRANGER}), 1),
        put(json!({"name": "humio-operator"}), -1),
        main(json!({"spec": {"replicas": -1}})),
        main(json!({"spec": {"replicas": null}})),
        main(json!({"metadata": {"annotations": {"k": "v"}}})),
        main(json!({"metadata": {"labels": {"k": "v"}}})),
        main(json!({"metadata": {"labels": {"k": "v"}}, "status": {"replicas": 9}})),
        ask(
            "PATCH",
            format!("{DEPLOYMENTS}/humio-operator/status"),
            MERGE,
            json!({"status": {"replicas": 1}, "spec": {"replicas": 7}}),
        ),
        get(path()),
        ask(
            "DELETE",
            format!("{DEPLOYMENTS}/humio-operator"),
            PLAIN,
            json!({"preconditions": {"resourceVersion": "1"}}),
        ),
    ]
}

fn customs() -> Vec<Question> {
    let cluster = |metadata: Value, nodes: i64| {
        let spec = json!({"license": {"secretKeyRef": {"name": "l", "key": "k"}}, "nodeCount": nodes});
        json!({"apiVersion": "core.humio.com/v1alpha1", "kind": "HumioCluster", "metadata": metadata, "spec": spec, "status": {"state": "X"}})
    };
    let put = |metadata: Value, nodes: i64| ask("PUT", format!("{CLUSTERS}/h"), PLAIN, cluster(metadata, nodes));
    let patch = |media: &'static str, body: Value| ask("PATCH", format!("{CLUSTERS}/h"), media, body);
    vec![
        ask("POST", CLUSTERS, PLAIN, cluster(json!({"name": "h"}), 1)),
        ask("POST", CLUSTERS, PLAIN, cluster(json!({"name": "h"}), 1)),
        put(json!({"name": "h"}), 1),
        put(json!({"name": "h", "resourceVersion": "1"}), 1),
        put(json!({"name": "h", "resourceVersion": "$version"}), 2),
        patch(STRATEGIC, json!({"spec": {"nodeCount": 3}})),
        patch(MERGE, json!({"spec": {"nodeCount": 3}, "status": {"state": "Y"}})),
        patch(MERGE, json!({"metadata": {"resourceVersion": "1"}})),
        ask(
            "PATCH",
            format!("{CLUSTERS}/h/status"),
            MERGE,
            json!({"spec": {"nodeCount": 9}, "status": {"state": "Y", "observedGeneration": "1"}}),
        ),
        get(format!("{CLUSTERS}/h")),
        get(format!("{CLUSTERS}/h/status")),
        get(format!("{CLUSTERS}/absent")),
        get(CLUSTERS),
        ask("DELETE", format!("{CLUSTERS}/h"), PLAIN, json!({"preconditions": {"resourceVersion": "1"}})),
        ask("DELETE", format!("{CLUSTERS}/h"), PLAIN, Value::Null),
        ask("DELETE", format!("{CLUSTERS}/h"), PLAIN, Value::Null),
    ]
}

/// What the function may do under the Role that ships, and what it may not.
fn access() -> Vec<Question> {
    let operator = format!("{DEPLOYMENTS}/humio-operator");
    let reads = [
        operator.clone(),
        DEPLOYMENTS.to_owned(),
        format!("{DEPLOYMENTS}/other"),
        format!("{operator}/scale"),
        format!("{operator}/status"),
        SECRETS.to_owned() + "/x",
        SECRETS.to_owned() + "?labelSelector=absent",
        SECRETS.to_owned() + "?watch=true",
        PODS.to_owned(),
        PODS.to_owned() + "/x",
        PODS.to_owned() + "/x/log",
        CONFIG_MAPS.to_owned(),
        CONFIG_MAPS.to_owned() + "/holdfast",
        CONFIG_MAPS.to_owned() + "/other",
        CONFIG_MAPS.to_owned() + "?fieldSelector=metadata.name%3Dholdfast",
        LEASES.to_owned() + "/holdfast",
        LEASES.to_owned() + "/other",
        CLUSTERS.to_owned(),
        CLUSTERS.to_owned() + "/absent",
        "/api/v1/secrets".to_owned(),
        "/api/v1/namespaces".to_owned(),
        "/api/v1/namespaces/logging".to_owned(),
        "/api/v1/namespaces/kube-system/pods".to_owned(),
        "/api/v1/nodes".to_owned(),
        "/apis/unknown/v1/namespaces/logging/things/x".to_owned(),
        "/metrics".to_owned(),
        "/healthz".to_owned(),
    ];
    let lease = |name: &str| json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}, "spec": {}});
    let writes = [
        ask("PATCH", operator.clone(), MERGE, json!({"spec": {"replicas": 1}})),
        ask("PATCH", format!("{operator}/scale"), MERGE, json!({"spec": {"replicas": 0}})),
        ask("PUT", format!("{operator}/scale"), PLAIN, json!({})),
        ask("DELETE", operator, PLAIN, Value::Null),
        ask("POST", SECRETS, PLAIN, json!({})),
        ask("PUT", format!("{SECRETS}/x"), PLAIN, json!({})),
        ask("DELETE", SECRETS, PLAIN, Value::Null),
        ask("DELETE", format!("{SECRETS}/absent"), PLAIN, Value::Null),
        ask("POST", CONFIG_MAPS, PLAIN, json!({})),
        ask("PATCH", format!("{CONFIG_MAPS}/holdfast"), MERGE, json!({})),
        ask("DELETE", format!("{CONFIG_MAPS}/holdfast"), PLAIN, Value::Null),
        ask("PUT", format!("{LEASES}/other"), PLAIN, lease("other")),
        ask("PUT", format!("{LEASES}/holdfast"), PLAIN, lease("holdfast")),
        ask("POST", "/version", PLAIN, Value::Null),
    ];
    reads.map(get).into_iter().chain(writes).map(Question::of_function).collect()
}
