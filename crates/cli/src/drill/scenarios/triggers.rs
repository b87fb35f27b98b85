//! What calls the function: once, five times, never, or with nonsense.

use holdfast_simulator::world::{AlarmSettings, MetricsMode, Outage};
use serde_json::json;

use crate::drill::{
    facts::Facts,
    promise::{and, came_to, failed_over, gave_reason, one_worker, said, untouched},
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "alarm-before-holdoff",
            says: "one notification at the first bad minute, no tick ever: that call is the only one there will be",
            setup: Setup::default,
            act: |stage| {
                Box::pin(async move {
                    stage.sim.world().set_scheduler(false);
                    stage.break_primary(Outage::Refuse);
                    stage.until_failed_over().await
                })
            },
            promises: and(failed_over(), vec![said("that one call did it", |facts| called(facts, 1))]),
        },
        Scenario {
            name: "alarm-region-down",
            says: "alarm, metrics and Route 53's API are gone with their region: the tick alone must do it, the lock when it can",
            setup: Setup::default,
            act: |stage| {
                Box::pin(async move {
                    stage.sim.world().set_alarm(false);
                    stage.sim.world().set_metrics(MetricsMode::Failing);
                    stage.sim.faults().always("route53:*", super::weather::unavailable());
                    stage.break_primary(Outage::Silent);
                    stage.until_status(holdfast_core::record::Status::Owed).await?;
                    stage.pass(120.0).await;
                    stage.sim.faults().clear();
                    stage.until_failed_over().await
                })
            },
            promises: failed_over(),
        },
        Scenario {
            name: "duplicate-alarms",
            says: "the same notification is delivered five times at once",
            setup: Setup::default,
            act: |stage| {
                Box::pin(async move {
                    stage.sim.world().configure_alarm(AlarmSettings { duplicates: 4, ..AlarmSettings::default() });
                    stage.break_primary(Outage::Refuse);
                    stage.until_failed_over().await?;
                    stage.pass(240.0).await;
                    Ok(())
                })
            },
            promises: and(failed_over(), vec![one_worker()]),
        },
        Scenario {
            name: "wrong-alarm",
            says: "the alarm of somebody else's health check comes while the primary is down",
            setup: Setup::default,
            act: |stage| {
                Box::pin(async move {
                    stage.sim.world().set_scheduler(false);
                    stage.sim.world().set_alarm(false);
                    stage.break_primary(Outage::Refuse);
                    stage.pass(300.0).await;
                    stage.invoke(foreign_alarm()).await;
                    Ok(())
                })
            },
            promises: and(untouched(), vec![said("it is answered and ignored", |facts| came_to(facts, "ignored"))]),
        },
        Scenario {
            name: "malformed-event",
            says: "nonsense of every kind comes, and then a real alarm",
            setup: Setup::default,
            act: |stage| {
                Box::pin(async move {
                    for payload in nonsense() {
                        let result = stage.invoke(payload.clone()).await;
                        if result.outcome.answer().is_none_or(|answer| answer["outcome"] != "ignored") {
                            return Err(format!(
                                "{:.80} was not ignored but {}",
                                payload.to_string(),
                                result.outcome.words()
                            ));
                        }
                    }
                    stage.break_primary(Outage::Refuse);
                    stage.until_failed_over().await
                })
            },
            promises: and(
                failed_over(),
                vec![said("nonsense is named", |facts| gave_reason(facts, "invalid_request"))],
            ),
        },
    ]
}

/// How often the function was called, repetitions by Lambda included.
fn called(facts: &Facts, times: usize) -> Result<String, String> {
    let calls = facts.results.len();
    if calls == times { Ok(format!("{calls} invocation")) } else { Err(format!("{calls} invocations, not {times}")) }
}

/// A notification that is well formed and not about our primary.
fn foreign_alarm() -> serde_json::Value {
    let message = json!({
        "AlarmName": "somebody-elses", "NewStateValue": "ALARM", "OldStateValue": "OK", "AlarmDescription": null,
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:somebody-elses",
        "StateChangeTime": "2026-01-01T00:00:21.231+0000",
        "Trigger": {"MetricName": "HealthCheckStatus", "Namespace": "AWS/Route53",
            "Dimensions": [{"name": "HealthCheckId", "value": "00000000-0000-4000-8000-000000000000"}]},
    });
    json!({"Records": [{"EventSource": "aws:sns", "Sns": {"MessageId": "m", "Message": message.to_string()}}]})
}

fn nonsense() -> Vec<serde_json::Value> {
    vec![
        json!(null),
        json!([]),
        json!({}),
        json!("failover"),
        json!({"Records": []}),
        json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "not JSON"}}]}),
        json!({"Records": [{"EventSource": "aws:s3"}]}),
        json!({"action": "detonate"}),
        json!({"action": 7}),
        json!({"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}}),
        json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "x".repeat(100_000)}}]}),
    ]
}
