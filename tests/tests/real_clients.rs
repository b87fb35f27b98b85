//! The clients that everybody uses, against the wire of the simulator: boto3 and the aws CLI.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_simulator::{
    Options, Simulator,
    world::{Outage, PRIMARY_NAME, Past},
};
use holdfast_testbed::{Venv, required_or_skipped};
use holdfast_tests::clients::{Aws, Protocol};
use serde_json::{Value, json};

const REGION: &str = "us-west-2";
const CLUSTER: &str = "logscale-standby";
const LOCK: &str = "failover-locked.invalid";
const SCRIPT: &str = "aws_operations.py";

/// A simulator at the pace of the cloud, with periods of a minute: nothing moves while a slow client looks.
async fn simulator() -> Simulator {
    let simulator = Simulator::start(Options { pace: 1.0, ..Options::default() }).await.expect("a simulator");
    simulator.world().set_metric_delay(Duration::ZERO);
    simulator
}

fn check(simulator: &Simulator) -> String {
    simulator.world().health_check().id
}

fn parameter(simulator: &Simulator) -> String {
    let variables = simulator.function_env();
    format!("/logscale-dr/{}/last-failover-timestamp", variables["AWS_LAMBDA_FUNCTION_NAME"])
}

fn given(simulator: &Simulator, parts: &[&str]) -> Value {
    json!({
        "health_check": check(simulator), "cluster": CLUSTER, "parameter": parameter(simulator), "region": REGION,
        "period": 60, "window": 600, "parts": parts,
    })
}

#[tokio::test]
async fn boto3_does_what_the_function_does_and_raises_its_own_exceptions() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    let input = given(&simulator, &["health_checks", "parameters", "clusters"]);
    let seen = Aws::operator(&venv, &simulator).python(SCRIPT, &input).await.json();

    let checks = &seen["health_checks"];
    assert_eq!(checks["before"], json!([1, PRIMARY_NAME]));
    assert_eq!(checks["locked"], json!([2, LOCK]));
    assert_eq!(checks["late"], json!([409, "HealthCheckVersionMismatch"]));
    assert_eq!(checks["after_late"], json!([2, LOCK]), "what came too late has changed nothing");
    assert_eq!(checks["reset"], json!([400, "InvalidInput"]), "a check by name cannot lose its name");
    assert_eq!(checks["unlocked"], json!([3, PRIMARY_NAME]));
    assert_eq!(checks["path_after_reset"], Value::Null);
    assert_eq!(checks["unknown"], json!([404, "NoSuchHealthCheck"]));
    assert_eq!(checks["checked"], true, "CheckedTime is read as a time");
    let reports = checks["reports"].as_array().expect("reports");
    let well =
        |report: &Value| report.as_str().is_some_and(|words| words.starts_with("Success: HTTP Status Code: 200"));
    assert!(reports.len() == 16 && reports.iter().all(well), "{reports:?}");

    let parameters = &seen["parameters"];
    assert_eq!(parameters["absent"], json!([400, "ParameterNotFound"]));
    assert_eq!(parameters["again"], json!([400, "ParameterAlreadyExists"]));
    assert_eq!(parameters["empty"], json!([400, "ValidationException"]));
    assert_eq!((&parameters["first"], &parameters["overwritten"]), (&json!(1), &json!(2)));
    assert_eq!(parameters["read"], "1767225900");
    assert_eq!(simulator.ssm_parameter(&parameter(&simulator)).as_deref(), Some("1767225900"));

    let cluster = &seen["clusters"];
    assert_eq!(cluster["endpoint"], simulator.kubernetes_endpoint());
    assert_eq!(cluster["status"], "ACTIVE");
    assert_eq!(cluster["ca"], STANDARD.encode(simulator.ca_pem()));
    assert_eq!(cluster["unknown"], json!([404, "ResourceNotFoundException"]));
}

#[tokio::test]
async fn both_protocols_of_cloudwatch_read_the_same_history() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    simulator.world().publish_history(&[Past::Healthy, Past::Missing, Past::Mixed, Past::Failing, Past::Failing]);
    for (protocol, name) in [(Protocol::Cbor, "smithy-rpc-v2-cbor"), (Protocol::Json, "json")] {
        let client = Aws::operator(&venv, &simulator).by(protocol);
        let seen = client.python(SCRIPT, &given(&simulator, &["metrics"])).await.json();
        let metrics = &seen["metrics"];
        assert_eq!(metrics["protocol"], name);
        // Newest first, and a minute may have passed since the history was written.
        let ends_with = |statistic: &str, wanted: &[f64]| {
            let values: Vec<f64> = serde_json::from_value(metrics[statistic].clone()).expect("numbers");
            values.windows(wanted.len()).any(|window| window == wanted)
        };
        assert!(ends_with("minimum", &[0.0, 0.0, 0.0, 1.0]), "{name}: {metrics}");
        assert!(ends_with("maximum", &[0.0, 0.0, 1.0, 1.0]), "{name}: {metrics}");
        assert_eq!((&metrics["complete"], &metrics["aligned"]), (&json!(true), &json!(true)), "{name}: {metrics}");
        assert_eq!(metrics["invalid"][0], 400, "{name}: {metrics}");
    }
}

#[tokio::test]
async fn the_aws_cli_locks_unlocks_and_reads_as_an_operator_does() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    let (id, name) = (check(&simulator), parameter(&simulator));
    let operator = Aws::operator(&venv, &simulator);
    let route53 = ["route53", "update-health-check", "--health-check-id", &id];

    let read = operator.cli("us-east-1", &["route53", "get-health-check", "--health-check-id", &id]).await.json();
    assert_eq!(read["HealthCheck"]["HealthCheckConfig"]["FullyQualifiedDomainName"], PRIMARY_NAME);
    let lock = ["--fully-qualified-domain-name", LOCK, "--health-check-version", "1"];
    let locked = operator.cli("us-east-1", &[&route53[..], &lock].concat()).await.json();
    assert_eq!(locked["HealthCheck"]["HealthCheckVersion"], 2);
    let late = operator.cli("us-east-1", &[&route53[..], &lock].concat()).await;
    assert!(late.refusal().contains("(HealthCheckVersionMismatch)"), "{late:?}");
    let turned = operator.cli("us-east-1", &[&route53[..], &["--disabled", "--inverted"]].concat()).await.json();
    let config = &turned["HealthCheck"]["HealthCheckConfig"];
    assert_eq!((&config["Disabled"], &config["Inverted"]), (&json!(true), &json!(true)));

    simulator.world().break_primary(Outage::Refuse);
    simulator.world().edit_health_check(|check| check.config.disabled = false);
    simulator.world().settle_checkers();
    let status = ["route53", "get-health-check-status", "--health-check-id", &id];
    let status = operator.cli("us-east-1", &status).await.json();
    let report = status["HealthCheckObservations"][0]["StatusReport"]["Status"].as_str().unwrap_or_default();
    assert!(report.starts_with("Failure"), "{status}");

    let put = ["ssm", "put-parameter", "--name", &name, "--type", "String", "--value", "1767225600"];
    assert_eq!(operator.cli(REGION, &put).await.json()["Version"], 1);
    assert!(operator.cli(REGION, &put).await.refusal().contains("(ParameterAlreadyExists)"));
    let get = operator.cli(REGION, &["ssm", "get-parameter", "--name", &name]).await.json();
    assert_eq!(get["Parameter"]["Value"], "1767225600");
    let absent = operator.cli(REGION, &["ssm", "get-parameter", "--name", "/absent"]).await;
    assert!(absent.refusal().contains("(ParameterNotFound)"), "{absent:?}");

    let cluster = operator.cli(REGION, &["eks", "describe-cluster", "--name", CLUSTER]).await.json();
    assert_eq!(cluster["cluster"]["endpoint"], simulator.kubernetes_endpoint());
}

#[tokio::test]
async fn the_function_is_refused_what_its_policy_does_not_allow() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    let id = check(&simulator);
    let function = Aws::function(&venv, &simulator);

    let identity = function.cli(REGION, &["sts", "get-caller-identity"]).await.json();
    assert!(identity["Arn"].as_str().is_some_and(|arn| arn.starts_with("arn:aws:sts::111122223333:assumed-role/")));
    let read = function.cli("us-east-1", &["route53", "get-health-check", "--health-check-id", &id]).await.json();
    assert_eq!(read["HealthCheck"]["Id"], id.as_str());

    let outside: [(&str, &[&str], &str, &str); 5] = [
        (
            "us-east-1",
            &["route53", "delete-health-check", "--health-check-id", &id],
            "AccessDenied",
            "DeleteHealthCheck",
        ),
        (
            "us-east-1",
            &["route53", "get-health-check", "--health-check-id", "00000000-0000-4000-8000-000000000000"],
            "AccessDenied",
            "GetHealthCheck",
        ),
        (REGION, &["ssm", "get-parameter", "--name", "/another"], "AccessDeniedException", "ssm:GetParameter"),
        (REGION, &["eks", "describe-cluster", "--name", "another"], "AccessDeniedException", "eks:DescribeCluster"),
        ("us-east-1", &["cloudwatch", "describe-alarms"], "AccessDenied", "cloudwatch:DescribeAlarms"),
    ];
    for (region, arguments, code, action) in outside {
        let said = function.cli(region, arguments).await;
        assert!(said.refusal().contains(&format!("({code}")) && said.err.contains(action), "{arguments:?}: {said:?}");
    }
    assert_eq!(simulator.iam().denied().len(), outside.len());
    assert!(simulator.world().health_check().config.name.is_some(), "nothing was deleted");

    let stranger = holdfast_simulator::clouds::aws::Credentials {
        access_key: "AKIDSTRANGER".to_owned(),
        secret_key: "secret".to_owned(),
        session_token: None,
    };
    let stranger = Aws::with(&venv, &simulator, stranger);
    let said = stranger.cli("us-east-1", &["route53", "get-health-check", "--health-check-id", &id]).await;
    assert!(said.refusal().contains("(InvalidClientTokenId)"), "{said:?}");
}
