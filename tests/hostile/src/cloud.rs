//! What the clouds answer.

use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_azure::aks::kubeconfig::Kubeconfig;
use holdfast_core::{Timestamp, epoch, evidence::ProbeResult};
use http::StatusCode;

use crate::said;

/// The note of the last failover: never, a time that can be written again, or no time, said in bounded words. There is one
/// reader for every cloud.
pub fn cooldown(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match epoch::read(&text) {
        Ok(None) => {}
        Ok(Some(at)) => {
            assert!(at >= Timestamp::UNIX_EPOCH);
            let read = epoch::read(&at.as_second().to_string()).expect("what we write makes sense");
            assert_eq!(read.map_or(0, |read| read.as_second()), at.as_second());
        }
        Err(why) => said(&why),
    }
}

/// The sentences of Route 53's checkers, one a line; an empty line is a checker that has none.
pub fn live(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let reports: Vec<_> = text.lines().map(|line| Some(line).filter(|line| !line.is_empty())).collect();
    let status = holdfast_aws::live::count(reports.iter().copied());
    assert!(status.healthy <= status.total && status.total <= reports.len());
    assert_eq!(status.verdict.is_none(), status.total == 0);
    let says = |word: &str| reports.iter().flatten().all(|line| line.trim_start().starts_with(word));
    assert!(status.verdict != Some(true) || !says("Failure"), "all failing and healthy: {status:?}");
    assert!(status.verdict != Some(false) || !says("Success"), "all well and failing: {status:?}");
}

/// An answer of the primary: three digits of status, then the body. Healthy needs a status document that says so.
pub fn probe(bytes: &[u8]) {
    let (status, body) = bytes.split_at(bytes.len().min(3));
    let status = std::str::from_utf8(status).ok().and_then(|code| code.parse().ok());
    let status = status.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK);
    match holdfast_logscale::judge(status, body) {
        ProbeResult::Healthy { said: words } => {
            said(&words);
            assert_eq!(status, StatusCode::OK);
            // What nobody asked for may be in any encoding, and is then no document for a reader of everything.
            let text = String::from_utf8_lossy(body);
            match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(document) => assert!(matches!(document["status"].as_str(), Some("OK" | "WARN")), "{words}"),
                Err(_) => assert!(text.contains("status"), "{words}"),
            }
        }
        ProbeResult::Failing { why } | ProbeResult::Inconclusive { why } => said(&why),
    }
}

/// A kubeconfig: the bytes as YAML, and as the base64 of it.
pub fn kubeconfig(bytes: &[u8]) {
    for text in [STANDARD.encode(bytes), String::from_utf8_lossy(bytes).into_owned()] {
        match Kubeconfig::parse(&text) {
            Ok(read) => assert!(!read.endpoint.is_empty() && !read.ca_pem.is_empty()),
            Err(why) => said(&why),
        }
    }
}
