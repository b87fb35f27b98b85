//! People are told, and a message that fails changes nothing.

use std::collections::BTreeSet;

use holdfast_core::record::{State, Status};
use holdfast_simulator::{
    faults::Fault,
    people::{Message, TOPIC},
    world::Outage,
};
use serde_json::Value;

use super::injected_faults::unavailable;
use crate::drill::{
    environment::Environment,
    promise::{Promise, and, failed_over, one_worker, said, untouched},
    run_report::RunReport,
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![told(), told_that_it_passed(), people_refuse(), people_silent(), people_cut_off()]
}

fn with_people() -> Setup {
    Setup { people: true, ..Setup::default() }
}

fn told() -> Scenario {
    Scenario {
        name: "told",
        summary: "a whole failover, its lock owed for a while, as people hear of it: one incident from holdoff to end",
        setup: with_people,
        run: |environment| {
            Box::pin(async move {
                for call in environment.sim.traffic_cloud().traffic_calls().all {
                    environment.sim.faults().always(call, unavailable());
                }
                environment.break_primary(Outage::Refuse);
                environment.until_status(Status::Owed).await?;
                environment
                    .until("what is owed is told", |environment| {
                        has_heard(&environment.sim.people().messages(), "unfinished")
                    })
                    .await?;
                environment.sim.faults().clear();
                environment.until_failed_over().await?;
                environment
                    .until("the end is told", |environment| {
                        let messages = environment.sim.people().messages();
                        has_heard(&messages, "completed") && resolved(&messages)
                    })
                    .await?;
                environment.pass(180.0).await;
                Ok(())
            })
        },
        promises: and(
            failed_over(),
            vec![
                said("the webhook heard it in order, and no state again and again", in_order),
                said("the cloud's own topic heard the same, where it has one", topic_heard),
                said("it is one incident of PagerDuty, resolved at the end", one_incident),
                said("the messages say what is owed and what to do", says_what_is_owed),
                said("the dead-man's switch heard of ticks", ticks),
                said("the record keeps what was told", keeps_what_was_told),
            ],
        ),
    }
}

fn told_that_it_passed() -> Scenario {
    Scenario {
        name: "told-that-it-passed",
        summary: "the primary is down for less than the holdoff: people hear of it, and that it is over",
        setup: with_people,
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment
                    .until("the outage is told", |environment| {
                        has_heard(&environment.sim.people().messages(), "holdoff_runs")
                    })
                    .await?;
                environment.sim.world().heal_primary();
                environment
                    .until("the end is told", |environment| has_heard(&environment.sim.people().messages(), "over"))
                    .await?;
                environment.pass(120.0).await;
                Ok(())
            })
        },
        promises: and(
            untouched(),
            vec![said("one message for the outage, one for its end", |report| {
                let heard = occasions(report);
                if heard == ["holdoff_runs", "over"] { Ok(heard.join(", ")) } else { Err(heard.join(", ")) }
            })],
        ),
    }
}

fn people_refuse() -> Scenario {
    Scenario {
        name: "people-refuse",
        summary: "every message is refused: the failover is as without messages, and the record notes it",
        setup: with_people,
        run: |environment| {
            Box::pin(async move {
                to_everybody(environment, &unavailable());
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await?;
                environment.until("it is noted", notes_unheard).await
            })
        },
        promises: unheard(),
    }
}

fn people_silent() -> Scenario {
    Scenario {
        name: "people-silent",
        summary: "no message is answered: the failover is as without messages, and the record notes it",
        setup: with_people,
        run: |environment| {
            Box::pin(async move {
                to_everybody(environment, &Fault::Hang);
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await?;
                environment.until("it is noted", notes_unheard).await
            })
        },
        promises: unheard(),
    }
}

fn people_cut_off() -> Scenario {
    Scenario {
        name: "people-cut-off",
        summary: "each message is taken and the connection cut before the answer; later answers come, and the end is told",
        setup: with_people,
        run: |environment| {
            Box::pin(async move {
                to_everybody(environment, &Fault::Cut);
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await?;
                environment.until("it is noted", notes_unheard).await?;
                environment.sim.faults().clear();
                environment
                    .until("the end is told", |environment| {
                        let messages = environment.sim.people().messages();
                        has_heard(&messages, "completed") && resolved(&messages)
                    })
                    .await
            })
        },
        promises: and(failed_over(), vec![one_worker()]),
    }
}

/// Every message meets `fault`: those to the site's people, and those to the topics of clouds.
fn to_everybody(environment: &Environment, fault: &Fault) {
    for call in ["people:*", "sns:Publish", "notifications:PublishMessage"] {
        environment.sim.faults().always(call, fault.clone());
    }
}

/// The failover is as it would be without anybody to tell.
fn unheard() -> Vec<Promise> {
    and(
        failed_over(),
        vec![
            one_worker(),
            said("nobody heard anything", |report| match report.told.len() {
                0 => Ok("no message was taken".to_owned()),
                taken => Err(format!("{taken} messages were taken")),
            }),
            said("the record says what was not told, and why", |report| {
                let told = report.state.as_ref().and_then(State::told).ok_or("nothing is noted")?;
                let first = told.unheard.first().ok_or("nothing is noted as not told")?;
                Ok(format!("{}: {}", first.what, first.why))
            }),
        ],
    )
}

fn notes_unheard(environment: &Environment) -> bool {
    environment.state().is_some_and(|state| state.told().is_some_and(|told| !told.unheard.is_empty()))
}

pub(super) fn has_heard(messages: &[Message], occasion: &str) -> bool {
    messages.iter().any(|message| message.path == "/webhook" && message.body["occasion"] == occasion)
}

fn resolved(messages: &[Message]) -> bool {
    messages.iter().any(|message| message.path == "/pagerduty" && message.body["event_action"] == "resolve")
}

pub(super) fn of<'a>(report: &'a RunReport, path: &'a str) -> impl Iterator<Item = &'a Value> {
    report.told.iter().filter(move |message| message.path == path).map(|message| &message.body)
}

fn occasions(report: &RunReport) -> Vec<&str> {
    of(report, "/webhook").filter_map(|body| body["occasion"].as_str()).collect()
}

fn in_order(report: &RunReport) -> Result<String, String> {
    let heard = occasions(report);
    let first = |wanted: &str| heard.iter().position(|occasion| *occasion == wanted);
    // On OCI metrics are as late as the holdoff is long: the first call that sees the outage may find the holdoff proven.
    let seen_late = report.cloud.name() == "oci" && heard.first() == Some(&"begun");
    let wanted = &["holdoff_runs", "begun", "unfinished", "completed"][usize::from(seen_late)..];
    let story: Vec<_> = wanted.iter().map(|occasion| first(occasion)).collect();
    let deliveries: Vec<_> = of(report, "/webhook").map(|body| body["delivery"].to_string()).collect();
    // Two calls that see one state at the same time both tell it, under the same name of the delivery.
    let different: BTreeSet<_> = deliveries.iter().collect();
    if story.iter().all(Option::is_some) && story.is_sorted() && deliveries.len() <= 2 * different.len() {
        return Ok(heard.join(", "));
    }
    Err(format!("{} ({} of {} differ)", heard.join(", "), different.len(), deliveries.len()))
}

/// As the webhook did, in the words for people. Azure lets a function write to no topic.
fn topic_heard(report: &RunReport) -> Result<String, String> {
    let texts: Vec<_> = of(report, TOPIC).filter_map(|message| message["text"].as_str()).collect();
    if report.cloud.topic().is_none() {
        return if texts.is_empty() { Ok("it has none".to_owned()) } else { Err(format!("{texts:?}")) };
    }
    let told: BTreeSet<_> = occasions(report).into_iter().collect();
    let is_told = |occasion: &&&str| texts.iter().any(|text| text.contains(&format!("\noccasion: {occasion}\n")));
    let missing: Vec<_> = told.iter().filter(|occasion| !is_told(occasion)).collect();
    if missing.is_empty() {
        return Ok(format!("{} messages", texts.len()));
    }
    Err(format!("{missing:?} of {} messages", texts.len()))
}

fn one_incident(report: &RunReport) -> Result<String, String> {
    let keys: BTreeSet<_> = of(report, "/pagerduty").map(|event| event["dedup_key"].to_string()).collect();
    let last = of(report, "/pagerduty").last().map(|event| event["event_action"].to_string()).unwrap_or_default();
    match (keys.len(), last.as_str()) {
        (1, "\"resolve\"") => Ok(keys.into_iter().collect()),
        _ => Err(format!("{} keys, the last event is {last}", keys.len())),
    }
}

fn says_what_is_owed(report: &RunReport) -> Result<String, String> {
    let unfinished = of(report, "/webhook").find(|body| body["occasion"] == "unfinished").ok_or("nothing was owed")?;
    let owed = unfinished["owed"].to_string();
    if owed.contains("lock-traffic") && unfinished["next"].as_str().is_some_and(|next| !next.is_empty()) {
        return Ok(owed);
    }
    Err(unfinished.to_string())
}

fn ticks(report: &RunReport) -> Result<String, String> {
    match of(report, "/tick").count() {
        0 => Err("it was never called".to_owned()),
        count => Ok(format!("{count} calls")),
    }
}

fn keeps_what_was_told(report: &RunReport) -> Result<String, String> {
    let told = report.state.as_ref().and_then(State::told).ok_or("nothing is kept")?;
    let both = ["webhook", "pagerduty"]
        .iter()
        .all(|to| told.heard.iter().any(|heard| heard.starts_with(to) && heard.ends_with("completed")));
    if both && told.unheard.is_empty() {
        return Ok(format!("{} messages", told.heard.len()));
    }
    Err(format!("{told:?}"))
}
