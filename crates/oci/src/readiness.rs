//! Whether traffic can be moved and the clock ticks, as a part of the standby's fitness. Nothing of it holds a failover
//! back: a lock that cannot be set is owed, and says so itself.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault,
    evidence::{Check, Level, Readiness},
    fault::quoted,
    ports::Standby,
};
use serde::Deserialize;

use crate::{
    client::{Oci, Sent},
    endpoint::Service,
    live::Monitor,
    lock::Pools,
    steering::{Policies, PolicyPlace, SteeringPolicy},
    tick::TickAlarms,
};

const GET_MONITOR: &str = "healthchecks:GetHttpMonitor";

/// The standby's fitness with what OCI says of the way there.
pub struct WithSteering {
    inner: Arc<dyn Standby>,
    oci: Arc<Oci>,
    policies: Policies,
    watched: Looked,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The steering policy.
    pub place: PolicyPlace,
    /// The pools of both sites in it.
    pub pools: Pools,
    /// The primary's health check; none where its load balancer is watched.
    pub monitor: Option<Monitor>,
    /// The alarms that are the tick; none where the function does not run on OCI.
    pub ticks: Option<TickAlarms>,
}

impl WithSteering {
    /// `inner` and what `watched` names.
    pub fn new(inner: Arc<dyn Standby>, oci: Arc<Oci>, watched: Looked) -> Self {
        Self { inner, policies: Policies::new(Arc::clone(&oci), watched.place.clone()), oci, watched }
    }

    async fn policy(&self, call: &Call) -> Check {
        let (level, found) = match self.policies.get(call).await {
            Ok(policy) => judged(&policy, &self.watched.pools),
            Err(fault) => (Level::Warning, format!("unknown: {fault}")),
        };
        check("steering-policy", level, found)
    }

    async fn monitor(&self, call: &Call) -> Option<Check> {
        let Monitor { id, region, .. } = self.watched.monitor.as_ref()?;
        let sent = Sent::get(format!("/20180501/httpMonitors/{id}"));
        let answer = self.oci.ask(call, GET_MONITOR, Service::HealthChecks, region, sent).await;
        let (level, found) = match answer.and_then(|answer| answer.json::<HttpMonitor>()) {
            Ok(HttpMonitor { is_enabled: true }) => (Level::Good, "enabled".to_owned()),
            Ok(_) => (Level::Warning, "the health check is disabled: the primary's failure does not show".to_owned()),
            Err(fault) => (Level::Warning, format!("unknown: {fault}")),
        };
        Some(check("health-check", level, found))
    }

    async fn tick(&self, call: &Call) -> Option<Check> {
        let (level, found) = match self.watched.ticks.as_ref()?.look(call, &self.oci).await {
            Ok(judged) => judged,
            Err(fault) => (Level::Warning, format!("unknown: {fault}")),
        };
        Some(check("tick-alarm", level, found))
    }
}

#[async_trait]
impl Standby for WithSteering {
    async fn fitness(&self, call: &Call) -> Result<Readiness, Fault> {
        // What only supports a decision gets one attempt.
        let brief = &call.within(call.retry.attempt_timeout);
        let (fitness, policy, monitor, tick) =
            tokio::join!(self.inner.fitness(call), self.policy(brief), self.monitor(brief), self.tick(brief));
        let mut fitness = fitness?;
        fitness.checks.extend([Some(policy), monitor, tick].into_iter().flatten());
        Ok(fitness)
    }
}

/// A health check as far as it is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpMonitor {
    is_enabled: bool,
}

/// Whether the policy can be locked.
fn judged(policy: &SteeringPolicy, pools: &Pools) -> (Level, String) {
    let lacks = |pool: &str| !policy.written.answers.iter().any(|answer| answer.pool() == pool);
    if !matches!(policy.state.as_str(), "ACTIVE" | "UPDATING") {
        return (Level::Warning, format!("the policy is {}", quoted(&policy.state)));
    }
    if !policy.heeds_disabled() {
        let found = "no FILTER rule looks at answer.isDisabled: disabling an answer changes nothing".to_owned();
        return (Level::Warning, found);
    }
    match [&pools.primary, &pools.secondary].into_iter().find(|pool| lacks(pool)) {
        Some(pool) => (Level::Warning, format!("the policy has no answer in the pool {:?}", quoted(pool))),
        None => (Level::Good, "answers in both pools, and a FILTER on answer.isDisabled".to_owned()),
    }
}

pub(crate) fn check(name: &str, level: Level, found: String) -> Check {
    Check { name: name.to_owned(), level, found }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        ocid::Ocid,
        testing::{Reply, Server, call},
    };

    struct Fit;

    #[async_trait]
    impl Standby for Fit {
        async fn fitness(&self, _: &Call) -> Result<Readiness, Fault> {
            Ok(Readiness::default())
        }
    }

    fn id(kind: &str) -> Ocid {
        Ocid::parse(&format!("ocid1.{kind}.oc1..aaaa")).expect("an id")
    }

    /// The one check that is made when nothing but this is looked at.
    async fn seen(replies: Vec<Reply>, monitor: bool, alarm: bool) -> Vec<(String, Level)> {
        let server = Server::start(replies).await;
        let region = "us-chicago-1".to_owned();
        let monitor = monitor.then(|| Monitor { id: id("httpmonitor"), region: region.clone(), target: None });
        let named = vec!["holdfast-tick".to_owned()];
        let ticks = alarm.then(|| TickAlarms::new(region.clone(), Some(id("compartment")), named));
        let place = PolicyPlace::new(id("dnspolicy"), region, Vec::new());
        let looked = Looked { place, pools: Pools::default(), monitor, ticks };
        let fitness = WithSteering::new(Arc::new(Fit), server.oci(), looked).fitness(&call()).await.expect("a fitness");
        fitness.checks.into_iter().map(|check| (check.name, check.level)).collect()
    }

    async fn level(document: Value) -> Level {
        let reply = Reply::json(200, &document).with("etag", "\"1\"");
        seen(vec![reply], false, false).await.remove(0).1
    }

    fn policy(state: &str, pools: [&str; 2], rules: Value) -> Value {
        let answer = |pool: &&str| json!({"name": *pool, "rtype": "A", "rdata": "192.0.2.1", "pool": *pool});
        let answers: Vec<Value> = pools.iter().map(answer).collect();
        json!({"lifecycleState": state, "answers": answers, "rules": rules})
    }

    #[tokio::test]
    async fn a_policy_that_cannot_be_locked_is_told_beforehand_and_holds_nothing_back() {
        let both = ["primary", "secondary"];
        let filter =
            || json!([{"ruleType": "FILTER", "defaultAnswerData": [{"answerCondition": "answer.isDisabled != true"}]}]);
        assert_eq!(level(policy("ACTIVE", both, filter())).await, Level::Good);
        assert_eq!(level(policy("DELETED", both, filter())).await, Level::Warning);
        assert_eq!(level(policy("ACTIVE", ["primary", "other"], filter())).await, Level::Warning);
        assert_eq!(level(policy("ACTIVE", ["other", "secondary"], filter())).await, Level::Warning);
        assert_eq!(level(policy("ACTIVE", both, json!([{"ruleType": "PRIORITY"}]))).await, Level::Warning);
        let refused = seen(vec![Reply::error(404, "NotAuthorizedOrNotFound")], false, false).await;
        assert_eq!(refused, [("steering-policy".to_owned(), Level::Warning)]);
    }
}
