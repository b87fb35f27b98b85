use proptest::prelude::*;

use super::*;
use crate::{
    steering::SteeringAnswer,
    testing::{Reply, Server, call, policy_document, policy_place},
};

async fn lock(replies: Vec<Reply>) -> (SteeringLock, Server) {
    let server = Server::start(replies).await;
    (SteeringLock::new(server.oci(), policy_place(), Pools::default(), None), server)
}

async fn lock_to(standby: &str, replies: Vec<Reply>) -> (SteeringLock, Server) {
    let server = Server::start(replies).await;
    let standby: Arc<dyn StandbyAddress> = Arc::new(standby.to_owned());
    (SteeringLock::new(server.oci(), policy_place(), Pools::default(), Some(standby)), server)
}

fn found(document: &Value, etag: &str) -> Reply {
    Reply::json(200, document).with("etag", etag)
}

fn open() -> Value {
    policy_document(false, true)
}

fn locked() -> Value {
    policy_document(true, false)
}

fn in_state(mut document: Value, state: &str) -> Value {
    document["lifecycleState"] = state.into();
    document
}

fn sent(server: &Server, number: usize) -> Value {
    serde_json::from_str(&server.requests()[number].body).expect("JSON")
}

#[tokio::test]
async fn both_answers_are_turned_by_one_fenced_update_that_is_read_back() {
    let updating = || in_state(locked(), "UPDATING");
    let replies = vec![
        found(&open(), "\"v1\""),
        found(&in_state(open(), "UPDATING"), "\"v1\""),
        found(&updating(), "\"v2\""),
        found(&locked(), "\"v3\""),
    ];
    let (lock, server) = lock(replies).await;
    let seen = lock.observe(&call()).await.expect("an observation");
    assert_eq!(seen.state, StepState::Todo);
    assert_eq!(
        seen.found,
        "steering policy ACTIVE: primary-ingest (192.0.2.10, pool primary): in service; \
         secondary-ingest (192.0.2.20, pool secondary): disabled"
    );
    lock.apply(&call(), &seen).await.expect("accepted");
    let fault = lock.observe(&call()).await.expect_err("it comes about later");
    assert!(fault.class.is_transient() && fault.message.contains("UPDATING"), "{fault}");
    assert_eq!(lock.observe(&call()).await.expect("an observation").state, StepState::Done);
    let put = &server.requests()[1];
    let path = "/us-chicago-1/20180115/steeringPolicies/ocid1.dnspolicy.oc1..aaaatestpolicy";
    assert_eq!((put.method.as_str(), put.path.as_str()), ("PUT", path));
    assert_eq!(put.headers["if-match"], "\"v1\"");
    let mut expected = open();
    expected["answers"][0]["isDisabled"] = true.into();
    expected["answers"][1]["isDisabled"] = false.into();
    for field in ["answers", "rules", "template", "ttl"] {
        assert_eq!(sent(&server, 1)[field], expected[field], "{field}");
    }
}

#[tokio::test]
async fn a_policy_that_somebody_else_wrote_meanwhile_is_a_conflict() {
    for (status, code) in [(412, "NoEtagMatch"), (409, "IncorrectState")] {
        let (lock, _server) = lock(vec![found(&open(), "e"), Reply::error(status, code)]).await;
        let seen = lock.observe(&call()).await.expect("an observation");
        assert_eq!(lock.apply(&call(), &seen).await.expect_err("lost").class, FaultClass::Conflict);
    }
}

#[tokio::test]
async fn nothing_is_sent_for_what_is_done() {
    let (lock, server) = lock(vec![found(&locked(), "e")]).await;
    let seen = lock.observe(&call()).await.expect("an observation");
    assert_eq!((&seen.state, &seen.precondition), (&StepState::Done, &Value::Null));
    assert_eq!(lock.apply(&call(), &seen).await.expect_err("nothing to do").class, FaultClass::Invalid);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn half_a_lock_is_no_lock() {
    for half in [policy_document(true, true), policy_document(false, false)] {
        let (lock, _server) = lock(vec![found(&half, "e")]).await;
        assert_eq!(lock.observe(&call()).await.expect("an observation").state, StepState::Todo);
    }
}

async fn blocked(document: Value) -> String {
    let (lock, _server) = lock(vec![found(&document, "e")]).await;
    match lock.observe(&call()).await.expect("an observation").state {
        StepState::Blocked { why } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_only_a_person_can_mend_is_said() {
    let mut alone = open();
    alone["answers"].as_array_mut().expect("answers").pop();
    assert!(blocked(alone).await.contains("no answer in the pool \"secondary\""));
    let mut other = open();
    other["answers"][0]["pool"] = "elsewhere".into();
    assert!(blocked(other).await.contains("no answer in the pool \"primary\""));
    let mut unfiltered = open();
    unfiltered["rules"].as_array_mut().expect("rules").remove(0);
    assert!(blocked(unfiltered).await.contains("no FILTER rule"));
    for state in ["DELETED", "DELETING"] {
        assert!(blocked(in_state(open(), state)).await.contains(state));
    }
    let mut long = open();
    long["rules"][1]["description"] = "x".repeat(100_000).into();
    assert!(blocked(long).await.contains("too long"));
}

#[tokio::test]
async fn an_answer_for_the_standby_is_made_or_led_to_where_it_is() {
    let mut alone = open();
    alone["answers"].as_array_mut().expect("answers").pop();
    for (document, standby) in [(alone, "192.0.2.99"), (open(), "192.0.2.99")] {
        let (lock, server) = lock_to(standby, vec![found(&document, "e"), found(&locked(), "f")]).await;
        let seen = lock.observe(&call()).await.expect("an observation");
        assert_eq!(seen.precondition["standby"], standby);
        lock.apply(&call(), &seen).await.expect("accepted");
        let answers = &sent(&server, 1)["answers"];
        let made = json!({"name": "secondary-ingest", "rtype": "A", "rdata": standby, "pool": "secondary", "isDisabled": false});
        assert_eq!((&answers[0]["isDisabled"], &answers[1]), (&json!(true), &made));
    }
}

#[tokio::test]
async fn an_address_of_another_kind_changes_no_answer_and_makes_none() {
    for standby in ["lb.example.com", "2001:db8::1", "not a place", ""] {
        let (lock, _server) = lock_to(standby, vec![found(&locked(), "e")]).await;
        assert_eq!(lock.observe(&call()).await.expect("an observation").state, StepState::Done, "{standby}");
    }
    let mut alone = open();
    alone["answers"].as_array_mut().expect("answers").pop();
    let (lock, _server) = lock_to("lb.example.com", vec![found(&alone, "e")]).await;
    let seen = lock.observe(&call()).await.expect("an observation");
    assert!(seen.found.contains("needs an answer of type CNAME"), "{}", seen.found);
}

#[tokio::test]
async fn a_lock_whose_answer_leads_elsewhere_is_a_lock_and_says_so() {
    let (lock, _server) = lock_to("192.0.2.99", vec![found(&locked(), "e")]).await;
    let seen = lock.observe(&call()).await.expect("an observation");
    assert_eq!(seen.state, StepState::Done);
    assert!(seen.found.ends_with("; the standby is at 192.0.2.99, where no answer leads to"), "{}", seen.found);
}

struct Unknown;

#[async_trait]
impl StandbyAddress for Unknown {
    async fn address(&self, _: &Call) -> Result<Option<String>, Fault> {
        Err(Fault::new(FaultClass::Timeout, "kubernetes:GetService", "no answer"))
    }
}

#[tokio::test]
async fn a_standby_whose_address_cannot_be_had_does_not_hold_the_lock_back() {
    let server = Server::start(vec![found(&open(), "e")]).await;
    let lock = SteeringLock::new(server.oci(), policy_place(), Pools::default(), Some(Arc::new(Unknown)));
    assert_eq!(lock.observe(&call()).await.expect("an observation").state, StepState::Todo);
}

#[tokio::test]
async fn the_way_back_is_in_the_fence_and_leaves_the_standbys_address_as_it_is() {
    let mut now = locked();
    now["answers"][1]["rdata"] = "192.0.2.99".into();
    let (lock, server) = lock(vec![found(&open(), "v1"), found(&now, "v7"), found(&open(), "v8")]).await;
    let seen = lock.observe(&call()).await.expect("an observation");
    let unlock = lock.inverse(Some(&seen)).expect("a way back");
    let locked = unlock.observe(&call()).await.expect("an observation");
    assert_eq!((unlock.name(), &locked.state), ("unlock-traffic", &StepState::Todo));
    unlock.apply(&call(), &locked).await.expect("unlocked");
    let mut expected = open()["answers"].clone();
    expected[1]["rdata"] = "192.0.2.99".into();
    assert_eq!(sent(&server, 2)["answers"], expected);
    assert_eq!(server.requests()[2].headers["if-match"], "v7");
    assert_eq!(Original::of_precondition(&Value::Null), None);
}

/// How the way back finds the policy `now`, when it was `before`.
async fn found_again(now: Value, before: Option<&Value>) -> (StepState, Option<Value>) {
    let (lock, server) = lock(vec![found(&now, "v7"), found(&open(), "v8")]).await;
    let precondition = before.map(|document| {
        let written = serde_json::from_value(document.clone()).expect("a policy");
        json!(Original { etag: "v1".to_owned(), written, standby: None })
    });
    let before = precondition.map(|precondition| Observation::todo("as it was", precondition));
    let unlock = lock.inverse(before.as_ref()).expect("a way back");
    let seen = unlock.observe(&call()).await.expect("an observation");
    let sent = match seen.state {
        StepState::Todo => {
            unlock.apply(&call(), &seen).await.expect("unlocked");
            Some(sent(&server, 1)["answers"].clone())
        }
        _ => {
            assert_eq!(unlock.apply(&call(), &seen).await.expect_err("nothing to do").class, FaultClass::Invalid);
            None
        }
    };
    (seen.state, sent)
}

#[tokio::test]
async fn what_is_in_service_is_not_unlocked_again_and_nothing_goes_back_to_no_primary() {
    assert_eq!(found_again(open(), Some(&open())).await, (StepState::Done, None));
    assert_eq!(found_again(open(), None).await, (StepState::Done, None));
    let (standing, _) = found_again(locked(), Some(&locked())).await;
    assert!(matches!(standing, StepState::Blocked { .. }), "{standing:?}");
    let (_, sent) = found_again(locked(), Some(&open())).await;
    assert_eq!(sent, Some(open()["answers"].clone()));
}

#[tokio::test]
async fn without_a_record_the_primary_is_put_into_service_and_the_standby_left_as_it_is() {
    let (standing, sent) = found_again(locked(), None).await;
    assert_eq!((standing, sent), (StepState::Todo, Some(policy_document(false, false)["answers"].clone())));
}

#[test]
fn an_answer_that_was_made_for_the_lock_is_taken_away_again() {
    let pools = Pools::default();
    let mut original: Written = serde_json::from_value(open()).expect("a policy");
    original.answers.pop();
    let found = merged(&original, &pools, Some("192.0.2.99")).expect("locked").written;
    assert_eq!(found.answers.len(), 2);
    let restored = pools.restored(&found, &original).expect("a way back");
    assert_eq!((restored.written, restored.changed), (original, true));
}

#[test]
fn several_answers_of_a_site_are_turned_together_and_others_left_alone() {
    let answer = |name: &str, pool: &str| SteeringAnswer::new(name, "A", "192.0.2.1", pool);
    let answers = vec![
        answer("a", "primary"),
        answer("b", "primary"),
        answer("c", "secondary"),
        answer("d", "secondary"),
        answer("e", "x"),
    ];
    let merged =
        merged(&Written { answers, ..Written::default() }, &Pools::default(), Some("192.0.2.9")).expect("locked");
    let disabled: Vec<bool> = merged.written.answers.iter().map(SteeringAnswer::is_disabled).collect();
    assert_eq!(disabled, [true, true, false, false, false]);
    assert!(merged.written.answers.iter().all(|answer| answer.rdata() == "192.0.2.1"));
}

#[test]
fn sites_in_one_pool_cannot_be_told_apart() {
    let pools = Pools { primary: "one".to_owned(), secondary: "one".to_owned() };
    let answers = vec![SteeringAnswer::new("a", "A", "192.0.2.1", "one")];
    assert!(merged(&Written { answers, ..Written::default() }, &pools, None).is_err());
}

proptest! {
    /// Whatever the policy is, a lock leaves something to be answered with, and the way back restores what it turned.
    #[test]
    fn a_lock_leaves_an_answer_in_service_and_can_be_taken_back(
        answers in prop::collection::vec((prop::sample::select(vec!["primary", "secondary", "other"]), any::<bool>()), 0..6),
        standby in prop::option::of(Just("192.0.2.9")),
    ) {
        let answer = |(number, (pool, disabled)): (usize, &(&str, bool))| {
            let mut answer = SteeringAnswer::new(&format!("answer-{number}"), "A", "192.0.2.1", pool);
            answer.set_disabled(*disabled);
            answer
        };
        let found = Written { answers: answers.iter().enumerate().map(answer).collect(), ..Written::default() };
        let pools = Pools::default();
        if let Ok(Merged { written, .. }) = merged(&found, &pools, standby) {
            prop_assert!(written.answers.iter().any(|one| one.pool() == "secondary" && !one.is_disabled()));
            prop_assert!(written.answers.iter().all(|one| one.pool() != "primary" || one.is_disabled()));
            prop_assert_eq!(merged(&written, &pools, standby).map(|again| again.changed), Ok(false));
            if let Some(restored) = pools.restored(&written, &found) {
                let states = |of: &Written| of.answers.iter().map(SteeringAnswer::is_disabled).collect::<Vec<_>>();
                prop_assert_eq!(states(&restored.written), states(&found));
            }
        }
    }
}

#[tokio::test]
async fn a_transient_fault_is_worth_a_retry_and_a_missing_right_is_not() {
    for (reply, class) in [
        (Reply::error(429, "TooManyRequests"), FaultClass::Throttled),
        (Reply::error(503, "ServiceUnavailable"), FaultClass::Server),
        (Reply::error(401, "NotAuthenticated"), FaultClass::Denied),
        (Reply::error(404, "NotAuthorizedOrNotFound"), FaultClass::NotFound),
        (Reply::text(403, "<html>"), FaultClass::Server),
        (Reply::Hang, FaultClass::Timeout),
        (Reply::Cut, FaultClass::Connection),
    ] {
        let (lock, server) = lock(vec![reply]).await;
        assert_eq!(lock.observe(&call()).await.expect_err("a fault").class, class);
        assert_eq!(server.requests().len(), 1, "one call is one attempt");
    }
}
