//! The HTTP server that the host talks to.

use std::{collections::BTreeMap, net::Ipv4Addr, process::ExitCode, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use crate::function::App;

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
    let path = uri.path().to_owned();
    match tokio::spawn(async move { app.invoke(&path, &body, &id).await }).await {
        Ok(response) => response,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
