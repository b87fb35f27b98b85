//! From a cluster's name to a client for it.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_eks::types::{Cluster, ClusterStatus};
use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_core::{Call, Fault, FaultClass, Timestamp};
use holdfast_kubernetes::connect::{Access, Connector, KnownCluster, Watched, connect_watched};
use kube::Client;
use tokio::sync::Mutex;

use super::EksToken;
use crate::{fault::of_sdk, sdk::Sdk};

const CALL: &str = "eks:DescribeCluster";

/// Connects to one cluster and keeps the connection.
///
/// What configuration knows is used without a call; else EKS is asked by the first caller while the others wait for
/// it. A failure is not kept: the next caller asks again. A place that is in [`Doubt`](holdfast_kubernetes::Doubt) is
/// asked for again with the next request: a cluster of that name may have been made anew, elsewhere. While that cannot
/// be had, the old place stays in use.
pub struct EksConnector {
    sdk: Arc<Sdk>,
    cluster: String,
    known: Option<KnownCluster>,
    token: Arc<EksToken>,
    connected: Mutex<Option<Connected>>,
}

/// A connection that is kept.
struct Connected {
    watched: Watched,
    place: KnownCluster,
    /// When the place was last looked up because of a doubt.
    again: Option<Timestamp>,
}

impl EksConnector {
    /// A connector to `cluster`, with tokens from `token`, and without a look-up where `known` says where it is.
    pub fn new(sdk: Arc<Sdk>, cluster: impl Into<String>, known: Option<KnownCluster>, token: Arc<EksToken>) -> Self {
        Self { sdk, cluster: cluster.into(), known, token, connected: Mutex::new(None) }
    }

    fn connect(&self, place: KnownCluster) -> Result<Connected, Fault> {
        let ca_pem = STANDARD.decode(place.ca_data.trim()).map_err(|error| {
            Fault::new(FaultClass::Invalid, CALL, format!("the certificate authority is not base64: {error}"))
        })?;
        let access = Access { endpoint: place.endpoint.clone(), ca_pem, token: Arc::clone(&self.token) as _ };
        Ok(Connected { watched: connect_watched(access, &self.sdk.proxies)?, place, again: None })
    }

    /// Where the cluster is by now; the old place when that cannot be had.
    async fn again(&self, call: &Call, old: &mut Connected) {
        old.again = Some(call.clock.now());
        let found = match call.once(CALL, self.look_up()).await {
            Ok(place) if place == old.place => return,
            Ok(place) => self.connect(place),
            Err(fault) => Err(fault),
        };
        match found {
            Ok(new) => {
                tracing::warn!(endpoint = new.place.endpoint, "the cluster has another place by now");
                *old = Connected { again: old.again, ..new };
            }
            Err(fault) => {
                tracing::warn!(call = fault.call, "the cluster was not looked up again: {}", fault.message);
            }
        }
    }

    async fn look_up(&self) -> Result<KnownCluster, Fault> {
        let answer = self.sdk.eks.describe_cluster().name(&self.cluster).send().await;
        let answer = answer.map_err(|error| of_sdk(CALL, &error))?;
        let Some(cluster) = answer.cluster() else {
            return Err(Fault::new(FaultClass::Server, CALL, "the answer holds no cluster"));
        };
        locate(cluster)
    }
}

/// Where a usable cluster is.
fn locate(cluster: &Cluster) -> Result<KnownCluster, Fault> {
    let name = cluster.name().unwrap_or("the cluster");
    match cluster.status() {
        // A cluster that is being updated answers as before.
        None | Some(ClusterStatus::Active | ClusterStatus::Updating) => {}
        Some(other) => {
            let message = format!("{name} is {}; usable are ACTIVE and UPDATING", other.as_str());
            return Err(Fault::new(FaultClass::Invalid, CALL, message));
        }
    }
    let ca = cluster.certificate_authority().and_then(|authority| authority.data());
    let (Some(endpoint), Some(ca)) = (cluster.endpoint(), ca) else {
        return Err(Fault::new(
            FaultClass::Server,
            CALL,
            format!("{name} has no endpoint or no certificate authority yet"),
        ));
    };
    Ok(KnownCluster { endpoint: endpoint.to_owned(), ca_data: ca.to_owned() })
}

#[async_trait]
impl Connector for EksConnector {
    async fn client(&self, call: &Call) -> Result<Client, Fault> {
        let mut connected = self.connected.lock().await;
        self.token.prepare(call).await?;
        let kept = match connected.as_mut() {
            Some(kept) => {
                if self.known.is_none() && kept.watched.doubt.is_due(kept.again, call.clock.now()) {
                    self.again(call, kept).await;
                }
                kept
            }
            None => {
                let place = match &self.known {
                    Some(known) => known.clone(),
                    None => call.once(CALL, self.look_up()).await?,
                };
                connected.insert(self.connect(place)?)
            }
        };
        Ok(kept.watched.client.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use futures_util::future::join_all;
    use holdfast_kubernetes::connect::TokenSource;

    use super::*;
    use crate::{
        sdk::Role,
        testing::{NOW, Reply, Server, at, call, clock_at, environment, json_error, options, xml},
    };

    fn token(sdk: &Sdk) -> Arc<EksToken> {
        Arc::new(EksToken::new(sdk.credentials.clone(), "eu-west-1", "n", clock_at(NOW)))
    }

    fn ca() -> String {
        let key = rcgen::generate_simple_self_signed(vec!["ca".to_owned()]).expect("a certificate");
        STANDARD.encode(key.cert.pem())
    }

    fn described(status: &str) -> Reply {
        let body = format!(
            "{{\"cluster\":{{\"name\":\"n\",\"endpoint\":\"https://127.0.0.1:1\",\"status\":\"{status}\",\
             \"certificateAuthority\":{{\"data\":\"{}\"}},\"accessConfig\":{{\"authenticationMode\":\"API\"}}}}}}",
            ca()
        );
        Reply::of_type(200, "application/json", body)
    }

    async fn connector(answers: Vec<Reply>, known: Option<KnownCluster>) -> (EksConnector, Server) {
        let server = Server::start(answers).await;
        let sdk = Arc::new(server.sdk());
        let token = token(&sdk);
        (EksConnector::new(sdk, "n", known, token), server)
    }

    #[tokio::test]
    async fn all_who_ask_at_once_share_one_look_up() {
        let (connector, server) = connector(vec![described("ACTIVE")], None).await;
        let call = call();
        let clients = join_all((0..4).map(|_| connector.client(&call))).await;
        assert!(clients.iter().all(Result::is_ok));
        assert_eq!(server.requests().len(), 1);
        assert_eq!(server.requests()[0].path, "/clusters/n");
    }

    #[tokio::test]
    async fn what_configuration_knows_is_not_looked_up() {
        let known = KnownCluster { endpoint: "https://127.0.0.1:6443".to_owned(), ca_data: ca() };
        let (connector, server) = connector(vec![], Some(known)).await;
        connector.client(&call()).await.expect("a client");
        assert!(server.requests().is_empty());
    }

    fn given(id: &str, seconds: u64) -> Reply {
        let end = at(NOW) + Duration::from_secs(seconds);
        xml(&format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>{id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>{end:.0}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        ))
    }

    /// A connector to a known cluster under a role, and its token source.
    async fn under_a_role(answers: Vec<Reply>) -> (EksConnector, Arc<EksToken>, Server) {
        let server = Server::start(answers).await;
        let role =
            Role { arn: "arn:aws:iam::444455556666:role/dr".to_owned(), external_id: None, session: "f".to_owned() };
        let sdk = Arc::new(Sdk::under(&environment(&server.url()), &options(), role));
        let token = EksToken::new(sdk.credentials.clone(), "eu-west-1", "n", clock_at(NOW));
        let token = Arc::new(token.under(sdk.role.clone().expect("a role")));
        let known = KnownCluster { endpoint: "https://127.0.0.1:1".to_owned(), ca_data: ca() };
        (EksConnector::new(sdk, "n", Some(known), Arc::clone(&token)), token, server)
    }

    fn signer(token: &EksToken) -> String {
        let token = token.token().expect("a token");
        let url = URL_SAFE_NO_PAD.decode(token.trim_start_matches("k8s-aws-v1.")).expect("base64");
        let url = String::from_utf8(url).expect("text");
        url.split("X-Amz-Credential=").nth(1).and_then(|rest| rest.split('%').next()).expect("a key").to_owned()
    }

    #[tokio::test]
    async fn under_a_role_of_another_account_its_credentials_sign_the_token_and_are_asked_for_before_they_end() {
        let answers = vec![given("ASIAONE", 3600), given("ASIATWO", 7200), json_error(503, "ServiceUnavailable")];
        let (connector, token, server) = under_a_role(answers).await;
        assert!(token.token().is_err(), "our own credentials sign nothing");
        let clock = clock_at(NOW);
        let call = Call { clock: clock.clone(), deadline: Timestamp::MAX, ..call() };
        for (second, asked, by) in [(0, 1, "ASIAONE"), (3000, 1, "ASIAONE"), (3301, 2, "ASIATWO"), (7000, 3, "ASIATWO")]
        {
            clock.set(at(NOW + second));
            connector.client(&call).await.expect("a client");
            assert_eq!((server.requests().len(), signer(&token).as_str()), (asked, by), "after {second} s");
        }
    }

    #[tokio::test]
    async fn a_role_that_may_not_be_assumed_gives_no_client_and_the_reason() {
        let refusal =
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not yours</Message></Error></ErrorResponse>";
        let (connector, _, _server) = under_a_role(vec![Reply::of_type(403, "text/xml", refusal)]).await;
        let Err(fault) = connector.client(&call()).await else { panic!("a client") };
        assert_eq!((fault.class, fault.call), (FaultClass::Denied, "sts:AssumeRole"), "{fault}");
    }

    #[tokio::test]
    async fn a_failed_look_up_is_not_remembered() {
        let down = json_error(503, "ServiceUnavailableException");
        let (connector, _server) = connector(vec![down, described("UPDATING")], None).await;
        let Err(fault) = connector.client(&call()).await else { panic!("connected to nothing") };
        assert_eq!(fault.class, FaultClass::Server);
        connector.client(&call()).await.expect("the second look-up succeeds");
    }

    /// The case `cluster-recreated.json`: nobody listens at the ports that EKS names.
    #[tokio::test]
    async fn a_cluster_that_was_made_anew_is_looked_up_again_and_the_third_call_reaches_its_new_place() {
        let case: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/cases/cluster-recreated.json")).expect("JSON");
        let described = case["answers"].as_array().expect("answers").iter().map(|answer| {
            Reply::of_type(
                200,
                "application/json",
                answer.to_string().replace("<CA 1>", &ca()).replace("<CA 2>", &ca()),
            )
        });
        let (connector, server) = connector(described.collect(), None).await;
        let call = call();
        for looked_up in [1, 2, 2] {
            let client = connector.client(&call).await.expect("a client");
            assert_eq!(server.requests().len(), looked_up);
            let request = http::Request::get("/version").body(Vec::new()).expect("a request");
            client.request_text(request).await.expect_err("nobody listens there");
        }
        let kept = connector.connected.lock().await.as_ref().map(|kept| kept.place.endpoint.clone());
        assert_eq!(kept.as_deref(), Some("https://127.0.0.1:2"));
    }

    #[tokio::test]
    async fn a_doubted_place_is_looked_up_once_in_ten_seconds_and_stays_in_use_while_eks_is_silent() {
        let down = || json_error(503, "ServiceUnavailableException");
        let (connector, server) = connector(vec![described("ACTIVE"), down(), described("ACTIVE")], None).await;
        let clock = crate::testing::clock_at(crate::testing::NOW);
        let call = Call { clock: clock.clone(), deadline: Timestamp::MAX, ..call() };
        for (second, looked_up) in [(0, 1), (1, 2), (2, 2), (10, 2), (11, 3), (12, 3)] {
            clock.set(crate::testing::at(crate::testing::NOW + second));
            let client = connector.client(&call).await.expect("a client");
            assert_eq!(server.requests().len(), looked_up, "after {second} s");
            let request = http::Request::get("/version").body(Vec::new()).expect("a request");
            client.request_text(request).await.expect_err("nobody listens there");
        }
    }

    #[tokio::test]
    async fn a_place_that_configuration_knows_is_left_alone_whatever_is_doubted() {
        let known = KnownCluster { endpoint: "https://127.0.0.1:1".to_owned(), ca_data: ca() };
        let (connector, server) = connector(vec![], Some(known)).await;
        for _ in 0..3 {
            let client = connector.client(&call()).await.expect("a client");
            let request = http::Request::get("/version").body(Vec::new()).expect("a request");
            client.request_text(request).await.expect_err("nobody listens there");
        }
        assert!(server.requests().is_empty());
    }

    async fn refused(answer: Reply, known: Option<KnownCluster>) -> Fault {
        let (connector, _server) = connector(vec![answer], known).await;
        let Err(fault) = connector.client(&call()).await else { panic!("connected") };
        fault
    }

    #[tokio::test]
    async fn a_cluster_that_is_going_away_is_named_so() {
        let fault = refused(described("DELETING"), None).await;
        assert_eq!(fault.class, FaultClass::Invalid);
        assert!(fault.message.contains("DELETING"), "{fault}");
    }

    #[tokio::test]
    async fn an_unknown_cluster_is_not_found_and_a_silent_service_a_time_out() {
        let none = json_error(404, "ResourceNotFoundException");
        assert_eq!(refused(none, None).await.class, FaultClass::NotFound);
        assert_eq!(refused(Reply::Hang, None).await.class, FaultClass::Timeout);
    }

    #[tokio::test]
    async fn an_authority_that_cannot_be_read_is_a_fault_of_the_configuration() {
        let known = KnownCluster { endpoint: "https://127.0.0.1:6443".to_owned(), ca_data: "%%%".to_owned() };
        assert_eq!(refused(Reply::Cut, Some(known)).await.class, FaultClass::Invalid);
    }
}
