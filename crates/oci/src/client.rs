//! One signed call, and its answer.

mod answer;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use holdfast_core::{Call, Fault, FaultClass, Timestamp};
use holdfast_http::Proxies;
use http::{
    HeaderValue, Method, Request, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST, USER_AGENT},
};
use hyper::body::Bytes;
use serde_json::Value;

use crate::{
    endpoint::{Endpoints, Service},
    fault,
    identity::Identity,
    signer::{Signer, Unsigned, content_sum, date},
    transport::Transport,
};
pub use answer::Answer;

const JSON: &str = "application/json";
const AGENT: &str = concat!("holdfast/", env!("CARGO_PKG_VERSION"));

/// Who we are and where OCI is.
#[derive(Debug)]
pub struct Options {
    /// Who we are.
    pub identity: Arc<Identity>,
    /// Where the services are.
    pub endpoints: Endpoints,
    /// Which calls go through a proxy.
    pub proxies: Proxies,
}

/// A request, apart from its host.
#[derive(Debug)]
pub struct Sent {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    /// The content of a PUT or a POST.
    body: Option<String>,
    accept: &'static str,
}

impl Sent {
    /// Asks for `path`, query included.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), headers: Vec::new(), body: None, accept: JSON }
    }

    /// Sends `body` to `path`.
    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        Self { method: Method::POST, body: Some(body.to_string()), ..Self::get(path) }
    }

    /// Puts `body` where the state is still `etag`, or nothing.
    pub fn put(path: impl Into<String>, etag: &str, body: &Value) -> Self {
        let headers = vec![("if-match", etag.to_owned())];
        Self { method: Method::PUT, headers, body: Some(body.to_string()), ..Self::get(path) }
    }

    /// The same request with one more header, which is not signed.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The same request for an answer of another kind.
    #[must_use]
    pub fn accepting(mut self, kind: &'static str) -> Self {
        self.accept = kind;
        self
    }
}

/// The client. Building one opens no connection and reads no file.
pub struct Oci {
    identity: Arc<Identity>,
    endpoints: Endpoints,
    transport: Transport,
}

impl fmt::Debug for Oci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oci")
            .field("identity", &self.identity)
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

impl Oci {
    /// A client for `options`.
    pub fn new(options: Options) -> Self {
        let Options { identity, endpoints, proxies } = options;
        Self { identity, endpoints, transport: Transport::new(proxies) }
    }

    /// Which calls go through a proxy; those to the cluster as well.
    pub(crate) fn proxies(&self) -> &Proxies {
        self.transport.proxies()
    }

    /// Where the services are.
    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Who signs now.
    pub(crate) fn signer(&self) -> Result<Arc<Signer>, Fault> {
        self.identity.signer()
    }

    /// Asks `service` in `region`, for a success.
    ///
    /// # Errors
    /// The fault of an answer that is no success, or of none.
    pub async fn ask(
        &self,
        call: &Call,
        name: &'static str,
        service: Service,
        region: &str,
        sent: Sent,
    ) -> Result<Answer, Fault> {
        let address = format!("{}{}", self.endpoints.of(name, service, region)?, sent.path);
        let uri: Uri =
            address.parse().map_err(|_| Fault::new(FaultClass::Invalid, name, "the address makes no sense"))?;
        let exchange = async {
            let signer = self.signer()?;
            let answer = self.exchange(name, &signer, &uri, &sent, call.clock.now()).await?;
            if answer.status() != 401 {
                return Ok(answer);
            }
            // The platform replaces token and key while we run; one of them may have been older than the other.
            let fresh = self.signer()?;
            if Arc::ptr_eq(&signer, &fresh) {
                return Ok(answer);
            }
            tracing::info!(call = name, "the identity was renewed meanwhile; signed again");
            self.exchange(name, &fresh, &uri, &sent, call.clock.now()).await
        };
        call.once(name, exchange).await?.success()
    }

    async fn exchange(
        &self,
        name: &'static str,
        signer: &Signer,
        uri: &Uri,
        sent: &Sent,
        now: Timestamp,
    ) -> Result<Answer, Fault> {
        let request = signed(name, signer, uri, sent, now)?;
        let answer = self.transport.send(request).await.map_err(|why| fault::of_no_answer(name, &why))?;
        Ok(Answer::new(name, answer))
    }
}

/// The request to `uri`, signed now.
///
/// # Errors
/// [`Invalid`](FaultClass::Invalid): a key, a token or a header that cannot be used.
pub fn signed(
    name: &'static str,
    signer: &Signer,
    uri: &Uri,
    sent: &Sent,
    now: Timestamp,
) -> Result<Request<Bytes>, Fault> {
    let broken = |what: &str| Fault::new(FaultClass::Invalid, name, what.to_owned());
    let host = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let target = uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
    let (method, date) = (sent.method.as_str().to_ascii_lowercase(), date(now));
    let content = sent.body.as_deref().map(|body| (JSON, body.as_bytes()));
    let unsigned = Unsigned { method: &method, target, host, date: &date, content };
    let authorization = signer.authorization(&unsigned).map_err(|error| broken(&error.to_string()))?;
    let mut authorization =
        HeaderValue::from_str(&authorization).map_err(|_| broken("the token holds a character that no header may"))?;
    authorization.set_sensitive(true);
    let mut request = Request::builder().method(sent.method.clone()).uri(uri.clone());
    request = request.header(HOST, host).header(DATE, &date).header(ACCEPT, sent.accept).header(USER_AGENT, AGENT);
    if let Some((kind, body)) = content {
        request = request.header(CONTENT_TYPE, kind).header(CONTENT_LENGTH, body.len());
        request = request.header("x-content-sha256", content_sum(body));
    }
    for (header, value) in &sent.headers {
        request = request.header(*header, value);
    }
    let body = Bytes::from(sent.body.clone().unwrap_or_default());
    request.header(AUTHORIZATION, authorization).body(body).map_err(|_| broken("the request makes no sense"))
}
