//! The token endpoint of the tenant, for a client that has a secret (RFC 6749 4.4, as Entra speaks it): how a function on another
//! cloud comes to a token for Resource Manager.

use std::sync::Arc;

use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::request::decode;
use super::{CLIENT_ID, Issuer, PRINCIPAL_ID, json_answer};
use crate::gate::{Gate, Refusal};
use crate::net::{Cut, Handler};
use crate::time;

/// The secret of the function's application. It opens nothing but the simulator.
pub(crate) const CLIENT_SECRET: &str = "simulated~client~secret";

/// The function's application in the tenant.
pub(crate) struct AppRegistration {
    issuer: Issuer,
}

impl AppRegistration {
    pub(crate) fn new(issuer: Issuer) -> Self {
        Self { issuer }
    }

    /// The endpoint, behind the gate as `entra:token`.
    pub(crate) fn handler(self, gate: Gate) -> Handler {
        let registration = Arc::new(self);
        Arc::new(move |request| {
            let (registration, gate) = (registration.clone(), gate.clone());
            Box::pin(async move { registration.handle(&gate, request).await })
        })
    }

    async fn handle(&self, gate: &Gate, request: Request<Body>) -> Result<Response<Body>, Cut> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return Err(Cut) };
        let form = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        let refuse = |refusal: Refusal| error(refusal.status, "temporarily_unavailable", &refusal.code);
        let effect = async {
            let wanted = format!("/{}/oauth2/v2.0/token", self.issuer.tenant());
            if head.method != Method::POST || head.uri.path() != wanted {
                return error(StatusCode::NOT_FOUND, "invalid_request", "AADSTS900023: no such tenant or path.");
            }
            self.token(&form)
        };
        gate.pass("entra:token", None, refuse, effect).await
    }

    fn token(&self, form: &str) -> Response<Body> {
        let field = |name: &str| {
            let pair = form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            pair.map(|value| decode(&value.replace('+', " "))).unwrap_or_default()
        };
        let bad = |code, text| error(StatusCode::BAD_REQUEST, code, text);
        if field("grant_type") != "client_credentials" {
            return bad("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.");
        }
        if field("client_id") != CLIENT_ID {
            return bad("unauthorized_client", "AADSTS700016: Application was not found in the directory.");
        }
        if field("client_secret") != CLIENT_SECRET {
            let text = "AADSTS7000215: Invalid client secret provided.";
            return error(StatusCode::UNAUTHORIZED, "invalid_client", text);
        }
        let scope = field("scope");
        let Some(audience) = scope.strip_suffix("/.default") else {
            return bad("invalid_scope", "AADSTS1002012: The provided value for scope is not valid.");
        };
        let now = time::now();
        // No session: the token does not tell which process asked for it.
        let (token, expires) = self.issuer.issue(PRINCIPAL_ID, CLIENT_ID, audience, "", now);
        let seconds = expires.as_second() - now.as_second();
        let body = json!({
            "token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token,
        });
        json_answer(StatusCode::OK, &body)
    }
}

fn error(status: StatusCode, code: &str, description: &str) -> Response<Body> {
    let body: Value = json!({"error": code, "error_description": description, "error_codes": []});
    json_answer(status, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(form: &str) -> (u16, Value) {
        let answer = AppRegistration::new(Issuer::new(1)).token(form);
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("body").to_bytes();
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    #[tokio::test]
    async fn a_client_with_its_secret_gets_a_token_for_the_resource_it_names() {
        let form = format!(
            "grant_type=client_credentials&client_id={CLIENT_ID}&client_secret=simulated%7Eclient%7Esecret&scope=https%3A%2F%2Fmanagement.azure.com%2F.default"
        );
        let (status, body) = ask(&form).await;
        assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")));
        let token = body["access_token"].as_str().expect("a token");
        let bearer = Issuer::new(1).review(token, &["https://management.azure.com"], time::now()).expect("good");
        assert_eq!(bearer.principal, PRINCIPAL_ID);
        let (status, body) = ask(&form.replace("Esecret", "Eguess")).await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
        let (status, body) = ask(&form.replace("%2F.default", "")).await;
        assert_eq!((status, &body["error"]), (400, &json!("invalid_scope")));
    }
}
