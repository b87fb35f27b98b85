//! The steering policy as the world's traffic control: its document, its versions, and what the name servers answer by (docs/reference/oci.md#steering-policies).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::OciError;
use super::rules;
use super::{COMPARTMENT_ID, MONITOR_ID, POLICY_ID};
use crate::conditions::Site;
use crate::time::{Pace, plus};
use crate::world::{
    Checkers, Checks, HealthCheckConfig, Judging, Lock, PRIMARY_ADDRESS, STANDBY_ADDRESS, TrafficControl, Watched,
};

/// The pool of the primary's answers.
pub(crate) const PRIMARY_POOL: &str = "primary";
/// The pool of the standby's.
pub(crate) const SECONDARY_POOL: &str = "secondary";

/// Simulated seconds for which an update is under way. What states it really goes through is not documented; some seconds with
/// `UPDATING` are the harder case.
const UPDATING_S: f64 = 6.0;

/// How Health Checks judges a target: each vantage point reports for itself, and half of them are a verdict.
pub(crate) const JUDGING: Judging = Judging { verdict, samples };

fn verdict(checkers: &Checkers, config: &HealthCheckConfig) -> bool {
    let (good, all) = checkers.count(config);
    good * 2 >= all
}

/// A monitor that is switched off emits nothing.
fn samples(watched: &Watched) -> Vec<f64> {
    let config = &watched.check.config;
    let reporting = watched.checkers.reporting(config).filter(|_| !config.disabled);
    reporting.map(|checker| if checker.healthy { 1.0 } else { 0.0 }).collect()
}

/// What an update replaces.
#[derive(Debug, Clone, PartialEq)]
struct Written {
    display_name: String,
    ttl: u64,
    template: String,
    monitor: Option<String>,
    answers: Vec<Value>,
    rules: Vec<Value>,
}

/// The policy.
#[derive(Debug, Clone)]
pub(crate) struct SteeringPolicy {
    written: Written,
    /// What the name servers answer by until the update has come to its end, and when that is.
    pending: Option<(Written, Timestamp)>,
    version: u64,
    /// How often the API has written it.
    writes: u64,
    updating: Duration,
    created: Timestamp,
}

impl SteeringPolicy {
    /// The policy as Terraform leaves it: the primary in service and the standby not, chosen by FILTER, PRIORITY and LIMIT.
    pub(crate) fn new(now: Timestamp, pace: Pace) -> Self {
        let answer = |name: &str, rdata: &str, pool: &str, disabled: bool| json!({"name": name, "rtype": "A", "rdata": rdata, "pool": pool, "isDisabled": disabled});
        let condition =
            |pool: &str, value: u64| json!({"answerCondition": format!("answer.pool == '{pool}'"), "value": value});
        let keep = json!({"answerCondition": "answer.isDisabled != true", "shouldKeep": true});
        let written = Written {
            display_name: "logscale-global".to_owned(),
            ttl: 60,
            template: "CUSTOM".to_owned(),
            monitor: None,
            answers: vec![
                answer("primary-ingest", PRIMARY_ADDRESS, PRIMARY_POOL, false),
                answer("secondary-ingest", STANDBY_ADDRESS, SECONDARY_POOL, true),
            ],
            rules: vec![
                json!({"ruleType": "FILTER", "defaultAnswerData": [keep]}),
                json!({"ruleType": "PRIORITY", "defaultAnswerData": [condition(PRIMARY_POOL, 1), condition(SECONDARY_POOL, 99)]}),
                json!({"ruleType": "LIMIT", "defaultCount": 1}),
            ],
        };
        Self { written, pending: None, version: 1, writes: 0, updating: pace.seconds(UPDATING_S), created: now }
    }

    /// The version, with its quotes.
    pub(crate) fn etag(&self) -> String {
        format!("\"{}-simulated\"", self.version)
    }

    /// Whether an update is under way.
    pub(crate) fn is_updating(&self, now: Timestamp) -> bool {
        self.pending.as_ref().is_some_and(|(_, until)| now < *until)
    }

    /// `SteeringPolicy` of the API.
    pub(crate) fn document(&self, now: Timestamp) -> Value {
        let Written { display_name, ttl, template, monitor, answers, rules } = &self.written;
        json!({
            "id": POLICY_ID, "self": format!("/20180115/steeringPolicies/{POLICY_ID}"), "compartmentId": COMPARTMENT_ID,
            "displayName": display_name, "ttl": ttl, "template": template, "healthCheckMonitorId": monitor,
            "answers": answers, "rules": rules, "freeformTags": {}, "definedTags": {}, "timeCreated": self.created.to_string(),
            "lifecycleState": if self.is_updating(now) { "UPDATING" } else { "ACTIVE" },
        })
    }

    /// One update with what the caller sent; `if_match` is its precondition, if it has one.
    pub(crate) fn update(&mut self, sent: &Value, if_match: Option<&str>, now: Timestamp) -> Result<(), OciError> {
        if if_match.is_some_and(|etag| etag != self.etag()) {
            return Err(OciError::new(412, "NoEtagMatch", "The etag does not match the current one of the resource."));
        }
        if self.is_updating(now) {
            return Err(OciError::new(409, "IncorrectState", "The steering policy is UPDATING."));
        }
        let next = merged(&self.written, sent.as_object().ok_or_else(|| OciError::invalid("the body is no object"))?)?;
        self.writes += 1;
        self.replace(next, plus(now, self.updating));
        Ok(())
    }

    fn replace(&mut self, next: Written, until: Timestamp) {
        self.version += 1;
        let before = std::mem::replace(&mut self.written, next);
        self.pending = Some((before, until));
    }

    /// How the primary's answers stand, as a sentence.
    pub(crate) fn describe(&self) -> String {
        let state = |pool: &str| {
            let mut of_pool = self.written.answers.iter().filter(|answer| answer["pool"] == pool);
            if of_pool.all(|answer| answer["isDisabled"] == true) { "disabled" } else { "in service" }
        };
        format!("the pool primary is {}, the pool secondary {}", state(PRIMARY_POOL), state(SECONDARY_POOL))
    }

    pub(crate) fn is_locked(&self) -> bool {
        let mut primary = self.written.answers.iter().filter(|answer| answer["pool"] == PRIMARY_POOL);
        primary.all(|answer| answer["isDisabled"] == true)
    }
}

impl TrafficControl for SteeringPolicy {
    fn answer(&self, verdict: &dyn Fn(&str) -> bool, now: Timestamp) -> Option<Site> {
        let written = match &self.pending {
            Some((before, until)) if now < *until => before,
            _ => &self.written,
        };
        // The only target of the monitor is the primary; what is not monitored counts as up.
        let up = |answer: &Value| site(answer) != Some(Site::Primary) || verdict(MONITOR_ID);
        let healthy = |answer: &Value| written.monitor.is_none() || up(answer);
        rules::chosen(&written.answers, &written.rules, &healthy).first().and_then(|answer| site(answer))
    }

    fn lock(&self, _: &Checks) -> Lock {
        Lock { on: self.is_locked(), summary: self.describe(), writes: self.writes }
    }

    fn switch_by_hand(&mut self, _: &mut Checks, locked: bool, now: Timestamp) {
        let mut next = self.written.clone();
        for answer in &mut next.answers {
            answer["isDisabled"] = ((answer["pool"] == PRIMARY_POOL) == locked).into();
        }
        self.replace(next, now);
    }
}

fn site(answer: &Value) -> Option<Site> {
    match answer["rdata"].as_str()? {
        PRIMARY_ADDRESS => Some(Site::Primary),
        STANDBY_ADDRESS => Some(Site::Standby),
        _ => None,
    }
}

/// What is stored after an update: lists are replaced whole, what is not sent stays.
fn merged(before: &Written, sent: &Map<String, Value>) -> Result<Written, OciError> {
    let mut next = before.clone();
    for (name, value) in sent {
        let wrong = || OciError::invalid(&format!("{name} has another type"));
        match name.as_str() {
            "displayName" => next.display_name = value.as_str().ok_or_else(wrong)?.to_owned(),
            "ttl" => next.ttl = value.as_u64().filter(|ttl| (1..=604_800).contains(ttl)).ok_or_else(wrong)?,
            "template" => next.template = value.as_str().ok_or_else(wrong)?.to_owned(),
            "healthCheckMonitorId" => next.monitor = value.as_str().map(str::to_owned),
            "answers" => next.answers = value.as_array().ok_or_else(wrong)?.clone(),
            "rules" => next.rules = value.as_array().ok_or_else(wrong)?.clone(),
            "freeformTags" | "definedTags" | "scope" => {}
            _ => return Err(OciError::invalid(&format!("{name} is no field of UpdateSteeringPolicyDetails"))),
        }
    }
    if next.answers.is_empty() {
        return Err(OciError::invalid("a policy has at least one answer"));
    }
    rules::check_answers(&next.answers)?;
    rules::check_rules(&next.template, &next.answers, &next.rules)?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_767_225_600_000 + ms).expect("time")
    }

    fn policy() -> SteeringPolicy {
        SteeringPolicy::new(at(0), Pace::new(1.0))
    }

    fn locked(policy: &SteeringPolicy) -> Value {
        let mut answers = policy.written.answers.clone();
        (answers[0]["isDisabled"], answers[1]["isDisabled"]) = (true.into(), false.into());
        json!({ "answers": answers })
    }

    fn answer(policy: &SteeringPolicy, ms: i64) -> Option<Site> {
        policy.answer(&|_| true, at(ms))
    }

    #[test]
    fn an_update_takes_its_time_and_the_name_servers_answer_as_before_meanwhile() {
        let mut policy = policy();
        policy.update(&locked(&policy), Some(&policy.etag()), at(0)).expect("stored");
        assert_eq!((answer(&policy, 1), policy.is_locked()), (Some(Site::Primary), true));
        assert_eq!(policy.document(at(1))["lifecycleState"], "UPDATING");
        assert_eq!(answer(&policy, 6001), Some(Site::Standby));
        assert_eq!(policy.document(at(6001))["lifecycleState"], "ACTIVE");
    }

    #[test]
    fn a_version_that_is_past_is_412_and_an_update_that_runs_409() {
        let mut policy = policy();
        let (first, body) = (policy.etag(), locked(&policy));
        policy.update(&body, Some(&first), at(0)).expect("stored");
        let refused = |policy: &mut SteeringPolicy, etag: &str, ms| {
            policy.update(&body, Some(etag), at(ms)).expect_err("no").status
        };
        let second = policy.etag();
        assert_eq!(refused(&mut policy, &first, 7000), 412);
        assert_eq!(refused(&mut policy, &second, 1), 409);
        assert!(policy.update(&body, Some(&second), at(7000)).is_ok());
        assert_eq!(policy.writes, 2);
    }

    #[test]
    fn what_is_not_sent_stays_and_lists_are_replaced_whole() {
        let mut policy = policy();
        policy.update(&json!({"ttl": 30}), None, at(0)).expect("stored");
        assert_eq!((policy.document(at(0))["ttl"].as_u64(), policy.written.answers.len()), (Some(30), 2));
        let one = json!({"answers": [policy.written.answers[1]]});
        policy.update(&one, None, at(9000)).expect("stored");
        assert_eq!(policy.written.answers.len(), 1);
        assert_eq!(policy.update(&json!({"answers": []}), None, at(20_000)).expect_err("none").status, 400);
        assert_eq!(policy.update(&json!({"anwsers": []}), None, at(20_000)).expect_err("none").status, 400);
    }

    #[test]
    fn a_person_switches_at_once_and_that_is_another_version() {
        let mut policy = policy();
        let etag = policy.etag();
        policy.switch_by_hand(&mut Checks::new(), true, at(5));
        assert_eq!((answer(&policy, 5), policy.is_locked()), (Some(Site::Standby), true));
        assert_ne!(policy.etag(), etag);
        policy.switch_by_hand(&mut Checks::new(), false, at(6));
        assert_eq!((answer(&policy, 6), policy.writes), (Some(Site::Primary), 0));
    }
}
