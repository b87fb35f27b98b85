//! A client for the simulator's ports.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::Arc;

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use holdfast_simulator::Simulator;

/// An HTTPS client that trusts the simulator's authority and nobody else.
pub struct Caller(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Caller {
    /// A client for this simulator.
    pub fn new(simulator: &Simulator) -> Self {
        Self::build(simulator, None)
    }

    /// The same, which shows a certificate (PEM, with its key) to whoever asks for one.
    pub fn with_certificate(simulator: &Simulator, certificate: &[u8], key: &[u8]) -> Self {
        let certificate = CertificateDer::from_pem_slice(certificate).expect("PEM");
        Self::build(simulator, Some((certificate, PrivateKeyDer::from_pem_slice(key).expect("PEM"))))
    }

    fn build(simulator: &Simulator, identity: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(simulator.ca_pem().as_bytes()).expect("PEM")).expect("certificate");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions");
        let config = config.with_root_certificates(roots);
        let config = match identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => config.with_client_auth_cert(vec![certificate], key).expect("a pair"),
        };
        let connector =
            hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().build();
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// Sends a request without a body.
    pub async fn get(&self, url: &str) -> Result<Response<Incoming>, Error> {
        self.send(Request::get(url), "").await
    }

    /// Sends a request.
    pub async fn send(&self, request: http::request::Builder, body: &'static str) -> Result<Response<Incoming>, Error> {
        self.0.request(request.body(Full::from(body)).expect("request")).await
    }
}

/// A request to SSM, signed (in name) by the operator, with the session token of a function's process when there is one.
pub fn ssm(simulator: &Simulator, operation: &str, session: Option<&str>) -> http::request::Builder {
    let key = simulator.admin_credentials().access_key;
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260101/us-west-2/ssm/aws4_request, SignedHeaders=host, Signature=0"
    );
    let request = Request::post(simulator.aws_endpoint()).header("x-amz-target", format!("AmazonSSM.{operation}"));
    let request = request.header("authorization", authorization);
    match session {
        Some(session) => request.header("x-amz-security-token", session),
        None => request,
    }
}

/// The whole body as text.
pub async fn text(answer: Response<Incoming>) -> String {
    String::from_utf8(answer.into_body().collect().await.expect("body").to_bytes().to_vec()).expect("UTF-8")
}
