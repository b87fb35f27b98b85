//! A failover that is due, where the mode does not let it begin by itself.

use holdfast_core::record::{Kept, State};
use holdfast_simulator::world::Outage;
use serde_json::{Value, json};

use super::people;
use crate::drill::{
    environment::Environment,
    promise::{and, came_to, execution, failed_over, gave_reason, said, untouched},
    run_report::RunReport,
    scenario::{Scenario, Setup, Stuck},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![observe_only(), ask_approved(), ask_withdrawn(), ask_lapsed(), ask_unanswered()]
}

fn mode(mode: &str, more: &[(&str, &str)]) -> Setup {
    let mut setup = Setup { people: true, ..Setup::default() };
    setup.variables.insert("HOLDFAST_MODE".to_owned(), mode.to_owned());
    setup.variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    setup
}

fn observe_only() -> Scenario {
    Scenario {
        name: "observe-only",
        summary: "mode observe: the primary goes down for good; it is told and noted, and nothing is done",
        setup: || mode("observe", &[]),
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.until("it is told", |environment| has_heard(environment, "observed")).await?;
                let refused = environment.operator("failover", "please").await?;
                if refused["outcome"] != "refused" {
                    return Err(format!("a failover in mode observe was answered {}", refused["outcome"]));
                }
                environment.pass(300.0).await;
                environment.sim.world().heal_primary();
                environment.until("it is over", |environment| has_heard(environment, "over")).await
            })
        },
        promises: and(
            untouched(),
            vec![
                said("it says that it would have begun", |report| came_to(report, "would_begin")),
                said("the record says since when and until when it was due", observed_once),
                said("it was told once, and that it is over", |report| heard(report, &["observed", "over"])),
            ],
        ),
    }
}

fn ask_approved() -> Scenario {
    Scenario {
        name: "ask-approved",
        summary: "mode ask: people are asked, an approval of another question begins nothing, and theirs begins it",
        setup: || mode("ask", &[]),
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                let question = asked(environment).await?;
                environment.pass(180.0).await;
                if environment.state().is_none_or(|state| state.current.is_some()) {
                    return Err("something was begun without an approval".to_owned());
                }
                let other = approve(environment, "q20010101T000000.000Z").await?;
                if other["outcome"] != "refused" {
                    return Err(format!("an approval of another question was answered {}", other["outcome"]));
                }
                approve(environment, &question).await?;
                environment.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![
                said("nothing began before the approval", |report| gave_reason(report, "approval_needed")),
                said("another question was refused", |report| gave_reason(report, "no_such_question")),
                said("the record says that a person approved it, and why", |report| {
                    let run = execution(report)?;
                    match run.reason.as_deref() {
                        Some("the region is gone")
                            if report.state.as_ref().is_some_and(|state| state.question.is_none()) =>
                        {
                            Ok("approved: the region is gone".to_owned())
                        }
                        other => Err(format!("{other:?}")),
                    }
                }),
                said("people were asked once", |report| heard(report, &["asked", "begun", "completed"])),
            ],
        ),
    }
}

fn ask_withdrawn() -> Scenario {
    Scenario {
        name: "ask-withdrawn",
        summary: "mode ask: the primary is well again before anybody has answered; the question is withdrawn",
        setup: || mode("ask", &[]),
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                let question = asked(environment).await?;
                environment.sim.world().heal_primary();
                environment
                    .until("it is withdrawn", |environment| {
                        environment.state().is_some_and(|state| state.question.is_none())
                    })
                    .await?;
                approve(environment, &question).await?;
                environment.pass(120.0).await;
                Ok(())
            })
        },
        promises: and(
            untouched(),
            vec![said("people were asked, and told that it is over", |report| heard(report, &["asked", "over"]))],
        ),
    }
}

fn ask_lapsed() -> Scenario {
    Scenario {
        name: "ask-lapsed",
        summary: "mode ask: nobody answers in time; nothing begins, nobody is asked twice, a person's failover begins it",
        setup: || mode("ask", &[("HOLDFAST_ASK_SECONDS", "1")]),
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                let question = asked(environment).await?;
                environment.until("it has lapsed", |environment| has_heard(environment, "not_acted_on")).await?;
                environment.pass(300.0).await;
                let late = approve(environment, &question).await?;
                if late["outcome"] != "refused" || environment.state().is_none_or(|state| state.current.is_some()) {
                    return Err(format!("an approval that came too late was answered {}", late["outcome"]));
                }
                environment.operator("failover", "the region is gone").await?;
                environment.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![
                said("it says that the question lapsed", |report| gave_reason(report, "question_lapsed")),
                said("people were asked once", |report| heard(report, &["asked", "not_acted_on", "begun"])),
            ],
        ),
    }
}

fn ask_unanswered() -> Scenario {
    Scenario {
        name: "ask-unanswered",
        summary: "mode ask, and nobody answers in time: it begins by itself, as it is configured",
        setup: || mode("ask", &[("HOLDFAST_ASK_SECONDS", "1"), ("HOLDFAST_ASK_THEN", "begin")]),
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![
                said("people were asked first", |report| heard(report, &["asked", "begun"])),
                said("it says that nobody answered", |report| {
                    let run = execution(report)?;
                    let reasons = run.decision.known().map(|decision| &decision.reasons).into_iter().flatten();
                    let codes: Vec<_> = reasons.map(holdfast_core::decision::Reason::code).collect();
                    if codes.iter().any(|code| code == "unanswered") {
                        Ok(codes.join(", "))
                    } else {
                        Err(codes.join(", "))
                    }
                }),
            ],
        ),
    }
}

/// The question, once it stands in the record and was told.
async fn asked(environment: &Environment) -> Result<String, Stuck> {
    environment.until("people are asked", |environment| has_heard(environment, "asked")).await?;
    let state = environment.state().ok_or("the record is empty or cannot be read")?;
    state
        .question()
        .map(|due| due.id.clone())
        .ok_or_else(|| "people were asked, and the record has no question".to_owned())
}

async fn approve(environment: &Environment, question: &str) -> Result<Value, Stuck> {
    let call = json!({"action": "approve", "question": question, "reason": "the region is gone"});
    environment.operators_call(call).await
}

fn has_heard(environment: &Environment, occasion: &str) -> bool {
    people::has_heard(&environment.sim.people().messages(), occasion)
}

/// These were told in this order, each once; others may stand between them.
fn heard(report: &RunReport, wanted: &[&str]) -> Result<String, String> {
    let mut different: Vec<_> =
        people::of(report, "/webhook").map(|body| (&body["occasion"], &body["delivery"])).collect();
    different.dedup();
    let occasions: Vec<_> = different.iter().filter_map(|(occasion, _)| occasion.as_str()).collect();
    let of_them: Vec<_> = occasions.iter().copied().filter(|occasion| wanted.contains(occasion)).collect();
    if of_them == wanted { Ok(occasions.join(", ")) } else { Err(occasions.join(", ")) }
}

/// One outage, with a beginning and an end.
fn observed_once(report: &RunReport) -> Result<String, String> {
    let state: &State = report.state.as_ref().ok_or("the record is empty or cannot be read")?;
    match state.observed.iter().filter_map(Kept::known).collect::<Vec<_>>()[..] {
        [due] if due.until > due.at => Ok(format!("{:.0} to {:.0}", due.at, due.until)),
        ref other => Err(format!("{other:?}")),
    }
}
