//! Who the function is on Azure, and an identity that can be told to forget its tokens.
//!
//! `azure_identity` keeps a token until five minutes before its end, whatever was said of it meanwhile: a token that is
//! refused would be used again for hours.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use azure_core::{
    Result,
    cloud::CustomConfiguration,
    credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions},
    http::{ClientOptions, Transport},
};
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};

/// Who the function is on Azure.
#[derive(Clone, Debug, PartialEq)]
pub enum Credential {
    /// The identity that the platform offers: on Azure.
    Managed {
        /// The client id of a user-assigned identity; `None` for the system-assigned one.
        client_id: Option<String>,
    },
    /// An application of Entra: outside of Azure.
    Application {
        /// Its tenant.
        tenant_id: String,
        /// Its client id.
        client_id: String,
        /// What it proves itself by.
        proof: Proof,
        /// Where it asks for tokens, `https`; the public cloud's address where it is not set.
        authority: Option<String>,
    },
}

/// What an application proves itself by.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof {
    /// A secret, which is in no debug output.
    Secret(Secret),
    /// A file with a token of another issuer that Entra trusts; read anew for each token.
    TokenFile(PathBuf),
}

impl Default for Credential {
    fn default() -> Self {
        Self::Managed { client_id: None }
    }
}

/// The identity, behind which a new one is put when its tokens are to be forgotten.
pub(super) struct Identity {
    credential: Credential,
    transport: Transport,
    current: Mutex<Arc<dyn TokenCredential>>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("credential", &self.credential).finish_non_exhaustive()
    }
}

impl Identity {
    /// The identity that `credential` describes. Nothing is sent.
    pub(super) fn new(credential: Credential, transport: Transport) -> Result<Self> {
        let current = Mutex::new(make(&credential, transport.clone())?);
        Ok(Self { credential, transport, current })
    }

    /// The next token is asked for, whatever was asked for before.
    pub(super) fn forget(&self) {
        // It could be made at the start, and nothing that it depends on has changed since.
        if let Ok(new) = make(&self.credential, self.transport.clone()) {
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = new;
        }
    }
}

fn make(credential: &Credential, transport: Transport) -> Result<Arc<dyn TokenCredential>> {
    match credential.clone() {
        Credential::Managed { client_id } => {
            let options = ManagedIdentityCredentialOptions {
                user_assigned_id: client_id.map(UserAssignedId::ClientId),
                client_options: super::once(transport),
            };
            Ok(ManagedIdentityCredential::new(Some(options))?)
        }
        Credential::Application { tenant_id, client_id, proof, authority } => {
            let client_options = at(authority, super::once(transport));
            match proof {
                Proof::Secret(secret) => {
                    let options = ClientSecretCredentialOptions { client_options };
                    Ok(ClientSecretCredential::new(&tenant_id, client_id, secret, Some(options))?)
                }
                Proof::TokenFile(path) => {
                    let options = WorkloadIdentityCredentialOptions {
                        credential_options: ClientAssertionCredentialOptions { client_options },
                        client_id: Some(client_id),
                        tenant_id: Some(tenant_id),
                        token_file_path: Some(path),
                    };
                    Ok(WorkloadIdentityCredential::new(Some(options))?)
                }
            }
        }
    }
}

/// The options with another authority. Without one the SDK takes the public cloud's.
fn at(authority: Option<String>, options: ClientOptions) -> ClientOptions {
    let Some(authority_host) = authority else { return options };
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = authority_host;
    ClientOptions { cloud: Some(Arc::new(cloud.into())), ..options }
}

#[async_trait]
impl TokenCredential for Identity {
    async fn get_token(&self, scopes: &[&str], options: Option<TokenRequestOptions<'_>>) -> Result<AccessToken> {
        let current = Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner));
        current.get_token(scopes, options).await
    }
}
