//! Our own JSON, for whatever takes it. docs/CONFIGURATION.md describes it.

use aws_lc_rs::hmac;
use holdfast_core::news::News;
use serde_json::json;

use crate::Outgoing;

/// The version of the document. Fields may be added under one version.
pub const SCHEMA: u32 = 1;

/// Holds the signature of the body.
pub const SIGNATURE: &str = "x-holdfast-signature";

/// Holds what is the same for each delivery of one message, and differs between messages.
pub const DELIVERY: &str = "x-holdfast-delivery";

/// The request that delivers `news` of `site` to `url`, signed where there is a `secret`.
pub fn request(url: &str, secret: Option<&str>, site: &str, news: &News) -> Outgoing {
    let incident = format!("{site}/{}", news.incident);
    let delivery = format!("{incident}/{}", news.mark);
    let body = json!({
        "schema": SCHEMA,
        "delivery": delivery,
        "site": site,
        "incident": incident,
        "occasion": news.occasion,
        "urgency": news.occasion.urgency(),
        "resolved": news.occasion.resolves(),
        "at": news.at,
        "execution": news.execution,
        "says": news.says,
        "why": news.why,
        "owed": news.owed,
        "next": news.next,
    })
    .to_string();
    let mut headers = vec![(DELIVERY, hex::encode(delivery.as_bytes()))];
    headers.extend(secret.map(|secret| (SIGNATURE, signature(secret, &body))));
    Outgoing { url: url.to_owned(), headers, body }
}

/// `sha256=` and the HMAC of the body in hexadecimal, as many receivers know it.
fn signature(secret: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body.as_bytes())))
}
