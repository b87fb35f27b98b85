//! Whose keys a call to AWS is signed with: those that AWS's own tools would take (environment, profile, single sign-on,
//! a process, web identity, the machine's role).

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::{Credentials, provider::ProvideCredentials as _};

use crate::command::exit::Stopped;

/// How long a source of credentials may take: a machine without one is asked for its role at an address that may not
/// answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The keys of `profile`, or of whom the environment names.
///
/// # Errors
/// In one line.
pub async fn of_person(profile: Option<&str>, region: &str) -> Result<Credentials, Stopped> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(region.to_owned()));
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    let found = async {
        let config = loader.load().await;
        match config.credentials_provider() {
            Some(provider) => provider.provide_credentials().await.map_err(|error| chain(&error)),
            None => Err("none are configured".to_owned()),
        }
    };
    let found = tokio::time::timeout(PATIENCE, found).await;
    let found = found.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())));
    found.map_err(|why| {
        let hint = "set AWS_PROFILE or --profile, or log in with: aws sso login";
        Stopped::unreached(format!("there are no AWS credentials ({why}); {hint}"))
    })
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    super::reply::cut(&causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}
