//! The token that an EKS cluster accepts: a signed request to STS that is never sent by us.
//!
//! The cluster sends it, and STS answers who signed. Made locally, so it costs no call and needs no STS to be made.
//! (aws-iam-authenticator, `pkg/token/token.go`.)

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider},
};
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningError, SigningSettings, sign},
    sign::v4::{self, signing_params},
};
use aws_smithy_runtime_api::client::identity::Identity;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use holdfast_core::{
    Call, Clock, Fault, FaultClass, Timestamp,
    clock::later,
    fault::{quoted, with_causes},
};
use holdfast_kubernetes::connect::TokenSource;

use crate::{fault::of_credentials, sdk::BEFORE_THE_END};

const CALL: &str = "sts:GetCallerIdentity";
const ASSUME: &str = "sts:AssumeRole";

/// What marks the token's kind.
const PREFIX: &str = "k8s-aws-v1.";

/// The header that binds a token to one cluster.
const CLUSTER_HEADER: &str = "x-k8s-aws-id";

/// `X-Amz-Expires`. The cluster ignores it (a token lives for 15 minutes), but refuses more than 900.
const EXPIRES: Duration = Duration::from_secs(60);

/// A token is used for this long: two thirds of its life, which leaves room for clocks that differ.
const USED_FOR: Duration = Duration::from_secs(600);

/// Makes tokens for one cluster and keeps the newest.
pub struct EksToken {
    credentials: Mutex<Option<Credentials>>,
    /// Who gives the credentials, where they are those of a role and end.
    role: Option<SharedCredentialsProvider>,
    region: String,
    cluster: String,
    clock: Arc<dyn Clock>,
    newest: Mutex<Option<Made>>,
}

struct Made {
    at: Timestamp,
    token: String,
}

impl EksToken {
    /// Tokens for `cluster` in `region`, signed with `credentials` at the time of `clock`.
    pub fn new(
        credentials: Credentials,
        region: impl Into<String>,
        cluster: impl Into<String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            credentials: Mutex::new(Some(credentials)),
            role: None,
            region: region.into(),
            cluster: cluster.into(),
            clock,
            newest: Mutex::new(None),
        }
    }

    /// The same, signed with what `role` gives: see [`prepare`](Self::prepare).
    pub fn under(self, role: SharedCredentialsProvider) -> Self {
        Self { credentials: Mutex::new(None), role: Some(role), ..self }
    }

    /// Asks for the role's credentials where there are none, or where they end soon. To be called before requests are made;
    /// it costs a call once an hour. While the role cannot be had, credentials that have not ended stay in use.
    ///
    /// # Errors
    /// When there are no credentials.
    pub async fn prepare(&self, call: &Call) -> Result<(), Fault> {
        let Some(role) = &self.role else { return Ok(()) };
        if self.lasts_beyond(later(call.clock.now(), BEFORE_THE_END)) {
            return Ok(());
        }
        let asked = async {
            role.provide_credentials().await.map_err(|error| match of_credentials(&error) {
                Some(fault) => Fault::new(fault.class, ASSUME, fault.message.clone()),
                None => Fault::new(FaultClass::Server, ASSUME, with_causes(&error)),
            })
        };
        match call.once(ASSUME, asked).await {
            Ok(credentials) => {
                *self.credentials.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials);
                self.refused();
                Ok(())
            }
            Err(fault) if self.lasts_beyond(call.clock.now()) => {
                tracing::warn!(call = fault.call, "the role's credentials stay in use: {}", fault.message);
                Ok(())
            }
            Err(fault) => Err(fault),
        }
    }

    fn lasts_beyond(&self, time: Timestamp) -> bool {
        let held = self.credentials.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().is_some_and(|held| held.expiry().is_none_or(|end| end > SystemTime::from(time)))
    }

    /// A new token.
    fn make(&self, now: Timestamp) -> Result<String, Fault> {
        let held = self.credentials.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let held =
            held.ok_or_else(|| Fault::new(FaultClass::Server, ASSUME, "the role's credentials are not there"))?;
        let url = presigned(&held, &self.region, &self.cluster, now.into(), &sts_host(&self.region)?)
            .map_err(|error| Fault::new(FaultClass::Invalid, CALL, format!("no token could be signed: {error}")))?;
        Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(url)))
    }
}

impl TokenSource for EksToken {
    fn token(&self) -> Result<String, Fault> {
        let now = self.clock.now();
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = newest.as_ref().filter(|made| made.at <= now && now < later(made.at, USED_FOR)) {
            return Ok(made.token.clone());
        }
        let token = self.make(now)?;
        *newest = Some(Made { at: now, token: token.clone() });
        Ok(token)
    }

    fn refused(&self) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The regional STS host of the region's partition, from the SDK's own data; clusters know no endpoint that was moved, so
/// the environment has no say in it. Nothing is sent.
fn sts_host(region: &str) -> Result<String, Fault> {
    let unknown = || {
        let message = format!("there is no STS host for the region {:?}; allowed is a region's id", quoted(region));
        Fault::new(FaultClass::Invalid, CALL, message)
    };
    let params = Params::builder().region(region).build().map_err(|_| unknown())?;
    // The data is in the program, so the future never waits.
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).now_or_never().and_then(Result::ok);
    let url: http::Uri = endpoint.ok_or_else(unknown)?.url().parse().map_err(|_| unknown())?;
    url.host().map(str::to_owned).ok_or_else(unknown)
}

/// The signed URL. Its text is signed: it must not be rewritten afterwards.
fn presigned(
    credentials: &Credentials,
    region: &str,
    cluster: &str,
    time: SystemTime,
    host: &str,
) -> Result<String, String> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(EXPIRES);
    let identity = Identity::from(credentials.clone());
    let params: v4::SigningParams<'_, SigningSettings> = signing_params::Builder::default()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(time)
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?;
    let url = format!("https://{host}/?Action=GetCallerIdentity&Version=2011-06-15");
    let headers = [("host", host), (CLUSTER_HEADER, cluster)];
    let unsigned = |error: SigningError| with_causes(&error);
    let request = SignableRequest::new("GET", url.as_str(), headers.into_iter(), SignableBody::empty());
    let (instructions, _) = sign(request.map_err(unsigned)?, &params.into()).map_err(unsigned)?.into_parts();
    let mut request = http::Request::get(&url).body(()).map_err(|error| error.to_string())?;
    instructions.apply_to_request_http1x(&mut request);
    Ok(request.uri().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, at, clock_at};

    /// Signed alike by botocore and aws-sigv4 for the same instant.
    const UNSIGNED: &str = "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15\
        &X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIDEXAMPLE%2F20260101%2Fus-west-2%2Fsts%2Faws4_request&X-Amz-Date=20260101T000000Z\
        &X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id";
    const SIGNATURE: &str = "8a16ff69737a21077b35a180c6dd88291b8938e24f18619221ea97cadf01313b";
    const SIGNATURE_WITH_SESSION: &str = "042e882eb60ab4e8baff59f8f7e1c75d1cce3c77ebe1f55094c20c59e8e0ea77";

    fn tokens(session: Option<&str>) -> (EksToken, Arc<crate::testing::TestClock>) {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let credentials = Credentials::new("AKIDEXAMPLE", secret, session.map(str::to_owned), None, "test");
        let clock = clock_at(NOW);
        (EksToken::new(credentials, "us-west-2", "demo-cluster", clock.clone()), clock)
    }

    fn url(token: &str) -> String {
        let encoded = token.strip_prefix(PREFIX).expect("the prefix");
        String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).expect("base64 without padding")).expect("text")
    }

    #[test]
    fn the_token_is_the_one_that_botocore_makes() {
        let url = url(&tokens(None).0.token().expect("a token"));
        assert_eq!(url, format!("{UNSIGNED}&X-Amz-Signature={SIGNATURE}"));
    }

    #[test]
    fn a_session_is_signed_with_it() {
        let url = url(&tokens(Some("SESSION/TOKEN+==")).0.token().expect("a token"));
        assert!(url.contains(&format!("X-Amz-Signature={SIGNATURE_WITH_SESSION}")), "{url}");
        assert!(url.contains("X-Amz-Security-Token=SESSION%2FTOKEN%2B%3D%3D"), "{url}");
    }

    #[test]
    fn a_token_is_kept_for_ten_minutes_and_then_made_anew() {
        let (tokens, clock) = tokens(None);
        let first = tokens.token().expect("a token");
        clock.set(at(NOW + 599));
        assert_eq!(tokens.token().expect("a token"), first);
        clock.set(at(NOW + 600));
        let second = tokens.token().expect("a token");
        assert!(url(&second).contains("X-Amz-Date=20260101T001000Z"));
    }

    #[test]
    fn a_token_that_was_refused_is_made_anew_at_once() {
        let (tokens, clock) = tokens(None);
        let first = tokens.token().expect("a token");
        clock.set(at(NOW + 1));
        assert_eq!(tokens.token().expect("a token"), first);
        tokens.refused();
        assert!(url(&tokens.token().expect("a token")).contains("X-Amz-Date=20260101T000001Z"));
    }

    /// The case `sts-hosts.json`, and a region of every other partition.
    #[test]
    fn the_host_is_the_regions_own_in_every_partition() {
        let case: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/cases/sts-hosts.json")).expect("JSON");
        let named = case["_right"].as_object().expect("hosts").iter().filter(|(name, _)| *name != "kind");
        let others = [
            ("us-east-1", "sts.us-east-1.amazonaws.com"),
            ("cn-northwest-1", "sts.cn-northwest-1.amazonaws.com.cn"),
            ("us-gov-east-1", "sts.us-gov-east-1.amazonaws.com"),
            ("us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"),
            ("eu-isoe-west-1", "sts.eu-isoe-west-1.cloud.adc-e.uk"),
            ("us-isof-south-1", "sts.us-isof-south-1.csp.hci.ic.gov"),
            ("ap-newest-9", "sts.ap-newest-9.amazonaws.com"),
        ];
        let named: Vec<_> = named.map(|(region, host)| (region.as_str(), host.as_str().expect("a host"))).collect();
        assert_eq!(named.len(), 4);
        for (region, host) in named.into_iter().chain(others) {
            assert_eq!(sts_host(region).expect(region), host);
        }
    }

    #[test]
    fn a_region_that_can_be_none_is_refused_with_its_name() {
        for region in ["", "eu west 1", "evil.example/?", "https://x"] {
            let fault = sts_host(region).expect_err(region);
            assert_eq!(fault.class, FaultClass::Invalid);
            assert!(fault.message.contains(&format!("{region:?}")), "{fault}");
        }
    }
}
