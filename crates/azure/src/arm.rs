//! Calls to Azure: through the official pipeline and identity, over our own transport, one attempt each.
//!
//! `azure_core` repeats a failed call for up to a minute and `azure_identity` for more than that (measured: 82 s for a
//! token that is not given); both are told not to. Neither bounds the wait for an answer: the engine's `Call` does.

mod answer;
mod identity;
mod transport;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use azure_core::{
    credentials::TokenCredential,
    http::{
        ClientOptions, Context, Method, Pipeline, PipelineSendOptions, Request, RetryOptions, Transport, Url,
        policies::{Policy, auth::BearerTokenAuthorizationPolicy},
    },
};
use holdfast_core::{Call, Fault, FaultClass};
use holdfast_http::{Client, Proxies};

use crate::fault;
pub use answer::Answer;
use identity::Identity;
pub use identity::{Credential, Proof};

/// Azure Resource Manager of the public cloud.
pub const PUBLIC: &str = "https://management.azure.com";

/// What storage tokens are made out to; the same in all clouds (Azure storage, "Authorize with Microsoft Entra ID").
const STORAGE: &str = "https://storage.azure.com";

/// Who we are and where Azure is.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Resource Manager's address, `https`, without a path; [`PUBLIC`] but for other clouds and tests.
    pub endpoint: String,
    /// What Resource Manager's tokens are made out to; [`PUBLIC`] but for other clouds.
    pub audience: String,
    /// Who we are.
    pub credential: Credential,
    /// Which calls go through a proxy.
    pub proxies: Proxies,
}

/// A request, apart from the name of its host for Resource Manager.
#[derive(Debug)]
pub struct Sent {
    /// The verb.
    pub method: Method,
    /// Path and query, or a whole address for storage.
    pub to: String,
    /// Headers besides those of the pipeline.
    pub headers: Vec<(&'static str, String)>,
    /// The content; empty for none.
    pub body: String,
}

impl Sent {
    /// A request without content.
    pub fn new(method: Method, to: impl Into<String>) -> Self {
        Self { method, to: to.into(), headers: Vec::new(), body: String::new() }
    }

    /// The same request with JSON in it.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.headers.push(("content-type", "application/json".to_owned()));
        self.body = body.to_string();
        self
    }
}

/// The clients, and the identity that they sign with. Building one opens no connection and loads no trust anchors.
pub struct Azure {
    endpoint: String,
    identity: Arc<Identity>,
    manager: Pipeline,
    storage: Pipeline,
    proxies: Proxies,
}

impl fmt::Debug for Azure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Azure").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Azure {
    /// Clients for `options`. A managed identity is the one that the platform offers by `IDENTITY_ENDPOINT` and
    /// `IDENTITY_HEADER`, else that of the virtual machine.
    ///
    /// # Errors
    /// A platform whose identity is not supported; an application that cannot be one, or whose token file is not there.
    pub fn new(options: &Options) -> Result<Self, Fault> {
        Self::over(options, Transport::new(Arc::new(transport::Pooled(Client::new(options.proxies.clone())))))
    }

    /// The same over `transport`.
    pub(crate) fn over(options: &Options, transport: Transport) -> Result<Self, Fault> {
        let identity = Identity::new(options.credential.clone(), transport.clone())
            .map_err(|error| Fault::new(FaultClass::Invalid, IDENTITY, error.to_string()))?;
        let identity = Arc::new(identity);
        let credential: Arc<dyn TokenCredential> = Arc::clone(&identity) as _;
        Ok(Self {
            endpoint: options.endpoint.trim_end_matches('/').to_owned(),
            manager: pipeline(&credential, &options.audience, transport.clone()),
            storage: pipeline(&credential, STORAGE, transport),
            identity,
            proxies: options.proxies.clone(),
        })
    }

    /// Which calls go through a proxy; those to the cluster as well.
    pub(crate) fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// Asks Resource Manager. `sent.to` is a path with its query.
    ///
    /// # Errors
    /// The fault of an answer that is no success, or of none.
    pub async fn manage(&self, call: &Call, name: &'static str, mut sent: Sent) -> Result<Answer, Fault> {
        sent.to.insert_str(0, &self.endpoint);
        self.exchange(&self.manager, call, name, sent).await?.success()
    }

    /// Asks storage. `sent.to` is a whole address. Answers that are no success are for the caller to judge.
    ///
    /// # Errors
    /// The fault of no answer.
    pub async fn store(&self, call: &Call, name: &'static str, sent: Sent) -> Result<Answer, Fault> {
        self.exchange(&self.storage, call, name, sent).await
    }

    /// Forgets all tokens, so that the next ones are asked for anew: somebody did not accept one that has not expired.
    pub fn forget_tokens(&self) {
        self.identity.forget();
    }

    async fn exchange(
        &self,
        pipeline: &Pipeline,
        call: &Call,
        name: &'static str,
        sent: Sent,
    ) -> Result<Answer, Fault> {
        let answer = exchange(pipeline, call, name, sent).await?;
        if answer.status() == 401 {
            self.forget_tokens();
        }
        Ok(answer)
    }

    /// A token made out to `audience`. The identity keeps it until five minutes before its end.
    ///
    /// # Errors
    /// Faults of the identity.
    pub async fn token(&self, call: &Call, audience: &str) -> Result<String, Fault> {
        let scope = scope(audience);
        let scopes = [scope.as_str()];
        let token = async {
            let asked = self.identity.get_token(&scopes, None).await;
            asked.map_err(|error| fault::of_core(IDENTITY, &error))
        };
        Ok(call.once(IDENTITY, token).await?.token.secret().to_owned())
    }
}

#[cfg(test)]
pub(crate) fn plain_transport() -> Arc<dyn azure_core::http::HttpClient> {
    Arc::new(transport::Pooled(Client::new(Proxies::default())))
}

/// The call that gets a token.
const IDENTITY: &str = "identity:GetToken";

async fn exchange(pipeline: &Pipeline, call: &Call, name: &'static str, sent: Sent) -> Result<Answer, Fault> {
    let mut request = request(name, sent)?;
    let attempt = async {
        let options = PipelineSendOptions { skip_checks: true, ..PipelineSendOptions::default() };
        let answer = pipeline.send(&Context::new(), &mut request, Some(options)).await;
        answer.map_err(|error| fault::of_core(name, &error))
    };
    Ok(Answer::new(name, call.once(name, attempt).await?))
}

fn request(name: &'static str, sent: Sent) -> Result<Request, Fault> {
    let url: Url = sent.to.parse().map_err(|_| Fault::new(FaultClass::Invalid, name, "the address makes no sense"))?;
    let mut request = Request::new(url, sent.method);
    request.insert_header("accept", "application/json");
    for (name, value) in sent.headers {
        request.insert_header(name, value);
    }
    request.set_body(sent.body.into_bytes());
    Ok(request)
}

fn pipeline(credential: &Arc<dyn TokenCredential>, audience: &str, transport: Transport) -> Pipeline {
    let bearer: Arc<dyn Policy> =
        Arc::new(BearerTokenAuthorizationPolicy::new(Arc::clone(credential), [scope(audience)]));
    let (name, version) = (option_env!("CARGO_PKG_NAME"), option_env!("CARGO_PKG_VERSION"));
    Pipeline::new(name, version, once(transport), Vec::new(), vec![bearer], None)
}

fn scope(audience: &str) -> String {
    format!("{}/.default", audience.trim_end_matches('/'))
}

/// One attempt.
fn once(transport: Transport) -> ClientOptions {
    ClientOptions { retry: RetryOptions::none(), transport: Some(transport), ..ClientOptions::default() }
}
