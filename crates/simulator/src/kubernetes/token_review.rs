//! A TokenReview webhook, so that a real kube-apiserver takes the tokens that the function makes.
//!
//! Start kube-apiserver with `--authentication-token-webhook-config-file` (a kubeconfig that names this
//! router's address) and `--authentication-token-webhook-version v1`.

use std::sync::Arc;

use axum::extract::State;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::clock;
use super::token::{TokenPolicy, review};

/// A router that answers `authentication.k8s.io/v1` TokenReviews on every path.
pub fn token_review_router(policy: TokenPolicy) -> Router {
    Router::new().fallback(answer).with_state(Arc::new(policy))
}

async fn answer(State(policy): State<Arc<TokenPolicy>>, Json(request): Json<Value>) -> Json<Value> {
    let token = request["spec"]["token"].as_str().unwrap_or_default();
    let status = match review(token, clock::now(), &policy) {
        Ok(identity) => json!({"authenticated": true, "user": {"username": identity.user, "groups": identity.groups}}),
        Err(error) => json!({"authenticated": false, "error": error.to_string()}),
    };
    Json(json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}))
}
