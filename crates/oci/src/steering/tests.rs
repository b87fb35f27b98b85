use super::*;
use crate::testing::{Reply, Server, call, policy_document, policy_place};

#[test]
fn addresses_are_compared_as_addresses_and_names_as_names() {
    for (one, other, same) in [
        ("192.0.2.10", " 192.0.2.10", true),
        ("2001:db8::1", "2001:0DB8:0:0::1", true),
        ("Ingest.example.com.", "ingest.example.com", true),
        ("192.0.2.10", "192.0.2.11", false),
        ("192.0.2.10", "192.0.2.10.", false),
    ] {
        assert_eq!(is_same_place(one, other), same, "{one} {other}");
    }
    assert_eq!(["192.0.2.1", "2001:db8::1", "lb.example"].map(rtype_of), ["A", "AAAA", "CNAME"]);
}

#[tokio::test]
async fn what_is_not_known_of_a_policy_is_put_back_as_it_was() {
    let mut document = policy_document(false, true);
    document["answers"][0]["somethingNew"] = json!({"a": 1});
    document["rules"][1]["cases"] = json!([{"caseCondition": "query.client.geoKey in (geokey '123')"}]);
    document["displayName"] = "not put back".into();
    let replies = vec![Reply::json(200, &document).with("etag", "\"v1\""), Reply::json(200, &document)];
    let server = Server::start(replies).await;
    let policies = Policies::new(server.oci(), policy_place());
    let policy = policies.get(&call()).await.expect("a policy");
    policies.put(&call(), &policy.etag, &policy.written).await.expect("written");
    let sent: Value = serde_json::from_str(&server.requests()[1].body).expect("JSON");
    for field in ["answers", "rules", "template", "ttl"] {
        assert_eq!(sent[field], document[field], "{field}");
    }
    assert_eq!(sent.as_object().expect("an object").len(), 4);
}

#[tokio::test]
async fn after_a_region_that_cannot_be_reached_the_next_attempt_asks_another() {
    let found = || Reply::json(200, &policy_document(false, true)).with("etag", "e");
    let replies =
        vec![Reply::Cut, found(), found(), Reply::error(404, "NotAuthorizedOrNotFound"), Reply::text(502, ""), found()];
    let server = Server::start(replies).await;
    let policies = Policies::new(server.oci(), policy_place());
    for ends_well in [false, true, true, false, false, true] {
        assert_eq!(policies.get(&call()).await.is_ok(), ends_well);
    }
    let regions: Vec<String> =
        server.requests().iter().map(|seen| seen.path.split('/').nth(1).unwrap_or_default().to_owned()).collect();
    assert_eq!(
        regions,
        ["us-chicago-1", "us-phoenix-1", "us-phoenix-1", "us-phoenix-1", "us-phoenix-1", "us-chicago-1"]
    );
}

#[tokio::test]
async fn a_success_that_holds_no_policy_or_no_version_is_not_believed() {
    for body in ["{}", "[]", "", "<html>", "{\"lifecycleState\":\"ACTIVE\"}", "{\"lifecycleState\":1,\"answers\":[]}"] {
        let server = Server::start(vec![Reply::text(200, body).with("etag", "e")]).await;
        let fault = Policies::new(server.oci(), policy_place()).get(&call()).await.expect_err(body);
        assert_eq!(fault.class, FaultClass::Server, "{body}");
    }
    let server = Server::start(vec![Reply::json(200, &policy_document(false, true))]).await;
    let fault = Policies::new(server.oci(), policy_place()).get(&call()).await.expect_err("no ETag");
    assert!(fault.message.contains("ETag"), "{fault}");
}
