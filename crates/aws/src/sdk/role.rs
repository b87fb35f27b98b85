//! A role of another account: temporary credentials from STS.

use std::time::{Duration, SystemTime};

use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, error::CredentialsError, future},
};

use crate::fault::of_sdk;

/// How long before their end credentials are asked for anew at the earliest; the SDK spreads that up to the end. STS gives
/// them for an hour.
pub(crate) const BEFORE_THE_END: Duration = Duration::from_secs(300);

/// A role that calls are made under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// What its trust policy asks for, where it does (`sts:ExternalId`).
    pub external_id: Option<String>,
    /// The name of the session, which CloudTrail of the other account shows: 2 to 64 letters, digits, and `_ + = , . @ -`.
    pub session: String,
}

/// Asks STS for the credentials of a role. The SDK keeps them until shortly before their end.
#[derive(Debug)]
pub(super) struct AssumedRole {
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) role: Role,
}

impl AssumedRole {
    async fn assume(&self) -> provider::Result {
        let Role { arn, external_id, session } = &self.role;
        let asked = self.sts.assume_role().role_arn(arn).role_session_name(session);
        let answer = asked.set_external_id(external_id.clone()).send().await;
        // The fault itself goes along, so that the call that needed the credentials fails by its class.
        let answer = answer.map_err(|error| CredentialsError::provider_error(of_sdk("sts:AssumeRole", &error)))?;
        let given = answer.credentials().ok_or_else(|| CredentialsError::provider_error("STS gave no credentials"))?;
        let end = SystemTime::try_from(*given.expiration()).map_err(CredentialsError::provider_error)?;
        let token = Some(given.session_token().to_owned());
        Ok(Credentials::new(given.access_key_id(), given.secret_access_key(), token, Some(end), "AssumeRole"))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}
