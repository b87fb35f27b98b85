//! What the standby cluster answers.

use holdfast_core::retry::RetryPolicy;
use holdfast_kubernetes::{
    fault::{self, About},
    humio::{HumioCluster, Pod, ready_by_pool},
    ladder::{Expected, Ladder, Recovery},
};
use http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER};

use crate::{said, said_or_nothing};

/// A HumioCluster, and a list of pods.
pub fn humio(bytes: &[u8]) {
    if let Ok(cluster) = serde_json::from_slice::<HumioCluster>(bytes) {
        assert_eq!(cluster.pools().len(), 1 + cluster.spec.node_pools.len());
        let _ = (cluster.nodes(), cluster.tls_enabled(), cluster.ca_secret_name(), cluster.status_is_current());
        assert!(cluster.replication_factor() > 0);
        for pool in cluster.running_pools() {
            assert!(pool.spec.node_count > 0);
            assert!(pool.variable("S3_STORAGE_BUCKET").is_none_or(|variable| variable.name == "S3_STORAGE_BUCKET"));
        }
        said_or_nothing(&cluster.status.message);
    }
    if let Ok(pods) = serde_json::from_slice::<Vec<Pod>>(bytes) {
        let ready: i64 = ready_by_pool(&pods).values().sum();
        assert!(usize::try_from(ready).is_ok_and(|ready| ready <= pods.len()));
    }
}

/// A refusal: three digits of status, a line that the server asks to wait in, then the body.
pub fn answer(bytes: &[u8]) {
    let (status, rest) = bytes.split_at(bytes.len().min(3));
    let status = std::str::from_utf8(status).ok().and_then(|code| code.parse().ok());
    let status = status.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    if let Some(Ok(pause)) = parts.next().map(HeaderValue::from_bytes) {
        headers.insert(RETRY_AFTER, pause);
    }
    let about = About { group: "core.humio.com", resource: "humioclusters", name: "logscale" };
    let body = parts.next().unwrap_or_default();
    let fault = fault::of_answer("kubernetes:fuzz", Some(about), status, &headers, body);
    let hidden = |text: &str| text.chars().any(holdfast_core::fault::is_hidden);
    assert!(!hidden(&fault.message), "{fault}");
    said(&fault);
    let mut pauses = RetryPolicy::default().pauses();
    assert!(std::iter::from_fn(|| pauses.next(&fault)).count() <= 10);
}

/// The log of a pod. Done needs the first and the last of its lines.
pub fn ladder(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let expected = Expected { own_bucket: Some("own".to_owned()), ..Expected::default() };
    let mut ladder = Ladder::default();
    for line in text.lines() {
        ladder.take(line);
    }
    match ladder.judge(&expected) {
        Recovery::Failed { why } => said(&why),
        Recovery::NotYet { next } => said(&next),
        Recovery::Done => assert!(text.contains("setting readOnly=true") && text.contains("no snapshot to fetch")),
    }
}
