//! The way to the network: one HTTP client on hyper and rustls, made when the first request needs it. It trusts the
//! system's anchors, or those in the file that `SSL_CERT_FILE` names.
//!
//! Everything else in this crate sees [`Transport::send`] and [`NoAnswer`] only.

use std::{
    error::Error as StdError,
    sync::{Arc, OnceLock},
    time::Duration,
};

use holdfast_proxies::{Proxies, Proxy};
use http::{Request, Response, uri::Scheme};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connect, HttpConnector, proxy::Tunnel},
    },
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, crypto::aws_lc_rs};

use crate::endpoint::is_loopback;

/// How long a connection may take. An endpoint that our network cannot reach is silent and never refuses.
const CONNECT: Duration = Duration::from_secs(3);

/// An idle connection is thrown away after this long. Between two calls the container is frozen, and a connection from
/// before may be dead without our knowing.
const IDLE: Duration = Duration::from_secs(20);

/// The longest answer that is read. The largest is that of Monitoring: 7 days of minutes are 10,080 points of some 70 bytes.
const LONGEST: usize = 4 * 1024 * 1024;

type Over<C> = Client<HttpsConnector<C>, Full<Bytes>>;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The request could not be sent, or the connection broke.
    Broken(Box<dyn StdError + Send + Sync>),
    /// The answer does not end.
    TooLong,
    /// It was never sent: what stands in the way is ours.
    NotSent(String),
}

/// The clients, behind locks that open once: loading the trust anchors takes milliseconds that a start need not pay.
pub(crate) struct Transport {
    proxies: Proxies,
    straight: OnceLock<Result<Over<HttpConnector>, String>>,
    /// One rule has one proxy.
    proxied: OnceLock<Result<Over<Tunnel<HttpConnector>>, String>>,
}

impl Transport {
    pub(crate) fn new(proxies: Proxies) -> Self {
        Self { proxies, straight: OnceLock::new(), proxied: OnceLock::new() }
    }

    /// Which calls go through a proxy; those to the cluster as well.
    pub(crate) fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// One attempt. TLS is verified always; plain `http` is spoken with loopback only.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, NoAnswer> {
        if request.uri().scheme() != Some(&Scheme::HTTPS) && !is_loopback(request.uri()) {
            return Err(NoAnswer::NotSent("nothing is sent over plain HTTP".to_owned()));
        }
        let unusable = |why: &String| NoAnswer::NotSent(why.clone());
        let answer = match self.proxies.of(request.uri()) {
            None => self.straight.get_or_init(|| client(tcp())).as_ref().map_err(unusable)?.request(request).await,
            Some(proxy) => {
                let client = self.proxied.get_or_init(|| client(tunnel(&proxy)));
                client.as_ref().map_err(unusable)?.request(request).await
            }
        };
        let (head, body) = answer.map_err(|error| NoAnswer::Broken(error.into()))?.into_parts();
        let body =
            Limited::new(body, LONGEST).collect().await.map_err(|error| match error.is::<LengthLimitError>() {
                true => NoAnswer::TooLong,
                false => NoAnswer::Broken(error),
            })?;
        Ok(Response::from_parts(head, body.to_bytes()))
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
    let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let tls = tls.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let tls = tls.with_native_roots().map_err(|error| format!("no trust anchors: {error}"))?.with_no_client_auth();
    let https =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(connector);
    let mut builder = Client::builder(TokioExecutor::new());
    Ok(builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(https))
}
