//! A signed call of a function on OCI (docs/reference/oci.md#function-limits).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use holdfast_core::Timestamp;
use holdfast_http::{Client, Wanted};
use holdfast_oci::{
    client::{Sent, signed},
    identity::Identity,
    signer::Signer,
};
use holdfast_site_file::parts::OciFunction;
use http::{Response, StatusCode, Uri};
use serde_json::Value;

use super::{Environment, LONGEST, reply};
use crate::command::{args::Errand, exit::Stopped};

/// The name of the call in faults.
const INVOKE: &str = "functions:InvokeFunction";

/// A function on OCI.
pub struct Oci {
    client: Client,
    uri: Uri,
    signer: Arc<Signer>,
    kind: &'static str,
    wait: Duration,
}

impl Oci {
    /// The function of the site file, called with the profile of the configuration file of OCI's own tools. The files are read now.
    ///
    /// # Errors
    /// In one line: no address, no OCID, no profile, or a key that cannot be used.
    pub fn open(
        client: Client,
        function: &OciFunction,
        profile: Option<&str>,
        wait: Duration,
        environment: &Environment,
    ) -> Result<Self, Stopped> {
        let uri = address(function)?;
        let variable = |name: &str| match (name, profile) {
            ("OCI_CLI_PROFILE", Some(profile)) => Some(profile.to_owned()),
            _ => environment.get(name).cloned(),
        };
        let none = |why: String| Stopped::unreached(format!("no credentials of OCI: {why}"));
        let (identity, _) = Identity::from_environment(&variable).map_err(|why| none(why.to_string()))?;
        let signer = identity.signer().map_err(|fault| none(fault.to_string()))?;
        Ok(Self { client, uri, signer, kind: identity.kind(), wait })
    }

    /// Where it is, and with what it is called.
    pub fn describe(&self) -> String {
        format!("function at {}, with the {}", self.uri.host().unwrap_or_default(), self.kind)
    }

    /// Calls it and waits for its answer.
    ///
    /// # Errors
    /// In one line.
    pub async fn ask(&self, errand: &Errand) -> Result<Value, Stopped> {
        let sent = Sent::post(self.uri.path(), &errand.payload()).with("fn-invoke-type", "sync");
        #[allow(clippy::disallowed_methods, reason = "OCI goes by the wall clock")]
        let request = signed(INVOKE, &self.signer, &self.uri, &sent, Timestamp::now())
            .map_err(|fault| Stopped::ours(format!("the call cannot be signed: {}", fault.message)))?;
        let failed = |why: String| Stopped::unreached(format!("the {} could not be asked: {why}", self.describe()));
        let asked = self.client.pooled(request, Wanted::Body { longest: LONGEST });
        let answer = tokio::time::timeout(self.wait, asked)
            .await
            .map_err(|_| failed(format!("no answer within {} s", self.wait.as_secs())))?
            .map_err(|failure| failed(holdfast_core::fault::with_causes(&failure)))?;
        self.read(&answer)
    }

    /// What it answered. Where the function said that it wants to be called again, the service says so with an error, and the
    /// answer is its message.
    fn read(&self, answer: &Response<Bytes>) -> Result<Value, Stopped> {
        let document: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if answer.status() == StatusCode::OK {
            return Ok(document);
        }
        let message = document["message"].as_str().unwrap_or_default();
        let inner = || serde_json::from_str::<Value>(message).ok().filter(|inner| inner["outcome"].is_string());
        if let Some(said) = Some(&document).filter(|said| said["outcome"].is_string()).cloned().or_else(inner) {
            return Ok(said);
        }
        let hint = match answer.status() {
            StatusCode::UNAUTHORIZED => "; the key of the profile is not taken",
            StatusCode::NOT_FOUND => {
                "; look at function.oci-function in the site file, or this user may not call it (use fn-invocation)"
            }
            _ => "",
        };
        let (status, code) = (answer.status().as_u16(), document["code"].as_str().unwrap_or("no code"));
        Err(Stopped::unreached(reply::cut(&format!(
            "the {} was not called: HTTP {status}, {code} {message}{hint}",
            self.describe()
        ))))
    }
}

/// Where the function is called.
fn address(function: &OciFunction) -> Result<Uri, Stopped> {
    let is_id = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !function.id.starts_with("ocid1.fnfunc.") || !function.id.chars().all(is_id) {
        return Err(Stopped::usage(format!("function.oci-function.id: {:?} is no OCID of a function", function.id)));
    }
    let base = function.endpoint.trim_end_matches('/');
    let uri = format!("{base}/20181201/functions/{}/actions/invoke", function.id).parse::<Uri>().ok();
    let is_plain = |uri: &Uri| uri.scheme_str() == Some("https") && uri.host().is_some() && uri.query().is_none();
    let no_user = |uri: &Uri| uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    uri.filter(|uri| is_plain(uri) && no_user(uri)).ok_or_else(|| {
        Stopped::usage("function.oci-function.endpoint: an https address without a query is needed".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_called_at_its_endpoint_and_nothing_else_is_taken_for_one() {
        let of = |id: &str, endpoint: &str| {
            let (id, endpoint) = (id.to_owned(), endpoint.to_owned());
            address(&OciFunction { id, endpoint, ..OciFunction::default() }).map(|uri| uri.to_string())
        };
        let (id, at) = ("ocid1.fnfunc.oc1.iad.x", "https://x.us-ashburn-1.functions.oci.oraclecloud.com/");
        let expected = format!("{at}20181201/functions/{id}/actions/invoke");
        assert_eq!(of(id, at).as_deref(), Ok(expected.as_str()));
        for (id, at) in [
            ("ocid1.cluster.oc1.iad.x", at),
            ("ocid1.fnfunc.oc1/../x", at),
            (id, "http://x"),
            (id, "https://u@x"),
            (id, ""),
        ] {
            assert!(of(id, at).is_err(), "{id} {at}");
        }
    }
}
