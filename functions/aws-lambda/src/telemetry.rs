//! Metrics in CloudWatch's embedded format. They hold no payload, no token and no secret. The log is
//! [`holdfast_site::log`]'s.

use std::collections::BTreeMap;

use holdfast_core::{
    Timestamp,
    clock::until,
    engine::Answer,
    fault::{Limit, quoted_within},
};
use holdfast_site::ignored::{IGNORED, Passed};
use serde_json::{Map, Value, json};

/// The metrics' namespace.
const NAMESPACE: &str = "Holdfast";

/// Most steps that have a metric of their own: CloudWatch takes 100 metrics a line.
const MOST_STEPS: usize = 20;

/// Writes a line of metrics. Straight to standard output, with nothing before or behind it: that is the format.
#[allow(clippy::print_stdout, reason = "CloudWatch reads metrics from standard output")]
pub fn emit(line: &str) {
    println!("{line}");
}

/// The embedded metrics of one answer, as the one line that CloudWatch reads. `heard` is whether the dead-man's switch
/// was reached, where there was something to tell it.
pub fn metrics(function: &str, answer: &Answer, heard: Option<bool>, started: Timestamp, now: Timestamp) -> String {
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
    if let Some(heard) = heard {
        put(&mut root, "SwitchMissed", "Count", f64::from(u8::from(!heard)));
    }
    for step in execution.into_iter().flat_map(|run| &run.steps).take(MOST_STEPS) {
        if let (Some(begun), Some(ended)) = (step.started_at, step.ended_at) {
            let name = format!("Step.{}", quoted_within(&step.step, Limit::Value));
            put(&mut root, &name, "Seconds", until(begun, ended).as_secs_f64());
        }
    }
    root.insert("FunctionName".to_owned(), json!(function));
    root.insert("Outcome".to_owned(), json!(answer.outcome.label()));
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": [["FunctionName"], ["FunctionName", "Outcome"]], "Metrics": names});
    root.insert("_aws".to_owned(), json!({"Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive]}));
    Value::Object(root).to_string()
}

/// The embedded metrics of what was ignored in one event: one line for each reason, with how many of the event's records had
/// it.
pub fn ignored(function: &str, passed: &[Passed], now: Timestamp) -> Vec<String> {
    let mut counts = BTreeMap::new();
    for one in passed.iter().filter(|one| one.outcome == IGNORED) {
        *counts.entry(one.code).or_insert(0_u32) += 1;
    }
    let dimensions = json!([["FunctionName"], ["FunctionName", "Code"]]);
    let metrics = json!([{"Name": "Ignored", "Unit": "Count"}]);
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics});
    let aws = json!({"Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive]});
    let line =
        |(code, count)| json!({"FunctionName": function, "Code": code, "Ignored": count, "_aws": aws}).to_string();
    counts.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use holdfast_core::{
        engine::{Action, Outcome},
        fakes::World,
        record::{Status, Trigger},
    };
    use holdfast_site::ignored::IgnoredReason;

    use super::*;

    fn line(answer: &Answer, seconds: i64) -> Value {
        let now = Timestamp::from_second(1_767_225_600).expect("in range");
        let line = metrics("dr", answer, None, now, Timestamp::from_second(1_767_225_600 + seconds).expect("in range"));
        assert!(!line.contains('\n'), "one line");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Name, unit and value of each metric.
    fn told(root: &Value) -> Vec<(String, String, f64)> {
        let metrics = root["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().expect("metrics");
        let one = |metric: &Value| {
            let text = |name: &str| metric[name].as_str().expect("text").to_owned();
            (text("Name"), text("Unit"), root[metric["Name"].as_str().expect("a name")].as_f64().expect("a number"))
        };
        metrics.iter().map(one).collect()
    }

    fn metric(name: &str, unit: &str, value: f64) -> (String, String, f64) {
        (name.to_owned(), unit.to_owned(), value)
    }

    #[test]
    fn a_call_that_did_nothing_has_four_metrics_with_their_units_and_values() {
        let answer = Answer { failing_for_s: Some(90.5), ..Answer::new(Outcome::StoodDown, Vec::new()) };
        let root = line(&answer, 7);
        let expected = [
            metric("Calls", "Count", 1.0),
            metric("Duration", "Seconds", 7.0),
            metric("FailingFor", "Seconds", 90.5),
            metric("OwedSteps", "Count", 0.0),
        ];
        assert_eq!(told(&root), expected);
        let directive = &root["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Holdfast");
        assert_eq!(directive["Dimensions"], json!([["FunctionName"], ["FunctionName", "Outcome"]]));
        assert_eq!((&root["FunctionName"], &root["Outcome"]), (&json!("dr"), &json!("stood_down")));
        assert_eq!(root["_aws"]["Timestamp"], json!(1_767_225_607_000_i64));
    }

    fn failed_over() -> Answer {
        let world = World::new();
        world.fail_primary_for(600);
        let mut request = world.request(Trigger::Operator, Action::FailOver);
        request.overrides = holdfast_core::decision::Gate::ALL.into();
        world.run("a", &request).expect("the worker lives")
    }

    #[test]
    fn each_step_that_was_driven_has_its_seconds_and_what_is_not_done_is_counted() {
        let mut answer = failed_over();
        let run = answer.execution.as_deref_mut().expect("an execution");
        let begun = Timestamp::from_second(1_767_225_600).expect("in range");
        for (place, step) in (1_i64..).zip(&mut run.steps) {
            step.started_at = Some(begun);
            step.ended_at = Timestamp::from_second(begun.as_second() + 10 * place).ok();
        }
        let names: Vec<String> = run.steps.iter().map(|step| format!("Step.{}", step.step)).collect();
        let told_of = told(&line(&answer, 1));
        for (place, name) in (1_u32..).zip(&names) {
            assert!(told_of.contains(&metric(name, "Seconds", f64::from(10 * place))), "{name}: {told_of:?}");
        }
        assert!(told_of.contains(&metric("OwedSteps", "Count", 0.0)));
        let run = answer.execution.as_deref_mut().expect("an execution");
        run.status = Status::Owed;
        run.steps[2].progress = holdfast_core::record::Progress::Pending;
        assert!(told(&line(&answer, 1)).contains(&metric("OwedSteps", "Count", 1.0)));
    }

    #[test]
    fn what_is_ignored_is_counted_by_its_reason_and_what_was_answered_together_is_not() {
        let of = |code| Passed::ignored(&IgnoredReason::foreign(code, "says"));
        let passed = [of("state_ok"), of("not_ours"), Passed::together("a record".to_owned()), of("state_ok")];
        let now = Timestamp::from_second(1_767_225_600).expect("in range");
        let lines = ignored("dr", &passed, now);
        let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let codes: Vec<_> = lines.iter().map(|line| (line["Code"].as_str().expect("a code"), told(line))).collect();
        let count = |value| vec![metric("Ignored", "Count", value)];
        assert_eq!(codes, [("not_ours", count(1.0)), ("state_ok", count(2.0))]);
        let directive = &lines[0]["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["FunctionName"], ["FunctionName", "Code"]]));
        assert_eq!((&lines[0]["FunctionName"], &directive["Namespace"]), (&json!("dr"), &json!("Holdfast")));
        assert_eq!(lines[0]["_aws"]["Timestamp"], json!(1_767_225_600_000_i64));
        assert!(ignored("dr", &passed[2..3], now).is_empty());
    }

    #[test]
    fn a_record_that_somebody_else_wrote_makes_no_endless_line() {
        let mut answer = failed_over();
        let run = answer.execution.as_deref_mut().expect("an execution");
        let mut step = run.steps[0].clone();
        (step.step, step.started_at, step.ended_at) = ("s".repeat(100_000), Some(Timestamp::MIN), Some(Timestamp::MAX));
        run.steps = vec![step; 1000];
        assert!(line(&answer, 1).to_string().len() < 16 * 1024);
    }
}
