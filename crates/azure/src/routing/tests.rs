use serde_json::{Value, json};

use super::*;
use crate::testing::{Reply, Server, arm_error, call, endpoint_document, primary};

struct Fit;

#[async_trait]
impl Standby for Fit {
    async fn fitness(&self, _call: &Call) -> Result<Readiness, Fault> {
        Ok(Readiness::default())
    }
}

fn secondary(status: &str) -> Value {
    let mut endpoint = endpoint_document(status, "Degraded");
    endpoint["name"] = "secondary".into();
    endpoint
}

fn profile(endpoints: &[Value]) -> Value {
    json!({"properties": {"profileStatus": "Enabled", "trafficRoutingMethod": "Priority", "endpoints": endpoints}})
}

async fn fitness(replies: Vec<Reply>, region: Option<&str>) -> (Readiness, Server) {
    let server = Server::start(replies).await;
    let primary_region = region.map(str::to_owned);
    let routing = WithRouting { inner: Arc::new(Fit), azure: server.azure(), primary: primary(), primary_region };
    (routing.fitness(&call()).await.expect("a fitness"), server)
}

fn level(fitness: &Readiness, name: &str) -> Level {
    fitness.checks.iter().find(|check| check.name == name).expect(name).level
}

#[tokio::test]
async fn a_degraded_standby_endpoint_is_as_it_should_be() {
    let document = profile(&[endpoint_document("Enabled", "Online"), secondary("Enabled")]);
    let (fitness, server) = fitness(vec![Reply::json(200, &document)], None).await;
    assert!(fitness.checks.iter().all(|check| check.level == Level::Good), "{fitness:?}");
    assert!(server.requests()[0].path.ends_with("/trafficManagerProfiles/tm?api-version=2022-04-01"));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_lock_after_which_no_name_would_resolve_is_worth_a_warning_and_no_refusal() {
    for others in [vec![], vec![secondary("Disabled")]] {
        let endpoints = [vec![endpoint_document("Enabled", "Online")], others].concat();
        let (fitness, _server) = fitness(vec![Reply::json(200, &profile(&endpoints))], None).await;
        assert_eq!(level(&fitness, "standby-endpoint"), Level::Warning);
        assert_eq!(fitness.errors().count(), 0, "{fitness:?}");
    }
}

#[tokio::test]
async fn an_answer_that_lists_no_endpoints_says_nothing_of_them() {
    let other =
        [json!({}), json!({"value": []}), json!({"properties": {}}), json!({"properties": {"endpoints": null}})];
    for document in other {
        let (fitness, _server) = fitness(vec![Reply::json(200, &document)], None).await;
        let standby = fitness.checks.iter().find(|check| check.name == "standby-endpoint").expect("a check");
        assert!(standby.level == Level::Warning && standby.found.starts_with("not known"), "{document}: {standby:?}");
        assert_eq!(fitness.errors().count(), 0, "{document}");
    }
}

#[tokio::test]
async fn a_primary_that_is_never_probed_is_worth_a_warning() {
    let mut always = endpoint_document("Enabled", "Unmonitored");
    always["properties"]["alwaysServe"] = "Enabled".into();
    let (fitness, _server) = fitness(vec![Reply::json(200, &profile(&[always, secondary("Enabled")]))], None).await;
    assert_eq!(level(&fitness, "primary-endpoint"), Level::Warning);
}

#[tokio::test]
async fn another_routing_method_and_a_missing_primary_are_worth_a_warning() {
    let mut document = profile(&[secondary("Enabled")]);
    document["properties"]["trafficRoutingMethod"] = "Weighted".into();
    let (fitness, _server) = fitness(vec![Reply::json(200, &document)], None).await;
    assert_eq!(level(&fitness, "traffic-manager"), Level::Warning);
    assert_eq!(level(&fitness, "primary-endpoint"), Level::Warning);
}

#[tokio::test]
async fn not_knowing_holds_no_failover_back() {
    for reply in [arm_error(503, "ServiceUnavailable"), Reply::Hang, arm_error(403, "AuthorizationFailed")] {
        let (fitness, _server) = fitness(vec![reply], None).await;
        assert_eq!(level(&fitness, "traffic-manager"), Level::Warning);
        assert_eq!(fitness.errors().count(), 0);
    }
}

#[tokio::test]
async fn a_profile_that_goes_down_with_the_primary_is_worth_a_warning() {
    for (location, expected) in [("eastus", Level::Warning), ("westus2", Level::Good)] {
        let server = Server::start(vec![Reply::json(200, &json!({"location": location}))]).await;
        let primary_region = Some("East US".to_owned());
        let routing = WithRouting { inner: Arc::new(Fit), azure: server.azure(), primary: primary(), primary_region };
        assert_eq!(routing.group(&call()).await.expect("a check").level, expected, "{location}");
        assert_eq!(server.requests()[0].path, "/subscriptions/s/resourceGroups/r?api-version=2021-04-01");
    }
}
