//! The token that a cluster accepts: a signed request to OKE that is never sent by us (docs/reference/oci.md#oke). Made on this machine, so
//! it costs no call.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE};
use holdfast_core::{Clock, Fault, FaultClass, Timestamp, clock::later};
use holdfast_kubernetes::connect::TokenSource;

use crate::{
    client::Oci,
    ocid::Ocid,
    signer::{Signer, Unsigned, date},
};

const CALL: &str = "oke:MakeToken";

/// A token is used for this long. It is good for as long as its date is near enough to the cluster's own clock (5 minutes);
/// the rest is for clocks that differ.
const USED_FOR: Duration = Duration::from_secs(120);

/// Makes tokens for one cluster and keeps the newest.
pub struct OkeToken {
    oci: Arc<Oci>,
    cluster: Ocid,
    region: String,
    clock: Arc<dyn Clock>,
    newest: Mutex<Option<Made>>,
}

struct Made {
    at: Timestamp,
    signer: Arc<Signer>,
    token: String,
}

impl OkeToken {
    /// Tokens for `cluster` in `region`, at the time of `clock`.
    pub fn new(oci: Arc<Oci>, cluster: Ocid, region: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self { oci, cluster, region: region.into(), clock, newest: Mutex::new(None) }
    }

    /// The host that clusters ask who signed. It has no `oci` in it, and no endpoint that was moved changes it: the cluster
    /// knows only this one.
    fn host(&self) -> Result<String, Fault> {
        Ok(format!("containerengine.{}.{}", self.region, self.oci.endpoints().domain(CALL)?))
    }
}

impl TokenSource for OkeToken {
    fn token(&self) -> Result<String, Fault> {
        let (now, signer) = (self.clock.now(), self.oci.signer()?);
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let fits =
            |made: &&Made| made.at <= now && now < later(made.at, USED_FOR) && Arc::ptr_eq(&made.signer, &signer);
        if let Some(made) = newest.as_ref().filter(fits) {
            return Ok(made.token.clone());
        }
        let token = made(&signer, &self.host()?, &self.cluster, now)?;
        *newest = Some(Made { at: now, signer, token: token.clone() });
        Ok(token)
    }

    fn refused(&self) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The signed address, in the form that the CLI gives it.
fn made(signer: &Signer, host: &str, cluster: &Ocid, now: Timestamp) -> Result<String, Fault> {
    let (target, date) = (format!("/cluster_request/{cluster}"), date(now));
    let request = Unsigned { method: "get", target: &target, host, date: &date, content: None };
    let signed = signer.authorization(&request);
    let signed = signed.map_err(|error| Fault::new(FaultClass::Invalid, CALL, error.to_string()))?;
    let address = format!("https://{host}{target}?authorization={}&date={}", encoded(&signed), encoded(&date));
    Ok(URL_SAFE.encode(address))
}

/// Text as forms encode it, and as Python's `urlencode` does: a blank is `+`.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::{
        endpoint::{Endpoints, Moved},
        identity::Identity,
        testing::{KEY, NOW, TestClock, at, clock_at, vector},
    };

    const SESSION: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0Iiwic2NvcGUiOiJ0ZXN0LW9ubHkifQ.c2ln";

    fn tokens(token: &str, moved: Moved) -> (OkeToken, Arc<TestClock>) {
        let token = token.to_owned();
        let (identity, _) = Identity::from_environment(&|name| match name {
            "OCI_RESOURCE_PRINCIPAL_VERSION" => Some("2.2".to_owned()),
            "OCI_RESOURCE_PRINCIPAL_RPST" => Some(token.clone()),
            "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM" => Some(KEY.to_owned()),
            _ => None,
        })
        .expect("an identity");
        let endpoints = Endpoints::new("oc1", moved);
        let options =
            crate::Options { identity: identity.into(), endpoints, proxies: holdfast_http::Proxies::default() };
        let cluster = Ocid::parse("ocid1.cluster.oc1.us-chicago-1.aaaatestcluster").expect("an id");
        let clock = clock_at(NOW);
        (OkeToken::new(Arc::new(Oci::new(options)), cluster, "us-chicago-1", clock.clone()), clock)
    }

    /// The token of docs/reference/oci.md#request-signatures, made by the CLI's own code; a moved endpoint has no say in it.
    #[test]
    fn the_token_is_the_one_that_the_cli_makes() {
        let moved = Moved::read(&|name| name.ends_with("CONTAINER_ENGINE").then(|| "http://127.0.0.1:1".to_owned()));
        for moved in [Moved::default(), moved.expect("loopback")] {
            assert_eq!(tokens(SESSION, moved).0.token().expect("a token"), vector("token"));
        }
    }

    #[test]
    fn a_token_is_kept_for_two_minutes_and_made_anew_when_it_was_refused() {
        let (tokens, clock) = tokens(SESSION, Moved::default());
        let set = |second| *clock.0.lock().expect("not poisoned") = at(NOW + second);
        let first = tokens.token().expect("a token");
        set(119);
        assert_eq!(tokens.token().expect("a token"), first);
        set(120);
        let second = tokens.token().expect("a token");
        assert_ne!(second, first);
        set(121);
        assert_eq!(tokens.token().expect("a token"), second);
        tokens.refused();
        assert_ne!(tokens.token().expect("a token"), second);
    }

    #[test]
    fn a_token_of_an_identity_that_was_renewed_is_not_used_again() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("rpst");
        std::fs::write(&path, SESSION).expect("written");
        let (tokens, _) = tokens(path.to_str().expect("a path"), Moved::default());
        assert_eq!(tokens.token().expect("a token"), vector("token"));
        std::fs::write(&path, "OTHER").expect("written");
        assert_ne!(tokens.token().expect("a token"), vector("token"));
    }

    #[test]
    fn text_is_encoded_as_forms_are() {
        assert_eq!(encoded("a B~\"é+"), "a+B~%22%C3%A9%2B");
    }
}
