//! The managed identity's endpoint, as App Service and Functions give it to a process (docs/reference/azure.md#managed-identity).

use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body;
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::request::query_of;
use super::token::{AKS_AUDIENCE, Issuer};
use super::{CLIENT_ID, PRINCIPAL_ID, json_answer};
use crate::gate::{Gate, Refusal};
use crate::net::{Cut, Handler};
use crate::time;

/// The version of this endpoint.
const VERSION: &str = "2019-08-01";
/// What tokens can be asked for; anything else is refused, as an audience that the tenant does not know.
const RESOURCES: [&str; 5] = [
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://storage.azure.com",
    AKS_AUDIENCE,
    "https://metrics.monitor.azure.com",
];

/// The identity. Clones share it.
#[derive(Clone)]
pub struct Identity {
    issuer: Issuer,
    secret: Arc<Mutex<Secret>>,
}

#[derive(Default)]
struct Secret {
    /// The header's value for the process that runs now; older ones are refused.
    header: String,
    /// Number of the process, which names the session.
    process: u64,
}

impl Identity {
    pub(crate) fn new(issuer: Issuer) -> Self {
        Self { issuer, secret: Arc::default() }
    }

    fn secret(&self) -> MutexGuard<'_, Secret> {
        self.secret.lock().expect("no code panics while it holds this lock")
    }

    /// A new value for the header, for a process about to be started. The earlier one no longer works.
    pub fn rotate(&self) -> String {
        let mut secret = self.secret();
        secret.process += 1;
        secret.header = format!("HOLDFAST-SIMULATED-IDENTITY-{}", secret.process);
        secret.header.clone()
    }

    /// The tenant's token service.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The endpoint, behind the gate as `msi:token`.
    pub(crate) fn handler(&self, gate: Gate) -> Handler {
        let identity = self.clone();
        Arc::new(move |request| {
            let (identity, gate) = (identity.clone(), gate.clone());
            Box::pin(async move { identity.handle(&gate, request.into_parts().0).await })
        })
    }

    async fn handle(&self, gate: &Gate, request: Parts) -> Result<Response<Body>, Cut> {
        let refuse = |refusal: Refusal| answer(refusal.status, &error(refusal.status, &refusal.code));
        let session = format!("process-{}", self.secret().process);
        let effect = async {
            match self.token(&request, &session) {
                Ok(token) => answer(StatusCode::OK, &token),
                Err((status, message)) => answer(status, &error(status, message)),
            }
        };
        gate.pass("msi:token", Some(&session), refuse, effect).await
    }

    fn token(&self, request: &Parts, session: &str) -> Result<Value, (StatusCode, &'static str)> {
        let query = query_of(&request.uri);
        let given = request.headers.get("x-identity-header").and_then(|value| value.to_str().ok());
        if request.uri.path() != "/msi/token" || request.method != http::Method::GET {
            return Err((StatusCode::NOT_FOUND, "No such path."));
        }
        if given.is_none_or(|given| given != self.secret().header || given.is_empty()) {
            return Err((StatusCode::UNAUTHORIZED, "The X-IDENTITY-HEADER is missing or wrong."));
        }
        if query.get("api-version").map(String::as_str) != Some(VERSION) {
            return Err((StatusCode::BAD_REQUEST, "The api-version is missing or not supported."));
        }
        let named = [("client_id", CLIENT_ID), ("principal_id", PRINCIPAL_ID), ("object_id", PRINCIPAL_ID)];
        if named.iter().any(|(name, known)| query.get(*name).is_some_and(|value| value != known)) {
            return Err((
                StatusCode::BAD_REQUEST,
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
            ));
        }
        let resource = query.get("resource").map(String::as_str).unwrap_or_default();
        if !RESOURCES.contains(&resource.trim_end_matches('/')) {
            return Err((StatusCode::BAD_REQUEST, "The resource principal was not found in the tenant."));
        }
        let (token, expires) = self.issuer.issue(PRINCIPAL_ID, CLIENT_ID, resource, session, time::now());
        // A number here breaks the official client (docs/reference/azure.md#managed-identity); the platform sends text.
        Ok(json!({
            "access_token": token, "expires_on": expires.as_second().to_string(), "resource": resource,
            "token_type": "Bearer", "client_id": CLIENT_ID.to_uppercase(),
        }))
    }
}

fn error(status: StatusCode, message: &str) -> Value {
    json!({"statusCode": status.as_u16(), "message": message})
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    json_answer(status, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(identity: &Identity, header: &str, query: &str) -> Result<Value, u16> {
        let request =
            http::Request::get(format!("http://localhost/msi/token?{query}")).header("x-identity-header", header);
        let request = request.body(()).expect("request").into_parts().0;
        identity.token(&request, "s").map_err(|(status, _)| status.as_u16())
    }

    const GOOD: &str = "api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com";

    #[test]
    fn the_expiry_is_text_and_the_header_is_that_of_the_running_process() {
        let identity = Identity::new(Issuer::new(1));
        let first = identity.rotate();
        let token = ask(&identity, &first, GOOD).expect("a token");
        assert!(token["expires_on"].as_str().is_some_and(|text| text.parse::<i64>().is_ok()));
        let second = identity.rotate();
        assert_eq!(ask(&identity, &first, GOOD), Err(401));
        assert!(ask(&identity, &second, GOOD).is_ok());
    }

    #[test]
    fn a_wrong_version_identity_or_resource_is_refused() {
        let identity = Identity::new(Issuer::new(1));
        let header = identity.rotate();
        for query in [
            "api-version=2017-09-01&resource=https://management.azure.com",
            "api-version=2019-08-01",
            "api-version=2019-08-01&resource=https://example.com",
            "api-version=2019-08-01&resource=https://management.azure.com&client_id=somebody",
        ] {
            assert_eq!(ask(&identity, &header, query), Err(400), "{query}");
        }
        assert!(ask(&identity, &header, &format!("{GOOD}&client_id={CLIENT_ID}")).is_ok());
    }
}
