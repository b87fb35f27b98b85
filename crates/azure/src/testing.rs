//! A server on loopback that stands for Resource Manager, storage and the identity endpoint, and what tests share.

use std::{collections::VecDeque, ops::Deref, sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request as Outgoing, Transport};
use holdfast_core::{Call, Timestamp, retry::RetryPolicy};
use holdfast_testkit::server;
pub(crate) use holdfast_testkit::{
    clock::{NEW_YEAR as NOW, TestClock, at},
    server::{Reply, Seen},
};
use serde_json::{Value, json};

use crate::{
    arm::{Azure, Credential, Options, PUBLIC},
    endpoint::{EndpointKind, EndpointName, PROFILE},
    resource::ResourceId,
};

/// Where the identity of a virtual machine is; without `IDENTITY_ENDPOINT` in a test's environment it is asked.
const IDENTITY: &str = "/metadata/identity/oauth2/token";

/// A call at [`NOW`] with a minute left and attempts of half a second.
pub(crate) fn call() -> Call {
    let retry = RetryPolicy { attempt_timeout: Duration::from_millis(500), ..RetryPolicy::default() };
    Call { clock: TestClock::at(at(NOW)), deadline: at(NOW + 60), retry }
}

/// The profile of the tests.
pub(crate) fn profile() -> ResourceId {
    let id = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/trafficManagerProfiles/tm";
    ResourceId::parse(id, PROFILE).expect("an id")
}

/// The primary's endpoint in it.
pub(crate) fn primary() -> EndpointName {
    EndpointName { profile: profile(), kind: EndpointKind::External, name: "primary".to_owned() }
}

/// An endpoint as Traffic Manager describes it.
pub(crate) fn endpoint_document(status: &str, probes: &str) -> Value {
    json!({
        "id": format!("{}/externalEndpoints/primary", profile()), "name": "primary",
        "type": "Microsoft.Network/trafficManagerProfiles/externalEndpoints",
        "properties": {
            "target": "192.0.2.10", "endpointStatus": status, "endpointMonitorStatus": probes, "priority": 1,
            "weight": 1, "endpointLocation": null, "alwaysServe": "Disabled",
        },
    })
}

/// An error of Resource Manager or storage.
pub(crate) fn arm_error(status: u16, code: &str) -> Reply {
    Reply::json(status, &json!({"error": {"code": code, "message": "said Azure"}}))
}

/// A token that lives for `seconds` from the real now on.
#[expect(clippy::disallowed_methods, reason = "azure_identity compares with the machine's clock")]
pub(crate) fn token_reply(token: &str, seconds: i64) -> Reply {
    let expires = (Timestamp::now().as_second() + seconds).to_string();
    Reply::json(200, &json!({"access_token": token, "expires_on": expires, "resource": "r", "token_type": "Bearer"}))
}

/// A scripted server in place of Azure. It gives its replies in order, then HTTP 500; tokens `TOKEN-0`, `TOKEN-1` ... where none are
/// scripted.
pub(crate) struct Server(server::Server);

impl Server {
    pub(crate) async fn start(replies: Vec<Reply>) -> Self {
        Self::with_tokens(replies, Vec::new()).await
    }

    pub(crate) async fn with_tokens(replies: Vec<Reply>, tokens: Vec<Reply>) -> Self {
        let (mut replies, mut tokens, mut number) = (VecDeque::from(replies), VecDeque::from(tokens), 0);
        let script = move |seen: &Seen| {
            if !is_for_a_token(seen) {
                return replies.pop_front().unwrap_or_else(|| Reply::text(500, "no reply left"));
            }
            number += 1;
            tokens.pop_front().unwrap_or_else(|| token_reply(&format!("TOKEN-{}", number - 1), 3600))
        };
        Self(server::Server::answering(script).await)
    }

    /// Clients whose every request ends here, over plain HTTP.
    pub(crate) fn azure(&self) -> Arc<Azure> {
        self.azure_as(None)
    }

    pub(crate) fn azure_as(&self, client_id: Option<&str>) -> Arc<Azure> {
        self.azure_by(Credential::Managed { client_id: client_id.map(str::to_owned) })
    }

    pub(crate) fn azure_by(&self, credential: Credential) -> Arc<Azure> {
        let options = Options {
            endpoint: "https://arm.test/".to_owned(),
            audience: PUBLIC.to_owned(),
            credential,
            proxies: holdfast_http::Proxies::default(),
        };
        let detour = Detour { port: self.port(), inner: crate::arm::plain_transport() };
        Arc::new(Azure::over(&options, Transport::new(Arc::new(detour))).expect("clients"))
    }

    /// The requests so far, without those for tokens.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.0.requests().into_iter().filter(|seen| !is_for_a_token(seen)).collect()
    }

    /// The requests for tokens.
    pub(crate) fn token_requests(&self) -> Vec<Seen> {
        self.0.requests().into_iter().filter(is_for_a_token).collect()
    }
}

impl Deref for Server {
    type Target = server::Server;

    fn deref(&self) -> &server::Server {
        &self.0
    }
}

fn is_for_a_token(seen: &Seen) -> bool {
    seen.path.starts_with(IDENTITY)
}

/// Sends every request to the server, whatever its address.
#[derive(Debug)]
struct Detour {
    port: u16,
    inner: Arc<dyn HttpClient>,
}

#[async_trait]
impl HttpClient for Detour {
    async fn execute_request(&self, request: &Outgoing) -> azure_core::Result<AsyncRawResponse> {
        let mut request = request.clone();
        let url = request.url_mut();
        url.set_scheme("http").expect("a scheme");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(self.port)).expect("a port");
        self.inner.execute_request(&request).await
    }
}
