//! Signature Version 4 of a presigned URL, as the service computes it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// A presigned GET of `/`, taken apart. All texts are decoded.
pub(super) struct Presigned<'a> {
    /// Query parameters, `X-Amz-Signature` among them or not.
    pub(super) pairs: &'a [(String, String)],
    /// The headers that the request is really sent with, names in lower case.
    pub(super) headers: &'a [(&'a str, &'a str)],
    /// Value of `X-Amz-SignedHeaders`.
    pub(super) signed_headers: &'a str,
    /// Value of `X-Amz-Credential`: `KEY/DAY/REGION/SERVICE/aws4_request`.
    pub(super) credential: &'a str,
    /// Value of `X-Amz-Date`.
    pub(super) date: &'a str,
}

/// The signature in hexadecimal, or nothing when a signed header is not among the sent ones.
pub(super) fn sign(url: &Presigned<'_>, secret_key: &str) -> Option<String> {
    let (_, scope) = url.credential.split_once('/')?;
    let canonical = canonical_request(url)?;
    let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", url.date, hex::encode(Sha256::digest(canonical)));
    let key =
        scope.split('/').fold(format!("AWS4{secret_key}").into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()));
    Some(hex::encode(hmac_sha256(&key, to_sign.as_bytes())))
}

fn canonical_request(url: &Presigned<'_>) -> Option<String> {
    let mut query: Vec<String> = url
        .pairs
        .iter()
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    query.sort_unstable();
    let mut headers = String::new();
    for name in url.signed_headers.split(';') {
        let (_, value) = url.headers.iter().find(|(known, _)| *known == name)?;
        headers.push_str(&format!("{name}:{}\n", value.trim()));
    }
    let payload = hex::encode(Sha256::digest(b""));
    Some(format!("GET\n/\n{}\n{headers}\n{}\n{payload}", query.join("&"), url.signed_headers))
}

fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// Percent encoding as SigV4 wants it: everything but the unreserved characters of RFC 3986.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
