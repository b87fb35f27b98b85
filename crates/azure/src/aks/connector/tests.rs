use futures_util::future::join_all;
use holdfast_core::Clock;
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;

use super::*;
use crate::testing::{NOW, Reply, Server, TestClock, arm_error, at, call};

fn cluster() -> Place {
    let id = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/aks";
    Place::LookedUp(ResourceId::parse(id, "Microsoft.ContainerService/managedClusters").expect("an id"))
}

fn pair() -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec!["ca".to_owned()]).expect("a name").self_signed(&key);
    (certificate.expect("a certificate").pem(), key.serialize_pem())
}

fn credentials(user: &str) -> Reply {
    let yaml = format!(
        "current-context: c\nclusters: [{{name: c, cluster: {{server: https://127.0.0.1:1, \
         certificate-authority-data: {}}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
         users: [{{name: u, user: {user}}}]\n",
        STANDARD.encode(pair().0)
    );
    Reply::json(200, &json!({"kubeconfigs": [{"name": "clusterUser", "value": STANDARD.encode(yaml)}]}))
}

fn by_certificate() -> Reply {
    let (certificate, key) = pair();
    let (certificate, key) = (STANDARD.encode(certificate), STANDARD.encode(key));
    credentials(&format!("{{client-certificate-data: {certificate}, client-key-data: {key}, token: t}}"))
}

fn by_entra() -> Reply {
    credentials("{exec: {command: kubelogin, args: [get-token, --server-id, the-app]}}")
}

async fn connector(replies: Vec<Reply>) -> (AksConnector, Server) {
    let server = Server::start(replies).await;
    (AksConnector::new(server.azure(), cluster(), None), server)
}

#[tokio::test]
async fn all_who_ask_at_once_share_one_look_up() {
    let (connector, server) = connector(vec![by_certificate()]).await;
    let call = call();
    let clients = join_all((0..4).map(|_| connector.client(&call))).await;
    assert!(clients.iter().all(Result::is_ok));
    let seen = server.requests();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].method, "POST");
    assert!(seen[0].path.ends_with("/managedClusters/aks/listClusterUserCredential?api-version=2024-09-01"));
    assert_eq!(server.token_requests().len(), 1, "a client certificate needs no token for the cluster");
}

#[tokio::test]
async fn entra_is_asked_for_a_token_made_out_to_the_application_of_the_kubeconfig() {
    let (connector, server) = connector(vec![by_entra()]).await;
    connector.client(&call()).await.expect("a client");
    connector.client(&call()).await.expect("a client");
    let asked: Vec<String> = server.token_requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked.len(), 2, "one for Resource Manager, one for the cluster: {asked:?}");
    assert!(asked[1].contains("resource=the-app"), "{asked:?}");
    assert_eq!(connector.token.token().expect("a token"), "TOKEN-1");
}

#[tokio::test]
async fn what_configuration_knows_is_not_looked_up() {
    let known = KnownCluster { endpoint: "https://127.0.0.1:6443".to_owned(), ca_data: STANDARD.encode(pair().0) };
    let server = Server::start(vec![]).await;
    let connector = AksConnector::new(server.azure(), Place::Known(known), None);
    assert!(connector.token.token().is_err(), "no token before anybody asked");
    connector.client(&call()).await.expect("a client");
    assert!(server.requests().is_empty());
    assert!(server.token_requests()[0].path.contains(SERVER_APPLICATION));
}

#[tokio::test]
async fn a_failed_look_up_is_not_remembered() {
    let (connector, _server) = connector(vec![arm_error(503, "ServiceUnavailable"), by_certificate()]).await;
    assert_eq!(connector.client(&call()).await.err().expect("down").class, FaultClass::Server);
    connector.client(&call()).await.expect("the second look-up succeeds");
}

#[tokio::test]
async fn what_cannot_be_used_is_said_without_a_quotation() {
    let none = Reply::json(200, &json!({"kubeconfigs": []}));
    let junk = Reply::json(200, &json!({"kubeconfigs": [{"name": "x", "value": STANDARD.encode("SECRET: [")}]}));
    for (reply, class) in [
        (none, FaultClass::Invalid),
        (junk, FaultClass::Invalid),
        (credentials("{token: SECRET}"), FaultClass::Invalid),
        (Reply::text(200, "SECRET"), FaultClass::Server),
        (arm_error(404, "ResourceNotFound"), FaultClass::NotFound),
        (arm_error(403, "AuthorizationFailed"), FaultClass::Denied),
        (Reply::Hang, FaultClass::Timeout),
    ] {
        let (connector, _server) = connector(vec![reply]).await;
        let fault = connector.client(&call()).await.err().expect("refused");
        assert_eq!(fault.class, class, "{fault}");
        assert!(!fault.message.contains("SECRET"), "{fault}");
    }
}

#[tokio::test]
async fn an_old_kubeconfig_is_renewed_and_stays_in_use_when_that_fails() {
    let replies = vec![by_certificate(), arm_error(503, "ServiceUnavailable"), by_entra()];
    let (connector, server) = connector(replies).await;
    let clock = TestClock::at(at(NOW));
    let call = Call { clock: Arc::clone(&clock) as Arc<dyn Clock>, deadline: at(NOW + 100_000), ..call() };
    for (second, looks) in [(0, 1), (3599, 1), (3600, 2), (7199, 2), (7200, 3)] {
        clock.set(at(NOW + second));
        connector.client(&call).await.expect("a client");
        assert_eq!(server.requests().len(), looks, "after {second} s");
    }
    assert_eq!(connector.token.token().expect("a token of Entra by now"), "TOKEN-1");
}

/// Sends a request that nobody answers: at the port of these kubeconfigs nobody listens.
async fn fail(client: &Client) {
    let request = http::Request::get("/version").body(Vec::new()).expect("a request");
    client.request_text(request).await.expect_err("nobody listens there");
}

#[tokio::test]
async fn a_place_that_cannot_be_reached_is_looked_up_again_once_in_ten_seconds() {
    let replies = vec![by_certificate(), arm_error(503, "ServiceUnavailable"), by_entra()];
    let (connector, server) = connector(replies).await;
    let clock = TestClock::at(at(NOW));
    let call = Call { clock: Arc::clone(&clock) as Arc<dyn Clock>, deadline: at(NOW + 100_000), ..call() };
    for (second, looks) in [(0, 1), (1, 2), (2, 2), (10, 2), (11, 3), (12, 3)] {
        clock.set(at(NOW + second));
        let client = connector.client(&call).await.expect("a client");
        assert_eq!(server.requests().len(), looks, "after {second} s");
        fail(&client).await;
    }
    assert!(connector.token.token().is_ok(), "the cluster of now wants tokens of Entra");
}

#[tokio::test]
async fn a_place_that_configuration_knows_is_left_alone_whatever_is_doubted() {
    let known = KnownCluster { endpoint: "https://127.0.0.1:1".to_owned(), ca_data: STANDARD.encode(pair().0) };
    let server = Server::start(vec![]).await;
    let connector = AksConnector::new(server.azure(), Place::Known(known), None);
    for _ in 0..3 {
        fail(&connector.client(&call()).await.expect("a client")).await;
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_token_that_the_cluster_refused_is_asked_for_anew_though_it_has_not_expired() {
    let (connector, server) = connector(vec![by_entra()]).await;
    for _ in 0..2 {
        connector.client(&call()).await.expect("a client");
    }
    assert_eq!((connector.token.token().expect("a token"), server.token_requests().len()), ("TOKEN-1".to_owned(), 2));
    connector.token.refused();
    for _ in 0..2 {
        connector.client(&call()).await.expect("a client");
    }
    assert_eq!((connector.token.token().expect("a token"), server.token_requests().len()), ("TOKEN-2".to_owned(), 3));
}
