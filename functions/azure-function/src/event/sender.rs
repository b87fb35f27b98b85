//! Who sent a call, as far as the host tells it.
//!
//! In its envelope the host tells the name of the key that opened the door; a request that it forwards comes with its
//! headers alone. The headers of App Service's own sign-in (`X-MS-CLIENT-PRINCIPAL-...`) are the platform's word only
//! where that sign-in is on: without it anybody can write them.

use axum::http::HeaderMap;
use holdfast_core::fault::{Limit, quoted_within};
use holdfast_site::json;
use serde_json::Value;

/// The claim that holds a key's name (Azure/azure-functions-host, `SecurityConstants`).
const KEY: &str = "http://schemas.microsoft.com/2017/07/functions/claims/keyid";

/// The headers of the sign-in that name the caller, best first.
const PRINCIPAL: [&str; 2] = ["x-ms-client-principal-name", "x-ms-client-principal-id"];

/// Most identities and claims that are looked through.
const MOST: usize = 100;

/// Who sent a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// The name of the key that opened the door.
    pub key: Option<String>,
    /// The caller's name in the headers of the sign-in.
    pub principal: Option<String>,
}

impl Sender {
    /// Of the host's own account of a request.
    pub(super) fn of_request(request: &Value) -> Self {
        let headers = json::at(request, "/Headers");
        let header = |name: &&str| headers.and_then(|headers| json::at(headers, name)).and_then(one);
        Self { key: key(request), principal: PRINCIPAL.iter().find_map(header) }
    }

    /// The same, with what the headers of a forwarded request tell.
    #[must_use]
    pub fn or_headers(self, headers: &HeaderMap) -> Self {
        let header = |name: &&str| headers.get(*name).and_then(|value| value.to_str().ok()).and_then(name_of);
        Self { principal: self.principal.or_else(|| PRINCIPAL.iter().find_map(header)), ..self }
    }

    /// In words, for the record. `signed_in` says that the platform's sign-in is on.
    pub fn told(&self, invocation: &str, signed_in: bool) -> String {
        let mut told = format!("Functions invocation {}", quoted_within(invocation, Limit::Value));
        match &self.key {
            Some(key) => told.push_str(&format!(", key {key:?}")),
            None => told.push_str(", the key's name is not told"),
        }
        match &self.principal {
            Some(name) if signed_in => told.push_str(&format!(", signed in as {name:?}")),
            Some(name) => told.push_str(&format!(", claims to be {name:?}")),
            None => {}
        }
        quoted_within(&told, Limit::Caller)
    }
}

/// The key's name among the identities, which are a list, or a list in text.
fn key(request: &Value) -> Option<String> {
    let identities = json::at(request, "/Identities")?;
    let read = identities.as_str().and_then(|text| json::read(text.as_bytes()).ok()).map(|document| document.value);
    let identities = read.as_ref().unwrap_or(identities).as_array()?;
    let claims =
        identities.iter().take(MOST).filter_map(|identity| json::at(identity, "/Claims")?.as_array()).flatten();
    let is_key = |claim: &&Value| json::at(claim, "/Type").and_then(Value::as_str) == Some(KEY);
    let claim = claims.take(MOST).find(is_key)?;
    name_of(json::at(claim, "/Value")?.as_str()?)
}

/// The only value of a header, which is a text or a list with one.
fn one(value: &Value) -> Option<String> {
    name_of(value.as_str().or_else(|| value.as_array()?.first()?.as_str())?)
}

fn name_of(text: &str) -> Option<String> {
    let name = quoted_within(text, Limit::Value);
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn identities(key: &str) -> Value {
        json!([
            {"AuthenticationType": "aad", "Claims": [{"Type": "name", "Value": "x"}]},
            {"AuthenticationType": "WebJobsAuthLevel", "IsAuthenticated": true, "Claims": [
                {"Type": "http://schemas.microsoft.com/2017/07/functions/claims/authlevel", "Value": "Function"},
                {"Issuer": "LOCAL AUTHORITY", "Type": KEY, "Value": key},
            ]},
        ])
    }

    #[test]
    fn the_name_of_the_key_is_read_from_a_list_and_from_a_list_in_text() {
        for identities in [identities("on-call"), Value::String(identities("on-call").to_string())] {
            let sender = Sender::of_request(&json!({"Identities": identities, "Headers": {}}));
            assert_eq!(sender.key.as_deref(), Some("on-call"));
            assert!(sender.told("id-1", false).contains("invocation id-1, key \"on-call\""));
        }
        for none in [json!([]), json!("[]"), json!("x"), json!(null), json!([{"Claims": 7}]), json!([null])] {
            assert_eq!(Sender::of_request(&json!({"Identities": none})), Sender::default(), "{none}");
        }
        assert!(Sender::default().told("id-1", false).contains("is not told"));
    }

    #[test]
    fn a_name_in_a_header_is_a_claim_unless_the_platform_signs_callers_in() {
        let sender = Sender::of_request(&json!({"Headers": {"X-MS-CLIENT-PRINCIPAL-NAME": ["alice@example.com"]}}));
        assert!(sender.told("1", false).contains("claims to be \"alice@example.com\""));
        assert!(sender.told("1", true).contains("signed in as \"alice@example.com\""));
        let mut headers = HeaderMap::new();
        headers.insert("x-ms-client-principal-id", HeaderValue::from_static("1234"));
        assert_eq!(Sender::default().or_headers(&headers).principal.as_deref(), Some("1234"));
        assert_eq!(sender.clone().or_headers(&headers), sender, "what the host told comes first");
        headers.insert("x-ms-client-principal-name", HeaderValue::from_bytes(b"\xff").expect("bytes"));
        assert_eq!(Sender::default().or_headers(&headers).principal.as_deref(), Some("1234"));
    }

    #[test]
    fn the_account_of_a_caller_is_short_and_on_one_line() {
        let long = format!("eve\u{202e}\n{}", "x".repeat(100_000));
        let request = json!({"Identities": identities(&long), "Headers": {"x-ms-client-principal-name": long}});
        let told = Sender::of_request(&request).told(&"i".repeat(5000), false);
        assert!(told.chars().count() <= 200 && !told.contains(['\n', '\u{202e}']), "{told}");
    }
}
