//! The command as a person starts it: its voice and its exit code.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

fn drill(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_holdfast")).arg("drill").args(arguments).output().expect("the command starts")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The function that ships, built if it is not there: cargo builds no executables of other packages for a test.
fn function() -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_holdfast")).with_file_name("bootstrap");
    if !path.is_file() {
        let built =
            Command::new(env!("CARGO")).args(["build", "-p", "holdfast-aws-lambda"]).status().expect("cargo starts");
        assert!(built.success(), "the function does not build");
    }
    path
}

#[test]
fn the_list_names_every_scenario_once_and_says_what_happens() {
    let output = drill(&["--list"]);
    assert!(output.status.success());
    let text = text(&output);
    let names: BTreeSet<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names.len(), text.lines().count(), "a name stands twice");
    for name in ["region-down", "alarm-before-holdoff", "crash-after-scale", "kafka-reset-variable-set"] {
        assert!(names.contains(name), "{name} is not listed");
    }
    assert!(text.lines().all(|line| line.split_whitespace().count() > 5), "a scenario does not say what happens");
}

#[test]
fn the_list_as_json_names_every_cloud_with_its_function_and_the_scenarios_of_one() {
    let listed = |cloud: &str| -> Value {
        let output = drill(&["--list", "--json", "--cloud", cloud]);
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let (aws, azure) = (listed("aws"), listed("azure"));
    assert_eq!(aws["clouds"], azure["clouds"]);
    assert_eq!(aws["clouds"][0]["executable"], "bootstrap");
    assert_eq!(azure["clouds"][1]["package"], "holdfast-azure-function");
    let names = |list: &Value| -> BTreeSet<String> {
        list["scenarios"].as_array().expect("scenarios").iter().map(|one| one["name"].to_string()).collect()
    };
    let (aws, azure) = (names(&aws), names(&azure));
    assert!(azure.contains("\"queue-redelivers\"") && !aws.contains("\"queue-redelivers\""));
    assert!(aws.contains("\"traffic-in-another-cloud\"") && !azure.contains("\"traffic-in-another-cloud\""));
    assert!(aws.intersection(&azure).count() > 40, "most scenarios are common to all clouds");
}

#[test]
fn a_drill_of_the_shipped_function_keeps_every_promise_and_exits_with_zero() {
    let function = function();
    let output =
        drill(&["--json", "--scenario", "alarm-before-holdoff", "--bootstrap", &function.display().to_string()]);
    assert!(output.status.success(), "{}", text(&output));
    let result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&result["passed"], &result["failed"]), (&1.into(), &0.into()));
    let promises = result["scenarios"][0]["promises"].as_array().expect("promises");
    assert!(promises.len() >= 9 && promises.iter().all(|promise| promise["kept"] == true));
    assert_eq!(result["scenarios"][0]["record"]["current"]["status"], "completed");
}

#[test]
fn a_function_that_does_not_work_breaks_promises_and_the_exit_code_says_so() {
    let output = drill(&["--scenario", "wrong-alarm", "--bootstrap", "/bin/false"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("BROKEN"), "{}", text(&output));
}

#[test]
fn what_cannot_be_run_is_refused_with_what_is_allowed() {
    let unknown = drill(&["--scenario", "no-such-thing"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown).contains("no-such-thing") && text(&unknown).contains("region-down"), "{}", text(&unknown));
    let missing = drill(&["--bootstrap", "/nowhere/bootstrap"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing).contains("cargo build -p holdfast-aws-lambda"), "{}", text(&missing));
    let hasty = drill(&["--compress", "1000"]);
    assert!(text(&hasty).contains("one of 1, 2, 3, 6, 12, 60"), "{}", text(&hasty));
}

#[test]
fn a_report_is_a_page_and_the_same_facts_as_json_with_nothing_from_elsewhere() {
    let bootstrap = function();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("drill.html");
    let path = file.display().to_string();
    let output = drill(&["--report", &path, "--bootstrap", &bootstrap.display().to_string()]);
    assert!(output.status.success(), "{}", text(&output));
    let page = std::fs::read_to_string(&file).expect("a page");
    let json = std::fs::read_to_string(file.with_extension("json")).expect("its facts");
    let facts: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&facts["name"], &facts["good"]), (&"region-down".into(), &true.into()));
    let lanes: Vec<&str> =
        facts["timeline"]["lanes"].as_array().expect("lanes").iter().filter_map(|lane| lane["name"].as_str()).collect();
    for lane in ["detection", "holdoff", "scale-operator", "lock-traffic", "verify-standby", "DNS", "pods"] {
        assert!(lanes.contains(&lane), "{lane} is not among {lanes:?}");
    }
    assert!(facts["figures"].as_array().expect("figures").iter().filter(|one| one["seconds"].is_f64()).count() >= 3);
    assert!(facts["calls"].as_array().expect("calls").len() > 3, "{}", facts["calls"]);
    assert!(page.contains("What was not verified") && !page.contains("http://") && !page.contains("https://"));
    assert_eq!(drill(&["--report", &path, "--all"]).status.code(), Some(2));
}
