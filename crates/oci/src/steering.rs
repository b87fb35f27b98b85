//! A DNS steering policy: where it is asked for, how it is found, and how it is written.
//!
//! Answers and rules are kept as OCI wrote them: what is put back replaces the stored lists whole (docs/reference/oci.md#steering-policies), so a field
//! that is not known here must survive.

mod place;

use std::{
    net::IpAddr,
    sync::Arc,
    sync::atomic::{AtomicUsize, Ordering},
};

use holdfast_core::{Call, Fault, FaultClass, fault::quoted};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    client::{Answer, Oci, Sent},
    endpoint::Service,
    ocid::Ocid,
};
pub use place::PolicyPlace;

const GET: &str = "dns:GetSteeringPolicy";
pub(crate) const PUT: &str = "dns:UpdateSteeringPolicy";

/// One answer of a policy, as OCI wrote it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SteeringAnswer(Map<String, Value>);

impl SteeringAnswer {
    /// A new one, in service.
    pub(crate) fn new(name: &str, rtype: &str, rdata: &str, pool: &str) -> Self {
        let fields = [("name", name), ("rtype", rtype), ("rdata", rdata), ("pool", pool)];
        let mut answer: Map<String, Value> =
            fields.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
        answer.insert("isDisabled".to_owned(), false.into());
        Self(answer)
    }

    fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Its name, unique in the policy.
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// The pool that it is in.
    pub fn pool(&self) -> &str {
        self.text("pool")
    }

    /// The kind of record.
    pub fn rtype(&self) -> &str {
        self.text("rtype")
    }

    /// What it answers with.
    pub fn rdata(&self) -> &str {
        self.text("rdata")
    }

    /// True when no rule may choose it. Absent means false.
    pub fn is_disabled(&self) -> bool {
        self.0.get("isDisabled").and_then(Value::as_bool).unwrap_or(false)
    }

    /// True when it answers with `address`, however the service has written it.
    pub fn leads_to(&self, address: &str) -> bool {
        is_same_place(self.rdata(), address)
    }

    pub(crate) fn set_disabled(&mut self, disabled: bool) {
        self.0.insert("isDisabled".to_owned(), disabled.into());
    }

    pub(crate) fn set_rdata(&mut self, rdata: &str) {
        self.0.insert("rdata".to_owned(), rdata.into());
    }

    /// What was found, for the record.
    fn describe(&self) -> String {
        let state = if self.is_disabled() { "disabled" } else { "in service" };
        format!("{} ({}, pool {}): {state}", quoted(self.name()), quoted(self.rdata()), quoted(self.pool()))
    }
}

/// Addresses are compared as addresses, names without their last dot and in any case: the service rewrites both.
fn is_same_place(one: &str, other: &str) -> bool {
    match (one.trim().parse::<IpAddr>(), other.trim().parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), Err(_)) => {
            let name = |text: &str| text.trim().trim_end_matches('.').to_ascii_lowercase();
            name(one) == name(other)
        }
        _ => false,
    }
}

/// The kind of record that leads to `address`.
pub(crate) fn rtype_of(address: &str) -> &'static str {
    match address.trim().parse() {
        Ok(IpAddr::V4(_)) => "A",
        Ok(IpAddr::V6(_)) => "AAAA",
        Err(_) => "CNAME",
    }
}

/// What of a policy is put back with each update. Fields that are absent are not sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// `FAILOVER`, `CUSTOM` and others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
    /// What may be answered with.
    pub answers: Vec<SteeringAnswer>,
    /// How one is chosen, as OCI wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<Value>>,
}

/// A policy as it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct SteeringPolicy {
    /// The version of it, verbatim.
    pub etag: String,
    /// `ACTIVE`, `CREATING`, `UPDATING`, `DELETED` or `DELETING`.
    pub state: String,
    /// What an update replaces.
    pub written: Written,
}

/// The policy in OCI's words, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    lifecycle_state: String,
    answers: Vec<SteeringAnswer>,
    #[serde(default)]
    template: Option<String>,
    #[serde(default)]
    ttl: Option<u64>,
    #[serde(default)]
    rules: Option<Vec<Value>>,
}

impl SteeringPolicy {
    fn of(answer: &Answer) -> Result<Self, Fault> {
        let Document { lifecycle_state: state, answers, template, ttl, rules } = answer.json()?;
        Ok(Self { etag: answer.etag()?, state, written: Written { template, ttl, answers, rules } })
    }

    /// What was found, for the record; the first answers where there are many.
    pub fn describe(&self) -> String {
        const SHOWN: usize = 10;
        let answers = &self.written.answers;
        let mut shown: Vec<String> = answers.iter().take(SHOWN).map(SteeringAnswer::describe).collect();
        if answers.len() > SHOWN {
            shown.push(format!("and {} more", answers.len().saturating_sub(SHOWN)));
        }
        format!("steering policy {}: {}", quoted(&self.state), shown.join("; "))
    }

    /// True when a rule looks at whether an answer is disabled. Without one, disabling changes nothing (docs/reference/oci.md#steering-policies).
    pub fn heeds_disabled(&self) -> bool {
        let rules = self.written.rules.iter().flatten();
        let mut filters = rules.filter(|rule| rule.get("ruleType").and_then(Value::as_str) == Some("FILTER"));
        filters.any(|filter| filter.to_string().contains("isDisabled"))
    }
}

/// Reads and writes the one policy.
pub(crate) struct Policies {
    oci: Arc<Oci>,
    place: PolicyPlace,
    /// Which of the regions is asked. Steering is global, and any region's endpoint may be the one that is down.
    turn: AtomicUsize,
}

impl Policies {
    pub(crate) fn new(oci: Arc<Oci>, place: PolicyPlace) -> Self {
        Self { oci, place, turn: AtomicUsize::new(0) }
    }

    pub(crate) async fn get(&self, call: &Call) -> Result<SteeringPolicy, Fault> {
        SteeringPolicy::of(&self.ask(call, GET, Sent::get(self.path())).await?)
    }

    /// Replaces what is `written` where the policy is still at `etag`. The update may come about later: whoever reads
    /// the policy sees when.
    pub(crate) async fn put(&self, call: &Call, etag: &str, written: &Written) -> Result<(), Fault> {
        self.ask(call, PUT, Sent::put(self.path(), etag, &json!(written))).await.map(|_| ())
    }

    /// One attempt. After one that did not reach the service, the next attempt asks another region.
    async fn ask(&self, call: &Call, name: &'static str, sent: Sent) -> Result<Answer, Fault> {
        let turn = self.turn.load(Ordering::Relaxed);
        let result = self.oci.ask(call, name, Service::Dns, self.place.region(turn), sent).await;
        let elsewhere =
            |fault: &Fault| matches!(fault.class, FaultClass::Connection | FaultClass::Timeout | FaultClass::Server);
        if result.as_ref().is_err_and(elsewhere) {
            self.turn.store(turn.wrapping_add(1), Ordering::Relaxed);
        }
        result
    }

    fn path(&self) -> String {
        format!("/20180115/steeringPolicies/{}", self.place.policy())
    }

    pub(crate) fn policy(&self) -> &Ocid {
        self.place.policy()
    }
}

#[cfg(test)]
mod tests;
