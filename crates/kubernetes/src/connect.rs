//! A client for one API server: its CA and no other, a fresh token on each request, every wait bounded.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_core::{Call, Fault, FaultClass};
use holdfast_http::Proxies;
use http::{Uri, uri::Scheme};
use kube::{Client, Config, client::ClientBuilder};

mod bearer;
mod doubt;
#[cfg(test)]
mod tests;

pub use doubt::Doubt;

/// How long a connection may take to be made. The SDKs of the clouds allow about as much (3.1 s).
const CONNECT: Duration = Duration::from_secs(3);

/// How long the other side may be silent. Above the attempt time-out of the retry policy (5 s by default), which
/// ends a call first; this one ends connections that nobody waits for any more.
const SILENCE: Duration = Duration::from_secs(15);

const CALL: &str = "kubernetes:connect";

/// A cluster whose address is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCluster {
    /// The address of its API, `https`.
    pub endpoint: String,
    /// The certificate authority as clouds and kubeconfigs give it: PEM in base64.
    pub ca_data: String,
}

/// Makes the bearer token of a request.
pub trait TokenSource: Send + Sync {
    /// A token that is valid now. Asked on every request, so an implementation keeps its token while it lasts;
    /// it must not block.
    ///
    /// # Errors
    /// When no token can be made; the request is then not sent.
    fn token(&self) -> Result<String, Fault>;

    /// The server did not accept a token of this source: the next one must be made anew.
    fn refused(&self) {}
}

/// A client, and whether it may have been led astray.
pub struct Watched {
    /// The client.
    pub client: Client,
    /// Raised by an answer or its absence that may mean that the cluster is elsewhere by now.
    pub doubt: Doubt,
}

/// What is needed to talk to an API server.
pub struct Access {
    /// Its address, `https` only.
    pub endpoint: String,
    /// The CA that signed its certificate: one or more certificates in PEM. Nothing else is trusted.
    pub ca_pem: Vec<u8>,
    /// Where the tokens come from.
    pub token: Arc<dyn TokenSource>,
}

/// Builds the client. Nothing is sent yet. Must be called within a tokio runtime.
///
/// No kubeconfig and no environment variable has a say: only what `access` holds, and `proxies`.
///
/// # Errors
/// [`Invalid`](FaultClass::Invalid) when the endpoint is no `https` address or the CA is not readable.
pub fn connect(access: Access, proxies: &Proxies) -> Result<Client, Fault> {
    connect_watched(access, proxies).map(|watched| watched.client)
}

/// Builds a client as [`connect`] does, for connectors that can look the cluster up again.
///
/// # Errors
/// As [`connect`].
pub fn connect_watched(access: Access, proxies: &Proxies) -> Result<Watched, Fault> {
    let config = bounded(&access.endpoint, &access.ca_pem, proxies)?;
    let builder = ClientBuilder::try_from(config).map_err(|error| crate::fault::of_error(CALL, error))?;
    let doubt = Doubt::default();
    let builder = builder.with_layer(&bearer::BearerLayer::new(access.token));
    Ok(Watched { client: builder.with_layer(&doubt::DoubtLayer(doubt.clone())).build(), doubt })
}

/// A client certificate, for clusters that know no tokens of the cloud (AKS without Entra).
pub struct ClientCertificate {
    /// The certificate, and what stands between it and the CA, in PEM.
    pub certificate_pem: Vec<u8>,
    /// Its private key in PEM: PKCS#8, PKCS#1 or SEC1.
    pub key_pem: Vec<u8>,
}

/// Builds a client as [`connect`] does, that says who it is by a certificate and not by tokens.
///
/// # Errors
/// As [`connect`], and [`Invalid`](FaultClass::Invalid) for a certificate or key that cannot be used; its words quote
/// neither.
pub fn connect_with_certificate(
    endpoint: &str,
    ca_pem: &[u8],
    certificate: &ClientCertificate,
    proxies: &Proxies,
) -> Result<Watched, Fault> {
    let mut config = bounded(endpoint, ca_pem, proxies)?;
    config.auth_info.client_certificate_data = Some(STANDARD.encode(&certificate.certificate_pem));
    config.auth_info.client_key_data = Some(STANDARD.encode(&certificate.key_pem).into());
    let unusable = |_| Fault::new(FaultClass::Invalid, CALL, "the client certificate or its key cannot be used");
    let doubt = Doubt::default();
    let builder = ClientBuilder::try_from(config).map_err(unusable)?;
    Ok(Watched { client: builder.with_layer(&doubt::DoubtLayer(doubt.clone())).build(), doubt })
}

/// What every client has: one address, one CA, one way out, and bounds on every wait.
fn bounded(address: &str, ca_pem: &[u8], proxies: &Proxies) -> Result<Config, Fault> {
    let endpoint = endpoint(address)?;
    let proxy = proxies.of(&endpoint).map(|proxy| proxy.address);
    let mut config = Config::new(endpoint);
    config.proxy_url = proxy;
    config.root_cert = Some(authorities(ca_pem)?);
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(SILENCE);
    config.write_timeout = Some(SILENCE);
    // Else the time that a kept connection was idle counts as silence.
    config.reset_reader_on_write = true;
    // Retrying is the engine's: it knows the deadline, and whether a repeat is safe.
    config.default_retry = false;
    Ok(config)
}

fn endpoint(text: &str) -> Result<Uri, Fault> {
    let invalid = |why: &str| Fault::new(FaultClass::Invalid, CALL, format!("the endpoint {text:?} {why}"));
    let uri: Uri = text.parse().map_err(|_| invalid("is no address"))?;
    if uri.scheme() != Some(&Scheme::HTTPS) || uri.host().is_none() {
        return Err(invalid("must begin with https:// and name a host"));
    }
    Ok(uri)
}

fn authorities(text: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
    let unreadable = || Fault::new(FaultClass::Invalid, CALL, "the cluster's CA is not a certificate in PEM");
    let blocks = pem::parse_many(text).map_err(|_| unreadable())?;
    let ders: Vec<_> =
        blocks.into_iter().filter(|block| block.tag() == "CERTIFICATE").map(pem::Pem::into_contents).collect();
    if ders.is_empty() { Err(unreadable()) } else { Ok(ders) }
}

/// Where a client comes from. Some clusters must be looked up first, with a call of its own to the cloud.
///
/// Asked before each request and by several callers at the same time: an implementation answers from memory
/// after the first time, and looks up once for all who ask meanwhile.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The client.
    ///
    /// # Errors
    /// Faults of the look-up, or those of [`connect`].
    async fn client(&self, call: &Call) -> Result<Client, Fault>;
}

/// A client that is known beforehand.
#[derive(Clone)]
pub struct Direct(pub Client);

#[async_trait]
impl Connector for Direct {
    async fn client(&self, _call: &Call) -> Result<Client, Fault> {
        Ok(self.0.clone())
    }
}
