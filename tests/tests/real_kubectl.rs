//! kubectl against the simulated cluster, as an operator, and as the function with the token of the real aws CLI.

use std::sync::Arc;

use holdfast_simulator::{
    Options, Simulator,
    clouds::aws::Credentials,
    kubernetes::{StandbyFixture, TlsFixture},
};
use holdfast_testbed::{Venv, find::kubectl, required_or_skipped};
use holdfast_tests::clients::{Aws, Kubectl};
use serde_json::json;

async fn simulator() -> Simulator {
    let standby = StandbyFixture { tls: TlsFixture::StaleNoCa, ..StandbyFixture::default() };
    Simulator::start(Options { standby, ..Options::default() }).await.expect("a simulator")
}

#[tokio::test]
async fn an_operator_reads_scales_and_watches_a_roll_out() {
    let Some(program) = required_or_skipped(kubectl()) else { return };
    let simulator = simulator().await;
    let kubectl = Kubectl::new(&program, &simulator, simulator.cluster().admin_token());

    let table = kubectl.run(&["get", "deployments"]).await;
    assert!(table.text().contains("humio-operator"), "{table:?}");
    let operator = kubectl.run(&["get", "deployment", "humio-operator", "-o", "json"]).await.json();
    assert_eq!(operator["spec"]["replicas"], 0);
    let humio =
        kubectl.run(&["get", "humioclusters.core.humio.com", "logscale", "-o", "jsonpath={.spec.nodeCount}"]).await;
    assert_eq!(humio.text(), "1");

    let stale = kubectl.run(&["delete", "secret", "logscale"]).await;
    assert!(stale.text().contains("secret \"logscale\" deleted"), "{stale:?}");
    let scaled = kubectl.run(&["scale", "deployment/humio-operator", "--replicas=1", "--current-replicas=0"]).await;
    assert!(scaled.text().contains("scaled"), "{scaled:?}");
    let late = kubectl.run(&["scale", "deployment/humio-operator", "--replicas=1", "--current-replicas=0"]).await;
    assert!(late.refusal().contains("Expected replicas to be 0, was 1"), "{late:?}");
    kubectl.run(&["rollout", "status", "deployment/humio-operator", "--timeout=60s"]).await.text();
    let labels = "app.kubernetes.io/name=humio-operator";
    kubectl.run(&["wait", "pod", "-l", labels, "--for=condition=Ready", "--timeout=60s"]).await.text();
    let pods = kubectl.run(&["get", "pods", "-l", labels, "-o", "name"]).await;
    assert_eq!(pods.text().lines().count(), 1, "{pods:?}");
}

#[tokio::test]
async fn objects_are_created_applied_patched_and_deleted() {
    let Some(program) = required_or_skipped(kubectl()) else { return };
    let simulator = simulator().await;
    let kubectl = Kubectl::new(&program, &simulator, simulator.cluster().admin_token());
    let value =
        async || kubectl.run(&["get", "configmap", "notes", "-o", "jsonpath={.data.a}"]).await.text().to_owned();

    kubectl.run(&["create", "configmap", "notes", "--from-literal=a=1"]).await.text();
    let again = kubectl.run(&["create", "configmap", "notes", "--from-literal=a=1"]).await;
    assert!(again.refusal().contains("configmaps \"notes\" already exists"), "{again:?}");
    kubectl.run(&["patch", "configmap", "notes", "--type=merge", "-p", r#"{"data":{"a":"2"}}"#]).await.text();
    assert_eq!(value().await, "2");
    let replace = r#"[{"op":"test","path":"/data/a","value":"2"},{"op":"replace","path":"/data/a","value":"3"}]"#;
    kubectl.run(&["patch", "configmap", "notes", "--type=json", "-p", replace]).await.text();
    assert_eq!(value().await, "3");
    let failed = kubectl.run(&["patch", "configmap", "notes", "--type=json", "-p", replace]).await;
    assert!(failed.refusal().contains("the server rejected our request due to an error in our request"), "{failed:?}");

    let file = |number: &str| {
        let object =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"a": number}});
        kubectl.file(&format!("{number}.json"), &object.to_string())
    };
    for (number, says) in [("1", "created"), ("2", "configured"), ("2", "unchanged")] {
        let applied = kubectl.run(&["apply", "-f", &file(number)]).await;
        assert!(applied.text().ends_with(says), "{number}: {applied:?}");
    }
    kubectl.run(&["delete", "configmap", "notes", "applied"]).await.text();
    assert!(kubectl.run(&["get", "configmap", "notes"]).await.refusal().contains("(NotFound)"));
}

#[tokio::test]
async fn the_token_of_the_aws_cli_logs_in_and_may_do_what_the_role_says() {
    let Some(program) = required_or_skipped(kubectl()) else { return };
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = Arc::new(simulator().await);
    let token = async |keys: Credentials, cluster: &str| {
        let arguments = ["eks", "get-token", "--cluster-name", cluster];
        // The token is signed for a host of AWS's own, as on EKS; nothing is sent.
        let answer = Aws::with(&venv, &simulator, keys).without_endpoint().cli("us-west-2", &arguments).await.json();
        answer["status"]["token"].as_str().expect("a token").to_owned()
    };
    let right = simulator.function_credentials();
    let function = Kubectl::new(&program, &simulator, &token(right.clone(), "logscale-standby").await);

    let whoami = function.run(&["auth", "whoami", "-o", "json"]).await.json();
    let groups = whoami["status"]["userInfo"]["groups"].as_array().expect("groups");
    assert!(groups.contains(&json!("dr-failover")), "{whoami}");
    for (verb, what, allowed) in [
        ("list", "secrets", true),
        ("patch", "deployments.apps/humio-operator", false),
        ("update", "leases.coordination.k8s.io/holdfast", true),
        ("create", "configmaps", false),
    ] {
        let said = function.run(&["auth", "can-i", verb, what]).await;
        assert_eq!(said.out.trim(), if allowed { "yes" } else { "no" }, "{verb} {what}: {said:?}");
    }
    function.run(&["get", "humioclusters.core.humio.com", "logscale", "-o", "name"]).await.text();
    let refused = function.run(&["delete", "deployment", "humio-operator"]).await;
    assert!(refused.refusal().contains("cannot delete resource \"deployments\""), "{refused:?}");

    let wrong_key = Credentials { secret_key: "another".to_owned(), ..right.clone() };
    for token in [token(wrong_key, "logscale-standby").await, token(right, "another").await] {
        let said = Kubectl::new(&program, &simulator, &token).run(&["get", "pods"]).await;
        assert!(said.refusal().contains("Unauthorized") || said.err.contains("must be logged in"), "{said:?}");
    }
}
