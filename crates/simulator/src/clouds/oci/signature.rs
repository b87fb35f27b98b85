//! The signature of a request, as every service of OCI checks it (docs/reference/oci.md#request-signatures).

use std::collections::BTreeMap;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use sha2::{Digest, Sha256};

/// How far the date of a request may be from the service's clock: 5 minutes.
const SKEW_S: i64 = 300;
/// What must be signed in every request.
const GENERIC: [&str; 2] = ["(request-target)", "host"];
/// What must be signed too where there may be content.
const CONTENT: [&str; 3] = ["content-length", "content-type", "x-content-sha256"];

/// An `Authorization` header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub(crate) key_id: String,
    /// Names of the signed headers, in their order.
    headers: Vec<String>,
    signature: Vec<u8>,
}

/// What was signed.
pub(crate) struct Signed<'a> {
    /// Upper or lower case.
    pub(crate) method: &'a str,
    /// Path and query as they are on the wire.
    pub(crate) target: &'a str,
    /// The headers by their names in lower case.
    pub(crate) header: &'a dyn Fn(&str) -> Option<String>,
    /// The content; `None` for methods without one.
    pub(crate) body: Option<&'a [u8]>,
}

impl Authorization {
    /// Reads the header.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let list = text.strip_prefix("Signature ").ok_or("no Signature scheme")?;
        let mut parameters = BTreeMap::new();
        for pair in list.split("\",") {
            let (name, value) = pair.trim().split_once("=\"").ok_or("a parameter is not quoted")?;
            if parameters.insert(name, value.trim_end_matches('"')).is_some() {
                return Err("a parameter is there twice");
            }
        }
        let get = |name: &str| parameters.get(name).copied().ok_or("a parameter is missing");
        if get("version")? != "1" || get("algorithm")? != "rsa-sha256" {
            return Err("another version or algorithm");
        }
        Ok(Self {
            key_id: get("keyId")?.to_owned(),
            headers: get("headers")?.split(' ').map(str::to_owned).collect(),
            signature: STANDARD.decode(get("signature")?).map_err(|_| "the signature is no base64")?,
        })
    }

    /// Checks everything but who has the key.
    pub(crate) fn verify(&self, signed: &Signed<'_>, public: &[u8], now: Timestamp) -> Result<(), &'static str> {
        let has = |name: &str| self.headers.iter().any(|header| header == name);
        if !GENERIC.into_iter().all(has) || !(has("date") || has("x-date")) {
            return Err("date, (request-target) and host must be signed");
        }
        if let Some(body) = signed.body {
            if !CONTENT.into_iter().all(has) {
                return Err("content-length, content-type and x-content-sha256 must be signed");
            }
            check_content(signed, body)?;
        }
        check_date(signed, now)?;
        let text = self.text(signed).ok_or("a signed header is not sent")?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
        key.verify(text.as_bytes(), &self.signature).map_err(|_| "the signature does not match")
    }

    /// The text that is signed.
    fn text(&self, signed: &Signed<'_>) -> Option<String> {
        let line = |name: &String| match name.as_str() {
            "(request-target)" => {
                Some(format!("(request-target): {} {}", signed.method.to_ascii_lowercase(), signed.target))
            }
            name => Some(format!("{name}: {}", (signed.header)(name)?)),
        };
        Some(self.headers.iter().map(line).collect::<Option<Vec<_>>>()?.join("\n"))
    }
}

/// `x-date` wins over `date`.
fn check_date(signed: &Signed<'_>, now: Timestamp) -> Result<(), &'static str> {
    let text = (signed.header)("x-date").or_else(|| (signed.header)("date")).ok_or("no date")?;
    let date = DateTimeParser::new().parse_timestamp(&text).map_err(|_| "the date makes no sense")?;
    let off = now.as_second() - date.as_second();
    if off.abs() > SKEW_S { Err("the date is off by more than 5 minutes") } else { Ok(()) }
}

fn check_content(signed: &Signed<'_>, body: &[u8]) -> Result<(), &'static str> {
    if (signed.header)("content-length") != Some(body.len().to_string()) {
        return Err("content-length does not fit");
    }
    if (signed.header)("x-content-sha256") != Some(STANDARD.encode(Sha256::digest(body))) {
        return Err("x-content-sha256 does not fit");
    }
    Ok(())
}
