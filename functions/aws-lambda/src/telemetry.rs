//! Logs (JSON lines) and metrics (CloudWatch embedded metric format). Neither holds a payload, a token or a secret.

use holdfast_core::{Timestamp, clock::until, engine::Answer};
use serde_json::{Map, Value, json};
use tracing_subscriber::EnvFilter;

/// The metrics' namespace.
const NAMESPACE: &str = "Holdfast";

/// Starts logging. Our own crates at `level`, everything below us from warnings on.
pub fn start(level: &str) {
    let filter = EnvFilter::new(format!(
        "warn,holdfast_aws_lambda={level},holdfast_core={level},holdfast_aws={level},holdfast_kubernetes={level},holdfast_runbooks={level}"
    ));
    let subscriber =
        tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_span_list(false);
    // A second start (tests) keeps the first subscriber.
    let _ = subscriber.with_env_filter(filter).with_target(false).try_init();
}

/// Writes a line of metrics. Straight to standard output, with nothing before or behind it: that is the format.
#[allow(clippy::print_stdout, reason = "CloudWatch reads metrics from standard output")]
pub fn emit(line: &str) {
    println!("{line}");
}

/// The embedded metrics of one answer, as the one line that CloudWatch reads.
pub fn metrics(function: &str, answer: &Answer, started: Timestamp, now: Timestamp) -> String {
    let mut root = Map::new();
    let mut names = Vec::new();
    let mut put = |root: &mut Map<String, Value>, name: &str, unit: &str, value: f64| {
        names.push(json!({"Name": name, "Unit": unit}));
        root.insert(name.to_owned(), json!(value));
    };
    put(&mut root, "Calls", "Count", 1.0);
    put(&mut root, "Duration", "Seconds", until(started, now).as_secs_f64());
    put(&mut root, "FailingFor", "Seconds", answer.failing_for_s.unwrap_or_default());
    let execution = answer.execution.as_deref();
    let owed =
        execution.map_or(0, |run| run.steps.iter().filter(|step| run.status.is_open() && !step.is_done()).count());
    put(&mut root, "OwedSteps", "Count", owed as f64);
    for step in execution.into_iter().flat_map(|run| &run.steps) {
        if let (Some(begun), Some(ended)) = (step.started_at, step.ended_at) {
            put(&mut root, &format!("Step.{}", step.step), "Seconds", until(begun, ended).as_secs_f64());
        }
    }
    root.insert("FunctionName".to_owned(), json!(function));
    root.insert("Outcome".to_owned(), json!(answer.outcome.label()));
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": [["FunctionName"], ["FunctionName", "Outcome"]], "Metrics": names});
    root.insert("_aws".to_owned(), json!({"Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive]}));
    Value::Object(root).to_string()
}

#[cfg(test)]
mod tests {
    use holdfast_core::engine::Outcome;

    use super::*;

    #[test]
    fn every_metric_and_dimension_that_is_named_is_a_member_of_the_root() {
        let answer = Answer::new(Outcome::StoodDown, Vec::new());
        let line = metrics("f", &answer, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        let root: Value = serde_json::from_str(&line).expect("JSON");
        let directive = &root["_aws"]["CloudWatchMetrics"][0];
        let metrics = directive["Metrics"].as_array().expect("metrics");
        assert!(metrics.len() >= 4);
        assert!(metrics.iter().all(|metric| root[metric["Name"].as_str().expect("a name")].is_number()));
        for dimension in
            directive["Dimensions"].as_array().expect("sets").iter().flat_map(|set| set.as_array().expect("a set"))
        {
            assert!(root[dimension.as_str().expect("a name")].is_string(), "{dimension}");
        }
        assert!(root["_aws"]["Timestamp"].is_i64());
    }
}
