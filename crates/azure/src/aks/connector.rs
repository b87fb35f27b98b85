//! From a cluster's id to a client for it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use azure_core::http::Method;
use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_core::{Call, Fault, FaultClass, Timestamp, clock::later};
use holdfast_kubernetes::connect::{
    Access, ClientCertificate, Connector, Doubt, KnownCluster, TokenSource, Watched, connect_watched,
    connect_with_certificate,
};
use kube::Client;
use serde::Deserialize;
use tokio::sync::Mutex as AsyncMutex;

use super::kubeconfig::{Kubeconfig, User};
use crate::{
    arm::{Azure, Sent},
    resource::ResourceId,
};

const LIST: &str = "arm:ListClusterUserCredential";

/// The version of the interface: one that every cluster of today answers.
const VERSION: &str = "2024-09-01";

/// The application that tokens for clusters are made out to, in all tenants of the public cloud (AKS documentation,
/// "Use kubelogin to authenticate users").
pub const SERVER_APPLICATION: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";

/// After this long the kubeconfig is asked for again: a cluster whose certificates were rotated refuses the old one.
const LOOKED_UP_FOR: Duration = Duration::from_secs(3600);

/// Where to ask about the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Asked of Resource Manager; the cluster's kubeconfig decides how we say who we are.
    LookedUp(ResourceId),
    /// Known beforehand, with tokens of Entra: a failover then needs nothing of Resource Manager.
    Known(KnownCluster),
}

/// Connects to one cluster and keeps the connection.
///
/// The first caller asks Resource Manager while the others wait for it. A failure is not kept. A place that is in
/// [`Doubt`] is asked for again with the next request: a cluster of that name may have been made anew, elsewhere. A newer
/// kubeconfig that cannot be had leaves the old one in use.
pub struct AksConnector {
    azure: Arc<Azure>,
    place: Place,
    server: Option<String>,
    connected: AsyncMutex<Option<Connected>>,
    token: Arc<Latest>,
}

#[derive(Clone)]
struct Connected {
    client: Client,
    doubt: Doubt,
    at: Timestamp,
    /// When it was last looked up because of a doubt.
    again: Option<Timestamp>,
    /// The application that tokens are made out to; none for a client certificate.
    audience: Option<String>,
}

/// The token of the last look; [`AksConnector::client`] is asked before each request and keeps it fresh.
#[derive(Default)]
struct Latest {
    token: Mutex<Option<String>>,
    refused: AtomicBool,
}

impl TokenSource for Latest {
    fn token(&self) -> Result<String, Fault> {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        token.ok_or_else(|| Fault::new(FaultClass::Denied, "identity:GetToken", "no token for the cluster yet"))
    }

    fn refused(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }
}

impl AksConnector {
    /// A connector to the cluster at `place`. `server` is the application that tokens are made out to; where it is not
    /// given the kubeconfig says it, else [`SERVER_APPLICATION`].
    pub fn new(azure: Arc<Azure>, place: Place, server: Option<String>) -> Self {
        Self { azure, place, server, connected: AsyncMutex::new(None), token: Arc::default() }
    }

    /// The connection, made or renewed if need be.
    async fn connected(&self, call: &Call) -> Result<Connected, Fault> {
        let mut kept = self.connected.lock().await;
        let now = call.clock.now();
        let mut again = kept.as_ref().and_then(|kept| kept.again);
        if let Some(kept) = kept.as_mut() {
            let doubted = kept.doubt.is_due(kept.again, now);
            let is_fresh = now < later(kept.at, LOOKED_UP_FOR) && !doubted;
            if is_fresh || matches!(self.place, Place::Known(_)) {
                return Ok(kept.clone());
            }
            again = if doubted { Some(now) } else { again };
            kept.again = again;
        }
        match (self.connect(call).await, kept.as_mut()) {
            (Ok(connected), _) => Ok(kept.insert(Connected { again, ..connected }).clone()),
            (Err(fault), Some(old)) => {
                tracing::warn!(
                    call = fault.call,
                    "the kubeconfig was not renewed, the old one stays: {}",
                    fault.message
                );
                old.at = now;
                Ok(old.clone())
            }
            (Err(fault), None) => Err(fault),
        }
    }

    async fn connect(&self, call: &Call) -> Result<Connected, Fault> {
        let (endpoint, ca_pem, user) = match &self.place {
            Place::LookedUp(cluster) => {
                let Kubeconfig { endpoint, ca_pem, user } = self.look_up(call, cluster).await?;
                (endpoint, ca_pem, user)
            }
            Place::Known(known) => {
                let ca_pem = STANDARD.decode(known.ca_data.trim()).map_err(|_| {
                    Fault::new(FaultClass::Invalid, LIST, "the configured certificate authority is not base64")
                })?;
                (known.endpoint.clone(), ca_pem, User::Entra { server: None })
            }
        };
        let at = call.clock.now();
        match user {
            User::Certificate { certificate, key } => {
                let certificate = ClientCertificate { certificate_pem: certificate, key_pem: key };
                let Watched { client, doubt } =
                    connect_with_certificate(&endpoint, &ca_pem, &certificate, self.azure.proxies())?;
                Ok(Connected { client, doubt, at, again: None, audience: None })
            }
            User::Entra { server } => {
                let audience = self.server.clone().or(server).unwrap_or_else(|| SERVER_APPLICATION.to_owned());
                let token: Arc<dyn TokenSource> = Arc::clone(&self.token) as _;
                let Watched { client, doubt } =
                    connect_watched(Access { endpoint, ca_pem, token }, self.azure.proxies())?;
                Ok(Connected { client, doubt, at, again: None, audience: Some(audience) })
            }
        }
    }

    async fn look_up(&self, call: &Call, cluster: &ResourceId) -> Result<Kubeconfig, Fault> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Credentials {
            kubeconfigs: Vec<Credential>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Credential {
            value: String,
        }
        let path = format!("{cluster}/listClusterUserCredential?api-version={VERSION}");
        let answer = self.azure.manage(call, LIST, Sent::new(Method::Post, path)).await?;
        let credentials: Credentials = answer.json()?;
        let unusable =
            |why: &str| Fault::new(FaultClass::Invalid, LIST, format!("the kubeconfig cannot be used: {why}"));
        let first = credentials.kubeconfigs.first().ok_or_else(|| unusable("there is none"))?;
        Kubeconfig::parse(&first.value).map_err(unusable)
    }
}

#[async_trait]
impl Connector for AksConnector {
    async fn client(&self, call: &Call) -> Result<Client, Fault> {
        let connected = self.connected(call).await?;
        if let Some(audience) = &connected.audience {
            if self.token.refused.swap(false, Ordering::Relaxed) {
                self.azure.forget_tokens();
            }
            let token = self.azure.token(call, audience).await?;
            *self.token.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        }
        Ok(connected.client)
    }
}

#[cfg(test)]
mod tests;
