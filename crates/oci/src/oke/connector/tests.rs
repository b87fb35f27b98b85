use futures_util::future::join_all;

use super::*;
use crate::testing::{NOW, Reply, Server, at, call, clock_at};

struct NoToken;

impl TokenSource for NoToken {
    fn token(&self) -> Result<String, Fault> {
        Ok("t".to_owned())
    }
}

fn ca() -> String {
    let key = rcgen::generate_simple_self_signed(vec!["ca".to_owned()]).expect("a certificate");
    STANDARD.encode(key.cert.pem())
}

fn place() -> Place {
    Place {
        cluster: Ocid::parse("ocid1.cluster.oc1.us-chicago-1.aaaatestcluster").expect("an id"),
        region: "us-chicago-1".to_owned(),
        order: EndpointKind::ORDER.to_vec(),
        endpoint: None,
        ca_base64: None,
    }
}

fn known() -> Place {
    Place { endpoint: Some("127.0.0.1:1".to_owned()), ca_base64: Some(ca()), ..place() }
}

fn described(state: &str, port: u16) -> Reply {
    let endpoints = json!({"kubernetes": "", "publicEndpoint": null, "privateEndpoint": format!("127.0.0.1:{port}")});
    Reply::json(200, &json!({"id": "c", "name": "dr", "lifecycleState": state, "endpoints": endpoints}))
}

fn kubeconfig() -> Reply {
    let yaml = format!(
        "---\nkind: \"\"\nclusters:\n- name: c\n  cluster:\n    server: https://127.0.0.1:1\n    \
         certificate-authority-data: {}\nusers: []\n",
        ca()
    );
    Reply::text(200, &yaml)
}

async fn connector(replies: Vec<Reply>, place: Place) -> (OkeConnector, Server) {
    let server = Server::start(replies).await;
    (OkeConnector::new(server.oci(), place, Arc::new(NoToken)), server)
}

/// A request to a cluster at which nobody listens.
async fn reach(connector: &OkeConnector, call: &Call) {
    let client = connector.client(call).await.expect("a client");
    let request = http::Request::get("/version").body(Vec::new()).expect("a request");
    client.request_text(request).await.expect_err("nobody listens there");
}

#[tokio::test]
async fn all_who_ask_at_once_share_one_look_up() {
    let (connector, server) = connector(vec![described("ACTIVE", 1), kubeconfig()], place()).await;
    let call = call();
    let clients = join_all((0..4).map(|_| connector.client(&call))).await;
    assert!(clients.iter().all(Result::is_ok));
    let seen = server.requests();
    let path = "/us-chicago-1/20180222/clusters/ocid1.cluster.oc1.us-chicago-1.aaaatestcluster";
    assert_eq!((seen.len(), seen[0].method.as_str(), seen[0].path.as_str()), (2, "GET", path));
    assert_eq!(
        (seen[1].method.as_str(), seen[1].path.as_str()),
        ("POST", format!("{path}/kubeconfig/content").as_str())
    );
    assert_eq!(seen[1].headers["accept"], "application/x-yaml");
    assert_eq!(seen[1].body, "{\"endpoint\":\"PRIVATE_ENDPOINT\",\"tokenVersion\":\"2.0.0\"}");
}

#[tokio::test]
async fn what_configuration_knows_is_not_asked_for() {
    let with_ca = Place { endpoint: None, ..known() };
    let with_endpoint = Place { ca_base64: None, order: vec![EndpointKind::Public], ..known() };
    for (place, replies, calls) in
        [(known(), vec![], 0), (with_ca, vec![described("ACTIVE", 1)], 1), (with_endpoint, vec![kubeconfig()], 1)]
    {
        let (connector, server) = connector(replies, place).await;
        reach(&connector, &call()).await;
        assert_eq!(server.requests().len(), calls);
    }
}

#[tokio::test]
async fn a_failed_look_up_is_not_remembered() {
    let down = Reply::error(503, "ServiceUnavailable");
    let (connector, _server) = connector(vec![down, described("UPDATING", 1), kubeconfig()], place()).await;
    assert_eq!(connector.client(&call()).await.err().expect("down").class, FaultClass::Server);
    connector.client(&call()).await.expect("the second look-up succeeds");
}

#[tokio::test]
async fn a_doubted_place_is_looked_up_once_in_ten_seconds_and_stays_in_use_while_oke_is_silent() {
    let replies = vec![described("ACTIVE", 1), kubeconfig(), Reply::Cut, described("ACTIVE", 2), kubeconfig()];
    let (connector, server) = connector(replies, place()).await;
    let clock = clock_at(NOW);
    let call = Call { clock: clock.clone(), deadline: Timestamp::MAX, ..call() };
    for (second, calls) in [(0, 2), (1, 3), (2, 3), (10, 3), (11, 5), (12, 5)] {
        *clock.0.lock().expect("not poisoned") = at(NOW + second);
        reach(&connector, &call).await;
        assert_eq!(server.requests().len(), calls, "after {second} s");
    }
    let kept = connector.connected.lock().await.as_ref().map(|kept| kept.found.endpoint.clone());
    assert_eq!(kept.as_deref(), Some("https://127.0.0.1:2"));
}

#[tokio::test]
async fn a_place_that_configuration_knows_is_left_alone_whatever_is_doubted() {
    let (connector, server) = connector(vec![], known()).await;
    for _ in 0..3 {
        reach(&connector, &call()).await;
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn what_cannot_be_used_is_a_fault_that_says_whether_it_may_pass() {
    for (replies, place, class) in [
        (vec![described("DELETING", 1)], place(), FaultClass::Invalid),
        (vec![Reply::error(404, "NotAuthorizedOrNotFound")], place(), FaultClass::NotFound),
        (vec![Reply::Hang], place(), FaultClass::Timeout),
        (vec![Reply::text(200, "<html>")], place(), FaultClass::Server),
        (vec![described("ACTIVE", 1), Reply::text(200, "<html>")], place(), FaultClass::Server),
        (vec![], Place { ca_base64: Some("%%%".to_owned()), ..known() }, FaultClass::Invalid),
        (vec![], Place { endpoint: Some("http://127.0.0.1:1".to_owned()), ..known() }, FaultClass::Invalid),
    ] {
        let (connector, _server) = connector(replies, place).await;
        let fault = connector.client(&call()).await.err().expect("connected to nothing");
        assert_eq!(fault.class, class, "{fault}");
    }
}
