//! What the process environment says to the SDK: credentials and endpoints. Nothing else is asked: no profile
//! file, no instance metadata.

use aws_credential_types::Credentials;
use tracing::warn;

/// No credentials in the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must both be set and not empty; Lambda sets them from the function's role"
)]
pub struct MissingCredentials;

/// The services that we call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Health checks.
    Route53,
    /// Metrics.
    CloudWatch,
    /// Parameter Store.
    Ssm,
    /// The cluster's address.
    Eks,
    /// Roles of other accounts.
    Sts,
    /// The topic by which people are told.
    Sns,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 6] = [Self::Route53, Self::CloudWatch, Self::Ssm, Self::Eks, Self::Sts, Self::Sns];

    /// The variable that moves its endpoint: the service's id in upper case, blanks as underscores, as in every
    /// AWS SDK. Mind that Route 53's id is `Route 53`.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Route53 => "AWS_ENDPOINT_URL_ROUTE_53",
            Self::CloudWatch => "AWS_ENDPOINT_URL_CLOUDWATCH",
            Self::Ssm => "AWS_ENDPOINT_URL_SSM",
            Self::Eks => "AWS_ENDPOINT_URL_EKS",
            Self::Sts => "AWS_ENDPOINT_URL_STS",
            Self::Sns => "AWS_ENDPOINT_URL_SNS",
        }
    }
}

/// Endpoints that were moved away from AWS's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    moved: [Option<String>; 6],
}

impl Endpoints {
    /// As AWS's SDKs read them: the service's own variable, else `AWS_ENDPOINT_URL`, and none at all when
    /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is true.
    fn read(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        if is_true(variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) {
            return Self::default();
        }
        let set = |name: &str| variable(name).filter(|url| !url.trim().is_empty());
        let moved = Service::ALL.map(|service| set(service.variable()).or_else(|| set("AWS_ENDPOINT_URL")));
        Self { moved }
    }

    /// Where `service` was moved to, if it was.
    pub fn of(&self, service: Service) -> Option<&str> {
        self.moved.get(service as usize)?.as_deref()
    }

    /// One warning that names what was moved; nothing when nothing was.
    pub(super) fn warn_of_overrides(&self) {
        let named = |service: Service| self.of(service).map(|url| format!("{service:?}={}", without_user_info(url)));
        let moved: Vec<String> = Service::ALL.into_iter().filter_map(named).collect();
        if !moved.is_empty() {
            warn!(endpoints = moved.join(" "), "AWS endpoints are overridden by the environment");
        }
    }
}

/// A URL without a user name or password in it.
fn without_user_info(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => url.to_owned(),
    }
}

/// What the environment says.
#[derive(Clone, Debug)]
pub struct Environment {
    /// What requests are signed with.
    pub credentials: Credentials,
    /// Endpoints that were moved.
    pub endpoints: Endpoints,
    /// `AWS_USE_FIPS_ENDPOINT`.
    pub fips: bool,
    /// `AWS_USE_DUALSTACK_ENDPOINT`.
    pub dual_stack: bool,
}

impl Environment {
    /// Reads variables from `variable`, once: on Lambda they do not change for the life of the process, because a
    /// sandbox is replaced before its credentials expire.
    ///
    /// # Errors
    /// [`MissingCredentials`].
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, MissingCredentials> {
        let set = |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let key = set("AWS_ACCESS_KEY_ID").ok_or(MissingCredentials)?;
        let secret = set("AWS_SECRET_ACCESS_KEY").ok_or(MissingCredentials)?;
        Ok(Self {
            credentials: Credentials::new(key, secret, set("AWS_SESSION_TOKEN"), None, "environment"),
            endpoints: Endpoints::read(variable),
            fips: is_true(variable("AWS_USE_FIPS_ENDPOINT")),
            dual_stack: is_true(variable("AWS_USE_DUALSTACK_ENDPOINT")),
        })
    }
}

/// A switch of the SDKs: on when it says `true`, in any case.
fn is_true(value: Option<String>) -> bool {
    value.is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Environment, MissingCredentials> {
        let keys = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "secret")];
        let find = |name: &str| set.iter().chain(&keys).find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Environment::read(&find)
    }

    #[test]
    fn credentials_must_be_there_and_not_empty() {
        assert!(read(&[]).is_ok());
        assert!(read(&[("AWS_SECRET_ACCESS_KEY", " ")]).is_err());
        assert!(read(&[("AWS_ACCESS_KEY_ID", "")]).is_err());
    }

    #[test]
    fn a_services_own_variable_wins_over_the_common_one() -> Result<(), MissingCredentials> {
        let set = [("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("AWS_ENDPOINT_URL_ROUTE_53", "http://127.0.0.1:2")];
        let endpoints = read(&set)?.endpoints;
        assert_eq!(endpoints.of(Service::Route53), Some("http://127.0.0.1:2"));
        assert_eq!(endpoints.of(Service::Eks), Some("http://127.0.0.1:1"));
        assert_eq!(read(&[("AWS_ENDPOINT_URL_ROUTE53", "http://127.0.0.1:2")])?.endpoints, Endpoints::default());
        Ok(())
    }

    #[test]
    fn moved_endpoints_can_be_ignored() -> Result<(), MissingCredentials> {
        let set = [("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True")];
        assert_eq!(read(&set)?.endpoints, Endpoints::default());
        Ok(())
    }

    #[test]
    fn no_password_of_a_url_reaches_the_log() {
        assert_eq!(without_user_info("https://me:secret@host:1/p@th"), "https://host:1/p@th");
        assert_eq!(without_user_info("http://127.0.0.1:4566"), "http://127.0.0.1:4566");
    }

    #[test]
    fn secrets_are_not_in_the_debug_output() -> Result<(), MissingCredentials> {
        let shown = format!("{:?}", read(&[("AWS_SECRET_ACCESS_KEY", "hush"), ("AWS_SESSION_TOKEN", "hush")])?);
        assert!(!shown.contains("hush"), "{shown}");
        Ok(())
    }
}
