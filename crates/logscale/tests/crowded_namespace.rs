//! A namespace with 3 000 secrets, 100 MB in all, read by what looks at the standby: memory stays where it was.
//!
//! In a process of its own, because the measure is that of the process. The server makes each page when it is asked
//! for, so that it holds nothing either.

use std::{convert::Infallible, fmt::Write, sync::Arc, time::Duration};

use holdfast_core::{Call, Timestamp, retry::RetryPolicy, step::Step};
use holdfast_kubernetes::{Direct, StandbyCluster};
use holdfast_logscale::{LogScale, Options};
use holdfast_testkit::clock::TestClock;
use http::{Request, Response};
use kube::{Client, client::Body};

/// Secrets of the namespace, and the length of each in bytes on the wire.
const SECRETS: usize = 3000;
const EACH: usize = 33_000;

/// What the process may grow by: pages, what is kept of them, and what the allocator does not give back.
const GROWTH: u64 = 16 * 1024 * 1024;

fn parameter<'a>(query: &'a str, name: &str) -> &'a str {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
}

/// A page of secrets, each with this prefix of its name.
fn secrets(query: &str, prefix: &str) -> String {
    let limit: usize = parameter(query, "limit").parse().expect("a limit");
    let start: usize = parameter(query, "continue").parse().unwrap_or(0);
    let end = SECRETS.min(start + limit);
    let next = if end < SECRETS { end.to_string() } else { String::new() };
    let filler = "QUJD".repeat(EACH / 4);
    let mut page = format!(r#"{{"metadata":{{"continue":"{next}"}},"items":["#);
    for at in start..end {
        let comma = if at > start { "," } else { "" };
        write!(page, r#"{comma}{{"metadata":{{"name":"{prefix}{at}"}},"data":{{"tls.crt":"{filler}"}}}}"#)
            .expect("text");
    }
    page + "]}"
}

fn answer(path: &str, query: &str, prefix: &str) -> String {
    let cluster = r#"{"metadata":{"name":"logscale","resourceVersion":"1"},"spec":{"nodeCount":1,"license":{"secretKeyRef":{"name":"l","key":"k"}}}}"#;
    let named = |name: &str| format!(r#"{{"items":[{{"metadata":{{"name":"{name}"}},"data":{{"k":"QUJD"}}}}]}}"#);
    match path.rsplit('/').next().unwrap_or_default() {
        "secrets" => match query.split_once("metadata.name=") {
            Some((_, rest)) => named(rest.split('&').next().unwrap_or_default()),
            None => secrets(query, prefix),
        },
        "pods" => r#"{"items":[]}"#.to_owned(),
        "logscale" => cluster.to_owned(),
        name => format!(r#"{{"metadata":{{"name":"{name}","resourceVersion":"1"}},"spec":{{"replicas":0}}}}"#),
    }
}

fn site(prefix: &'static str) -> LogScale {
    let service = tower::service_fn(move |request: Request<Body>| {
        let text = answer(request.uri().path(), request.uri().query().unwrap_or_default(), prefix);
        async move { Ok::<_, Infallible>(Response::new(Body::from(text.into_bytes()))) }
    });
    let cluster = StandbyCluster::new(Arc::new(Direct(Client::new(service, "logging"))), "logging", "holdfast");
    LogScale::new(&cluster, Options { humio_cluster: Some("logscale".into()), ..Options::default() })
}

/// The most memory that this process ever had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.split_whitespace().next().expect("a number").parse::<u64>().expect("a number") * 1024
}

#[tokio::test]
async fn three_thousand_secrets_of_a_hundred_megabytes_are_not_held() {
    let deadline = Timestamp::UNIX_EPOCH + Duration::from_secs(600);
    let call =
        Call { clock: TestClock::without_timeouts(Timestamp::UNIX_EPOCH), deadline, retry: RetryPolicy::default() };
    let before = peak();
    // Of others, and of this cluster: what is kept of those has a bound of its own.
    for prefix in ["other-", "logscale-core-"] {
        let site = site(prefix);
        let checks = site.standby().fitness(&call).await.expect("looked at").checks;
        let licence = checks.iter().find(|check| check.name == "licence-secret").expect("looked at");
        assert!(licence.found.contains("has the entry k"), "{}", licence.found);
        let left = checks.iter().find(|check| check.name == "not-checked").expect("listed");
        assert_eq!(left.found.contains("too many"), prefix == "logscale-core-", "{}", left.found);
        site.remove_stale_tls().observe(&call).await.expect("seen");
        let grown = peak() - before;
        assert!(grown < GROWTH, "{prefix}: grown by {grown} bytes");
    }
}
