//! The way to the network: one HTTP client on hyper and rustls for all calls, made when the first request needs it.
//!
//! `azure_core` would bring reqwest. This is the client that the rest of the house uses, with one TLS provider, a
//! bound on every answer and one rule for proxies. It trusts the system's anchors, or those in the file that `SSL_CERT_FILE` names.

use std::{sync::OnceLock, time::Duration};

use async_trait::async_trait;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{AsyncRawResponse, Body, HttpClient, Request, headers::Headers},
};
use holdfast_proxies::{Proxies, Proxy};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connect, HttpConnector, proxy::Tunnel},
    },
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, crypto::aws_lc_rs};

/// How long a connection may take. A private endpoint that our network cannot reach is silent and never refuses.
const CONNECT: Duration = Duration::from_secs(3);

/// An idle connection is thrown away after this long. Between two ticks a function may be frozen for a minute, and a
/// connection from before may be dead without our knowing.
const IDLE: Duration = Duration::from_secs(20);

/// The longest answer that is read. A kubeconfig is some ten kilobytes, a profile of Traffic Manager with its 200
/// endpoints less than half a megabyte.
const LONGEST: usize = 4 * 1024 * 1024;

type Over<C> = Client<HttpsConnector<C>, Full<Bytes>>;

/// The clients, behind locks that open once: loading the trust anchors takes milliseconds that a start need not pay.
#[derive(Debug)]
pub(super) struct Hyper {
    proxies: Proxies,
    straight: OnceLock<Result<Over<HttpConnector>, String>>,
    /// One rule has one proxy.
    proxied: OnceLock<Result<Over<Tunnel<HttpConnector>>, String>>,
}

impl Hyper {
    pub(super) fn new(proxies: Proxies) -> Self {
        Self { proxies, straight: OnceLock::new(), proxied: OnceLock::new() }
    }
}

#[async_trait]
impl HttpClient for Hyper {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let request = outgoing(request)?;
        let unusable = |why: &String| Error::with_message(ErrorKind::Other, why.clone());
        let answer = match self.proxies.of(request.uri()) {
            None => self.straight.get_or_init(|| client(tcp())).as_ref().map_err(unusable)?.request(request).await,
            Some(proxy) => {
                let client = self.proxied.get_or_init(|| client(tunnel(&proxy)));
                client.as_ref().map_err(unusable)?.request(request).await
            }
        };
        incoming(answer.map_err(|error| Error::new(ErrorKind::Connection, error))?).await
    }
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_connect_timeout(Some(CONNECT));
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    tcp
}

fn tunnel(proxy: &Proxy) -> Tunnel<HttpConnector> {
    let tunnel = Tunnel::new(proxy.address.clone(), tcp());
    match &proxy.authorization {
        Some(told) => tunnel.with_auth(told.clone()),
        None => tunnel,
    }
}

fn client<C>(connector: C) -> Result<Over<C>, String>
where
    HttpsConnector<C>: Connect + Clone,
{
    let tls = ClientConfig::builder_with_provider(std::sync::Arc::new(aws_lc_rs::default_provider()));
    let tls = tls.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let tls = tls.with_native_roots().map_err(|error| format!("no trust anchors: {error}"))?.with_no_client_auth();
    // Plain only for the identity, which is on loopback; the pipeline puts no token on a plain address.
    let https =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(connector);
    let mut builder = Client::builder(TokioExecutor::new());
    Ok(builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(https))
}

fn outgoing(request: &Request) -> azure_core::Result<http::Request<Full<Bytes>>> {
    let broken = |what: &'static str| Error::with_message(ErrorKind::DataConversion, what);
    let Body::Bytes(body) = request.body() else { return Err(broken("a request of ours is never a stream")) };
    let mut builder = http::Request::builder().method(request.method().as_str()).uri(request.url().as_str());
    for (name, value) in request.headers().iter() {
        let mut value = http::HeaderValue::from_str(value.as_str()).map_err(|_| broken("a header makes no sense"))?;
        value.set_sensitive(name.as_str() == "authorization");
        builder = builder.header(name.as_str(), value);
    }
    builder.body(Full::new(body.clone())).map_err(|_| broken("the request makes no sense"))
}

async fn incoming(answer: http::Response<Incoming>) -> azure_core::Result<AsyncRawResponse> {
    let (head, body) = answer.into_parts();
    let mut headers = Headers::new();
    for (name, value) in &head.headers {
        if let Ok(value) = value.to_str() {
            headers.insert(name.as_str().to_owned(), value.to_owned());
        }
    }
    let body = Limited::new(body, LONGEST).collect().await.map_err(|error| match error.is::<LengthLimitError>() {
        true => Error::with_message(ErrorKind::Other, format!("the answer is longer than {LONGEST} bytes")),
        false => Error::new(ErrorKind::Io, error),
    })?;
    Ok(AsyncRawResponse::from_bytes(head.status.as_u16().into(), headers, body.to_bytes()))
}
