//! The signature of one request: draft-cavage-http-signatures, RSA PKCS#1 v1.5 with SHA-256 (docs/reference/oci.md#request-signatures). Pure but for
//! the key; the time is passed in.

use std::fmt;

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_core::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// What is signed of every request, in this order.
const GENERIC: &str = "date (request-target) host";

/// What is signed beside it where there may be content, even if there is none.
const CONTENT: &str = "content-length content-type x-content-sha256";

/// A key that cannot be used. Says why, and quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the private key cannot be used: {0}")]
pub struct BadKey(&'static str);

/// Who signs, and with what.
pub struct Signer {
    /// `TENANCY/USER/FINGERPRINT`, or `ST$` and a token: then it is a secret.
    key_id: String,
    key: RsaKeyPair,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

/// A request, as far as it is signed.
#[derive(Clone, Copy, Debug)]
pub struct Unsigned<'a> {
    /// The verb in lower case.
    pub method: &'a str,
    /// Path and query, exactly as on the wire.
    pub target: &'a str,
    /// As sent, with a port that is not the scheme's own.
    pub host: &'a str,
    /// As sent, see [`date`].
    pub date: &'a str,
    /// Type and content of a PUT or a POST, even of an empty one; none for other verbs.
    pub content: Option<(&'a str, &'a [u8])>,
}

impl Signer {
    /// A signer with the key in `pem`: PKCS#8 or PKCS#1, whatever stands before and behind it.
    ///
    /// # Errors
    /// A key that is encrypted, or none.
    pub fn new(key_id: String, pem: &str) -> Result<Self, BadKey> {
        if pem.contains("ENCRYPTED") {
            return Err(BadKey("it is encrypted, and there is nobody to ask for a pass phrase"));
        }
        let blocks = pem::parse_many(pem).map_err(|_| BadKey("it is no PEM"))?;
        let block = blocks.iter().find(|block| block.tag().ends_with("PRIVATE KEY"));
        let key = match block.map(|block| (block.tag(), block.contents())) {
            Some(("PRIVATE KEY", der)) => RsaKeyPair::from_pkcs8(der),
            Some(("RSA PRIVATE KEY", der)) => RsaKeyPair::from_der(der),
            _ => return Err(BadKey("there is no PEM block PRIVATE KEY or RSA PRIVATE KEY")),
        };
        Ok(Self { key_id, key: key.map_err(|_| BadKey("it is no RSA key of 2048 to 8192 bits"))? })
    }

    /// The header `authorization` of a request, with its parameters in the order in which the Python SDK writes them.
    ///
    /// # Errors
    /// The library's, which names no cause.
    pub fn authorization(&self, request: &Unsigned<'_>) -> Result<String, BadKey> {
        let text = request.text();
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| BadKey("the signature failed"))?;
        Ok(format!(
            "Signature algorithm=\"rsa-sha256\",headers=\"{}\",keyId=\"{}\",signature=\"{}\",version=\"1\"",
            request.headers(),
            self.key_id,
            STANDARD.encode(signature)
        ))
    }
}

impl Unsigned<'_> {
    fn headers(&self) -> String {
        if self.content.is_some() { format!("{GENERIC} {CONTENT}") } else { GENERIC.to_owned() }
    }

    /// What is signed: one line for each header, none at the end.
    fn text(&self) -> String {
        let Self { method, target, host, date, content } = self;
        let mut text = format!("date: {date}\n(request-target): {method} {target}\nhost: {host}");
        if let Some((kind, body)) = content {
            let (length, sum) = (body.len(), content_sum(body));
            text.push_str(&format!("\ncontent-length: {length}\ncontent-type: {kind}\nx-content-sha256: {sum}"));
        }
        text
    }
}

/// The header `x-content-sha256` of a content.
pub fn content_sum(body: &[u8]) -> String {
    STANDARD.encode(digest(&SHA256, body))
}

/// The header `date`: `Thu, 01 Jan 2026 00:00:00 GMT`.
pub fn date(now: Timestamp) -> String {
    // It fails for years before 0 and beyond 9999 only.
    DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{KEY, NOW, at, key_id, vector};

    const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0Iiwic2NvcGUiOiJ0ZXN0LW9ubHkifQ.c2ln";

    fn signed(key_id: &str, method: &str, host: &str, target: &str, content: Option<(&str, &[u8])>) -> String {
        let date = date(at(NOW));
        assert_eq!(date, "Thu, 01 Jan 2026 00:00:00 GMT");
        let signer = Signer::new(key_id.to_owned(), KEY).expect("a key");
        signer.authorization(&Unsigned { method, target, host, date: &date, content }).expect("signed")
    }

    fn expected(key_id: &str, headers: &str, vector_name: &str) -> String {
        let signature = vector(vector_name);
        format!(
            "Signature algorithm=\"rsa-sha256\",headers=\"{headers}\",keyId=\"{key_id}\",signature=\"{signature}\",\
             version=\"1\""
        )
    }

    const THREE: &str = "date (request-target) host";
    const SIX: &str = "date (request-target) host content-length content-type x-content-sha256";
    const POLICY: &str = "/20180115/steeringPolicies/ocid1.dnspolicy.oc1..aaaatestpolicy";

    /// The vectors of docs/reference/oci.md#request-signatures, which the Python SDK's signer made.
    #[test]
    fn the_signatures_are_those_that_the_python_sdk_makes() {
        let dns = "dns.us-chicago-1.oci.oraclecloud.com";
        let get = signed(key_id(), "get", dns, POLICY, None);
        assert_eq!(get, expected(key_id(), THREE, "v1"));
        let body = br#"{"answers":[{"name":"primary-ingest","rtype":"A","rdata":"192.0.2.10","pool":"primary","isDisabled":true}]}"#;
        assert_eq!((body.len(), content_sum(body).as_str()), (107, "SLZP6q1NcJ/MeAu62SHv2l632Wmn24uNXS87VlT1bwc="));
        let put = signed(key_id(), "put", dns, POLICY, Some(("application/json", body)));
        assert_eq!(put, expected(key_id(), SIX, "v2"));
        assert_eq!(content_sum(b""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        let target = "/20180401/metrics/actions/summarizeMetricsData?compartmentId=ocid1.compartment.oc1..aaaatest";
        let telemetry = "telemetry.us-chicago-1.oraclecloud.com";
        let post = signed(key_id(), "post", telemetry, target, Some(("application/json", b"")));
        assert_eq!(post, expected(key_id(), SIX, "v3"));
        let session = format!("ST${TOKEN}");
        let target = "/cluster_request/ocid1.cluster.oc1.us-chicago-1.aaaatestcluster";
        let cluster = signed(&session, "get", "containerengine.us-chicago-1.oraclecloud.com", target, None);
        assert_eq!(cluster, expected(&session, THREE, "v4"));
    }

    #[test]
    fn a_key_is_read_in_both_encodings_and_whatever_stands_around_it() {
        assert!(KEY.trim_end().ends_with("OCI_API_KEY"));
        let crlf = format!("note\r\n{}", KEY.replace('\n', "\r\n"));
        Signer::new("k".to_owned(), &crlf).expect("a key");
        let pkcs8 = pem::parse(KEY).expect("PEM");
        // RFC 5208: version, algorithm and the header of the octet string are 26 bytes of an RSA key of this size.
        let pkcs1 = pem::encode(&pem::Pem::new("RSA PRIVATE KEY", &pkcs8.contents()[26..]));
        let same = Unsigned { method: "get", target: "/", host: "h", date: "d", content: None };
        let by = |pem: &str| Signer::new("k".to_owned(), pem).expect("a key").authorization(&same).expect("signed");
        assert_eq!(by(&pkcs1), by(KEY));
    }

    #[test]
    fn what_is_no_key_is_refused_without_a_quotation() {
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nU0VDUkVU\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let older = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nU0VDUkVU\n-----END RSA PRIVATE KEY-----\n";
        let garbage = "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n";
        let curve = rcgen::KeyPair::generate().expect("a key").serialize_pem();
        for text in ["", "SECRET", encrypted, older, garbage, &curve] {
            let error = Signer::new("k".to_owned(), text).expect_err("no key");
            assert!(!error.to_string().contains("U0VDUkVU") && !error.to_string().contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn neither_key_nor_token_is_in_the_debug_output() {
        let shown = format!("{:?}", Signer::new(format!("ST${TOKEN}"), KEY).expect("a key"));
        assert_eq!(shown, "Signer { .. }");
    }
}
