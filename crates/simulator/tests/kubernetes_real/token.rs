//! An EKS token, signed step by step as the documentation of Signature Version 4 tells it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

pub(crate) const CLUSTER: &str = "dr-eks";
pub(crate) const REGION: &str = "us-east-2";
pub(crate) const ACCESS_KEY: &str = "AKIDEXAMPLE";
pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A token of this instant that the cluster must take.
pub(crate) fn make() -> String {
    signed_with(SECRET_KEY)
}

/// A token of this instant, signed with another secret.
pub(crate) fn signed_with(secret: &str) -> String {
    let date = holdfast_simulator::time::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = &date[..8];
    let host = format!("sts.{REGION}.amazonaws.com");
    let query = format!(
        "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential={ACCESS_KEY}%2F{day}%2F{REGION}%2Fsts%2Faws4_request&X-Amz-Date={date}\
         &X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id"
    );
    let headers = format!("host:{host}\nx-k8s-aws-id:{CLUSTER}\n");
    let canonical = format!("GET\n/\n{query}\n{headers}\nhost;x-k8s-aws-id\n{}", sha256(""));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{day}/{REGION}/sts/aws4_request\n{}", sha256(&canonical));
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [day, REGION, "sts", "aws4_request", &to_sign] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(part.as_bytes());
        key = mac.finalize().into_bytes().to_vec();
    }
    let url = format!("https://{host}/?{query}&X-Amz-Signature={}", hex::encode(key));
    format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url))
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
