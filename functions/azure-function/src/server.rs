//! The HTTP server that the host talks to.

use std::{collections::BTreeMap, future::Future, net::Ipv4Addr, process::ExitCode, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use crate::{
    function::{App, Arrival, unanswerable},
    reply,
};

/// The largest request that is read: an event of at most 1 MiB in the envelope of the host, escaped once more.
const LARGEST: usize = 4 * 1024 * 1024;

/// What identifies one invocation.
const INVOCATION: &str = "x-azure-functions-invocationid";

/// Listens where the host wants it, at once and before anything is asked of a network, until the host ends us.
#[allow(clippy::disallowed_methods, reason = "the one place where the function's configuration is read")]
pub async fn run() -> ExitCode {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    let app = Arc::new(App::new(&variables));
    // The second name is that of hosts of some years ago.
    let port =
        ["FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_HTTPWORKER_PORT"].iter().find_map(|name| variables.get(*name));
    let Some(port) = port.and_then(|port| port.trim().parse::<u16>().ok()) else {
        tracing::error!(
            "FUNCTIONS_CUSTOMHANDLER_PORT is not set to a port: only the Functions host starts this program"
        );
        return ExitCode::FAILURE;
    };
    let served = async { axum::serve(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?, router(app)).await };
    match served.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(port, "cannot listen: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `GET /` is the host asking whether we live. It is answered at once, whatever else is going on.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(|| async { StatusCode::OK }))
        .fallback(invoke)
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(app)
}

/// One invocation, in a task of its own: a host that hangs up does not cut it off, and a defect in it ends nothing else.
async fn invoke(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let id = headers.get(INVOCATION).and_then(|id| id.to_str().ok()).unwrap_or("local").to_owned();
    let call = Arrival { path: uri.path().to_owned(), body, id, headers };
    let (path, body) = (call.path.clone(), call.body.clone());
    answered(path, body, async move { app.invoke(call).await }).await
}

/// What came of `work`. After a panic the host hears our words, and hears them as a failure, so that a message of the
/// queue is delivered again and an action group tries again.
async fn answered(path: String, body: Bytes, work: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(work).await {
        Ok(response) => response,
        // Reading the event may have been the defect.
        Err(_) => tokio::spawn(async move { unanswerable(&path, &body, reply::panicked()) })
            .await
            .unwrap_or_else(|_| (StatusCode::INTERNAL_SERVER_ERROR, reply::panicked().to_string()).into_response()),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::{Value, json};

    use super::*;

    async fn panics(path: &str, body: &Value) -> (u16, Value, String) {
        let work = async { panic!("SECRET-OF-THE-EVENT") };
        let response = answered(path.to_owned(), body.to_string().into(), work).await;
        let status = response.status().as_u16();
        let text = to_bytes(response.into_body(), 100_000).await.expect("a body");
        let text = String::from_utf8(text.into()).expect("UTF-8");
        (status, serde_json::from_str(&text).expect("JSON"), text)
    }

    #[tokio::test]
    async fn after_a_panic_the_host_hears_our_words_and_delivers_again() {
        let queued = json!({"Data": {"work": "{\"alarm\":\"a\"}"}, "Metadata": {}});
        let alert = json!({"Data": {"req": {"Body": "{}"}}, "Metadata": {}});
        for (path, body, status) in [
            ("/Work", &queued, 500),
            ("/Tick", &json!({"Data": {"timer": {}}}), 500),
            ("/api/alarm", &json!({}), 503),
            ("/api/operator", &json!({}), 503),
        ] {
            let (found, document, text) = panics(path, body).await;
            assert_eq!((found, &document["error"]), (status, &json!("Holdfast.Panic")), "{path}");
            assert!(!text.contains("SECRET"), "{text}");
        }
        // In an envelope the caller's status is an output: the action group tries again on 503.
        let (found, document, _) = panics("/Alarm", &alert).await;
        assert_eq!((found, &document["Outputs"]["res"]["statusCode"]), (200, &json!(503)));
        assert!(document["Outputs"].get("work").is_none());
    }
}
