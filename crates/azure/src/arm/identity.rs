//! The function's managed identity, which can be told to forget its tokens.
//!
//! `azure_identity` keeps a token until five minutes before its end, whatever was said of it meanwhile: a token that is
//! refused would be used again for hours.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use azure_core::{
    Result,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    http::Transport,
};
use azure_identity::{ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};

/// The identity, behind which a new one is put when its tokens are to be forgotten.
pub(super) struct Identity {
    client_id: Option<String>,
    transport: Transport,
    current: Mutex<Arc<ManagedIdentityCredential>>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl Identity {
    /// The identity of `client_id`, or the system-assigned one. Nothing is sent.
    pub(super) fn new(client_id: Option<String>, transport: Transport) -> Result<Self> {
        let current = Mutex::new(make(client_id.clone(), transport.clone())?);
        Ok(Self { client_id, transport, current })
    }

    /// The next token is asked for, whatever was asked for before.
    pub(super) fn forget(&self) {
        // It could be made at the start, and nothing that it depends on has changed since.
        if let Ok(new) = make(self.client_id.clone(), self.transport.clone()) {
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = new;
        }
    }
}

fn make(client_id: Option<String>, transport: Transport) -> Result<Arc<ManagedIdentityCredential>> {
    ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
        user_assigned_id: client_id.map(UserAssignedId::ClientId),
        client_options: super::once(transport),
    }))
}

#[async_trait]
impl TokenCredential for Identity {
    async fn get_token(&self, scopes: &[&str], options: Option<TokenRequestOptions<'_>>) -> Result<AccessToken> {
        let current = Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner));
        current.get_token(scopes, options).await
    }
}
