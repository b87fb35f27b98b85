//! What the standby cluster answers.

use std::time::Duration;

use holdfast_core::{
    Timestamp,
    clock::{earlier, later},
    retry::RetryPolicy,
};
use holdfast_kubernetes::{
    fault::{self, About},
    lease::{judge, taken_by},
    pod::Pod,
};
use holdfast_logscale::{
    humio::{HumioCluster, ready_by_pool},
    recovery_log::{Expected, Recovery, RecoveryLog},
};
use http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER};
use serde_json::Value;

use crate::{said, said_or_nothing};

/// A duration that leaves the range of many numbers.
const FAR: Duration = Duration::from_secs(3600);

/// The longest that a lease is held, by our clock: ten minutes, two of skew, and what whole seconds hide.
const LONGEST_HELD: Duration = Duration::from_secs(725);

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

/// A lease document, read at the ends of time and now, with and without the server's own time. It is held for a bounded
/// time whatever it says, and can be taken with a fencing number that Kubernetes keeps.
pub fn lease(bytes: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return };
    let now = Timestamp::from_second(1_767_225_600).expect("a time in range");
    let times =
        [now, later(now, FAR), Timestamp::UNIX_EPOCH, earlier(Timestamp::MAX, FAR), Timestamp::MAX, Timestamp::MIN];
    for at in times {
        for server in times.map(Some).into_iter().chain([None]) {
            let (until, odd) = judge(document.clone(), server, at);
            assert!(until.is_none_or(|until| until <= later(at, LONGEST_HELD)), "held until {until:?} at {at}");
            odd.iter().for_each(said);
        }
        let (held, first) = taken_by(document.clone(), "us", at, FAR);
        let (_, second) = taken_by(held, "them", at, Duration::MAX);
        let kept = 0..=u64::from(u32::MAX >> 1);
        assert!(kept.contains(&first) && kept.contains(&second) && first != second, "{first}, then {second}");
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
pub fn recovery_log(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let expected = Expected { own_bucket: Some("own".to_owned()), ..Expected::default() };
    let mut recovery_log = RecoveryLog::default();
    for line in text.lines() {
        recovery_log.take(line);
    }
    match recovery_log.judge(&expected) {
        Recovery::Failed { why } => said(&why),
        Recovery::NotYet { next } => said(&next),
        Recovery::Done => assert!(text.contains("setting readOnly=true") && text.contains("no snapshot to fetch")),
    }
}
