//! How many calls wait while the holdoff runs, and how long an operator waits beside them.

use std::{collections::BTreeMap, time::Duration};

use holdfast_core::clock::until;
use holdfast_simulator::{
    Simulator, time,
    world::{Outage, Past},
};
use serde_json::{Value, json};

use super::{Program, not_started, options, table::Row};

/// As many alarms as can be set on one primary and its region, each delivered at the same time.
const ALARMS: usize = 8;
/// The concurrency that README reserves.
const CONCURRENCY: usize = 5;
/// How long the calls are watched, and how often.
const WATCHED: u32 = 30;
const EVERY: Duration = Duration::from_millis(100);

/// Delivers the alarms at the beginning of the holdoff, and then pauses as an operator would.
pub async fn measure(program: &Program) -> Result<Row, String> {
    let mut options = options(program, Duration::ZERO, true);
    // A holdoff that is not over while the calls are watched, and that a call has the time to wait for.
    let own = [("HOLDFAST_POLL_SECONDS", "1"), ("PRE_FAILOVER_FAILURE_SECONDS", "10")];
    options.function_env.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let sim = Simulator::start(options).await.map_err(not_started)?;
    let world = sim.world();
    world.set_scheduler(false);
    world.set_alarm(false);
    world.break_primary(Outage::Closed);
    world.settle_checkers();
    world.publish_history(&[Past::Healthy, Past::Failing]);
    sim.lambda().set_concurrency(CONCURRENCY);
    let alarm = alarm(&sim.function_env());
    for _ in 0..ALARMS {
        sim.lambda().invoke_async(alarm.clone());
    }
    let mut fewest = usize::MAX;
    for _ in 0..WATCHED {
        tokio::time::sleep(EVERY).await;
        fewest = fewest.min(sim.lambda().running());
    }
    let asked = time::now();
    let result = sim.lambda().invoke(json!({"action": "pause", "reason": "measurement"})).await;
    let took = until(asked, time::now());
    sim.stop().await;
    result.outcome.answer().ok_or_else(|| format!("the pause was not answered: {}", result.outcome.describe()))?;
    let measured = format!("{fewest} waits, a pause is answered after {:.2} s", took.as_secs_f64());
    Ok(Row::new(format!("{ALARMS} alarms in the holdoff, {CONCURRENCY} at once at most"), measured, "1 waits"))
}

/// The primary's alarm, as the topic delivers it.
fn alarm(variables: &BTreeMap<String, String>) -> Value {
    let variable = |name: &str| variables.get(name).cloned().unwrap_or_default();
    let message = json!({
        "AlarmName": "primary-down", "NewStateValue": "ALARM", "OldStateValue": "OK",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:primary-down",
        "StateChangeTime": time::now().to_string(),
        "Trigger": {"MetricName": "HealthCheckStatus", "Namespace": "AWS/Route53",
            "Dimensions": [{"name": "HealthCheckId", "value": variable("PRIMARY_HEALTH_CHECK_ID")}]},
    });
    let sns = json!({"TopicArn": variable("HOLDFAST_SNS_TOPIC_ARN"), "Message": message.to_string()});
    json!({"Records": [{"EventSource": "aws:sns", "Sns": sns}]})
}
