//! Reviews of EKS bearer tokens: a presigned `sts:GetCallerIdentity` URL in base64url behind `k8s-aws-v1.`.
//!
//! The rules are those of aws-iam-authenticator (form of the URL) and of STS (the signature, which is recomputed
//! here because the secret key is known). Source: docs/reference/aws.md#eks-tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::request::decode;
use super::signature::{Presigned, sign};

/// What every token starts with.
const PREFIX: &str = "k8s-aws-v1.";
/// Longest token that the authenticator reads, in bytes.
const LONGEST_TOKEN: usize = 4096;
/// How long after (and, for STS, before) its date a token is good, in seconds: 15 minutes.
const LIFE_S: i64 = 15 * 60;
/// Largest `X-Amz-Expires`, in seconds.
const LONGEST_EXPIRY_S: i64 = 900;
/// The header that ties a token to one cluster; it must be among the signed ones.
const CLUSTER_HEADER: &str = "x-k8s-aws-id";
/// The query keys that a token may carry, in lower case.
const ALLOWED_KEYS: [&str; 9] = [
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// Whose tokens are taken, for which cluster, and who their bearer then is.
#[derive(Clone)]
pub struct TokenPolicy {
    /// EKS cluster name, the value of `x-k8s-aws-id`.
    pub cluster_name: String,
    /// Region of the cluster, and so of the STS host that must be named.
    pub region: String,
    /// Access key id of the one principal that has an access entry.
    pub access_key: String,
    /// Its secret key.
    pub secret_key: String,
    /// Username of the access entry.
    pub user: String,
    /// Kubernetes groups of the access entry.
    pub groups: Vec<String>,
}

/// Who a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Kubernetes username.
    pub user: String,
    /// Kubernetes groups.
    pub groups: Vec<String>,
}

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a `k8s-aws-v1.` token, too long, or no URL inside.
    #[error("token is malformed: {0}")]
    Malformed(&'static str),
    /// The URL is not one that the authenticator would follow.
    #[error("unexpected {part} in pre-signed URL: {value}")]
    Unexpected {
        /// Which part of the URL.
        part: &'static str,
        /// What stood there.
        value: String,
    },
    /// A parameter that must be there is not.
    #[error("{0} must be present in pre-signed URL")]
    Missing(&'static str),
    /// The date is too long ago or too far ahead.
    #[error("X-Amz-Date is outside its 15 minutes: {0}")]
    Expired(String),
    /// Signed for another cluster, by another key or with another secret: STS would answer 403.
    #[error("sts refuses the signature: {0}")]
    Signature(&'static str),
}

/// Says who bears `token` at the instant `now`.
///
/// # Errors
/// The first rule that the token breaks.
pub fn review(token: &str, now: Timestamp, policy: &TokenPolicy) -> Result<Identity, TokenError> {
    let url = decode_token(token)?;
    let query = url_query(&url, policy)?;
    let pairs = parameters(query)?;
    let get = |wanted: &'static str| {
        let found = pairs.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.as_str()).ok_or(TokenError::Missing(wanted))
    };
    expect("action", get("Action")?, "GetCallerIdentity")?;
    expect("version", get("Version")?, "2011-06-15")?;
    expect("algorithm", get("X-Amz-Algorithm")?, "AWS4-HMAC-SHA256")?;
    let signed_headers = get("X-Amz-SignedHeaders")?;
    if !signed_headers.split(';').any(|header| header == CLUSTER_HEADER) {
        return Err(TokenError::Unexpected { part: "signed headers", value: signed_headers.to_owned() });
    }
    check_expiry(get("X-Amz-Expires")?)?;
    check_date(get("X-Amz-Date")?, now)?;
    let host = sts_host(policy);
    check_signature(
        &Presigned {
            pairs: &pairs,
            headers: &[("host", &host), (CLUSTER_HEADER, &policy.cluster_name)],
            signed_headers,
            credential: get("X-Amz-Credential")?,
            date: get("X-Amz-Date")?,
        },
        get("X-Amz-Signature")?,
        policy,
    )?;
    Ok(Identity { user: policy.user.clone(), groups: policy.groups.clone() })
}

fn decode_token(token: &str) -> Result<String, TokenError> {
    if token.len() > LONGEST_TOKEN {
        return Err(TokenError::Malformed("token is too large"));
    }
    let encoded = token.strip_prefix(PREFIX).ok_or(TokenError::Malformed("no k8s-aws-v1. prefix"))?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError::Malformed("no base64url"))?;
    String::from_utf8(bytes).map_err(|_| TokenError::Malformed("no text inside"))
}

fn sts_host(policy: &TokenPolicy) -> String {
    format!("sts.{}.amazonaws.com", policy.region)
}

fn url_query<'a>(url: &'a str, policy: &TokenPolicy) -> Result<&'a str, TokenError> {
    let rest = url
        .strip_prefix("https://")
        .ok_or_else(|| TokenError::Unexpected { part: "scheme", value: url.chars().take(8).collect() })?;
    let (host, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    expect("host", host, &sts_host(policy))?;
    let (path, query) = rest.split_once('?').ok_or(TokenError::Malformed("no query"))?;
    expect("path", path, "/")?;
    if query.contains('#') {
        return Err(TokenError::Malformed("a fragment"));
    }
    Ok(query)
}

fn expect(part: &'static str, found: &str, wanted: &str) -> Result<(), TokenError> {
    if found == wanted { Ok(()) } else { Err(TokenError::Unexpected { part, value: found.to_owned() }) }
}

fn parameters(query: &str) -> Result<Vec<(String, String)>, TokenError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').ok_or(TokenError::Malformed("a parameter without a value"))?;
        let (name, value) = (decode(name), decode(value));
        if !ALLOWED_KEYS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(TokenError::Unexpected { part: "parameter", value: name });
        }
        if pairs.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            return Err(TokenError::Unexpected { part: "repeated parameter", value: name });
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn check_expiry(text: &str) -> Result<(), TokenError> {
    match text.parse::<i64>() {
        Ok(seconds) if (0..=LONGEST_EXPIRY_S).contains(&seconds) => Ok(()),
        _ => Err(TokenError::Unexpected { part: "X-Amz-Expires", value: text.to_owned() }),
    }
}

fn check_date(text: &str, now: Timestamp) -> Result<(), TokenError> {
    let date = DateTime::strptime("%Y%m%dT%H%M%SZ", text)
        .and_then(|date| date.to_zoned(TimeZone::UTC))
        .map_err(|_| TokenError::Unexpected { part: "X-Amz-Date", value: text.to_owned() })?;
    let age_s = now.as_second() - date.timestamp().as_second();
    if age_s.abs() > LIFE_S { Err(TokenError::Expired(text.to_owned())) } else { Ok(()) }
}

fn check_signature(url: &Presigned<'_>, signature: &str, policy: &TokenPolicy) -> Result<(), TokenError> {
    let day = url.date.get(..8).unwrap_or_default();
    let scope = format!("{}/{day}/{}/sts/aws4_request", policy.access_key, policy.region);
    if url.credential != scope {
        return Err(TokenError::Signature("unknown credential scope"));
    }
    let expected = sign(url, &policy.secret_key).ok_or(TokenError::Signature("a signed header is not sent"))?;
    if expected == signature { Ok(()) } else { Err(TokenError::Signature("it does not match")) }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
