//! What the probes of Health Checks saw last: no lag, one word from each vantage point. It supports a decision and never
//! makes one.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use holdfast_core::{Call, Fault, clock::earlier, evidence::LiveStatus, ports::LiveSource};
use serde::Deserialize;

use crate::{
    client::{Oci, Sent},
    endpoint::Service,
    ocid::Ocid,
};

const CALL: &str = "healthchecks:ListHttpProbeResults";

/// Results that are older say nothing of now. Probes come every 60 s at most.
const FRESH: Duration = Duration::from_secs(180);

/// Most results that are asked for: ten vantage points that probe every ten seconds for three minutes.
const MOST: u32 = 180;

/// A health check, and where its results are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitor {
    /// Its id.
    pub id: Ocid,
    /// The region where it was made.
    pub region: String,
    /// The target in it that is the primary; `None` where it has only one.
    pub target: Option<String>,
}

/// Asks Health Checks what its probes found last.
pub struct ProbeResults {
    oci: Arc<Oci>,
    monitor: Monitor,
}

/// No probes: the primary has no health check that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Unprobed;

#[async_trait]
impl LiveSource for Unprobed {
    async fn live(&self, _: &Call) -> Result<LiveStatus, Fault> {
        Ok(LiveStatus { healthy: 0, total: 0, verdict: None })
    }
}

/// One result, as far as it is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProbeResult {
    /// Milliseconds since 1970.
    start_time: f64,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    vantage_point_name: Option<String>,
    #[serde(default)]
    is_healthy: Option<bool>,
}

impl ProbeResults {
    /// A reader of `monitor`'s results.
    pub fn new(oci: Arc<Oci>, monitor: Monitor) -> Self {
        Self { oci, monitor }
    }
}

#[async_trait]
impl LiveSource for ProbeResults {
    async fn live(&self, call: &Call) -> Result<LiveStatus, Fault> {
        let since = earlier(call.clock.now(), FRESH).as_millisecond();
        let Monitor { id, region, target } = &self.monitor;
        let path = format!(
            "/20180501/httpProbeResults/{id}?limit={MOST}&sortOrder=DESC&startTimeGreaterThanOrEqualTo={since}"
        );
        let answer = self.oci.ask(call, CALL, Service::HealthChecks, region, Sent::get(path)).await?;
        Ok(judge(answer.json()?, target.as_deref(), since))
    }
}

/// The newest word of each vantage point about each target; the majority decides.
fn judge(results: Vec<ProbeResult>, target: Option<&str>, since: i64) -> LiveStatus {
    let mut newest: BTreeMap<(String, String), (f64, bool)> = BTreeMap::new();
    for result in results {
        let probed = result.target.unwrap_or_default();
        let is_ours = target.is_none_or(|target| probed.eq_ignore_ascii_case(target));
        let Some(is_healthy) = result.is_healthy.filter(|_| is_ours && result.start_time >= since as f64) else {
            continue;
        };
        let kept = newest.entry((probed, result.vantage_point_name.unwrap_or_default())).or_insert((f64::MIN, false));
        if result.start_time > kept.0 {
            *kept = (result.start_time, is_healthy);
        }
    }
    let (total, healthy) = (newest.len(), newest.values().filter(|(_, is_healthy)| *is_healthy).count());
    let verdict = (total > 0).then(|| healthy.saturating_mul(2) >= total);
    LiveStatus { healthy, total, verdict }
}

#[cfg(test)]
mod tests {
    use holdfast_core::FaultClass;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{NOW, Reply, Server, call};

    fn result(ago: i64, target: &str, vantage_point: &str, is_healthy: bool) -> Value {
        json!({"key": "k", "startTime": (NOW - ago) as f64 * 1000.0, "target": target, "isTimedOut": !is_healthy,
            "vantagePointName": vantage_point, "isHealthy": is_healthy, "errorCategory": "NONE"})
    }

    async fn live(reply: Reply, target: Option<&str>) -> (Result<LiveStatus, Fault>, String) {
        let server = Server::start(vec![reply]).await;
        let id = Ocid::parse("ocid1.httpmonitor.oc1..aaaamonitor").expect("an id");
        let monitor = Monitor { id, region: "us-chicago-1".to_owned(), target: target.map(str::to_owned) };
        let status = ProbeResults::new(server.oci(), monitor).live(&call()).await;
        (status, server.requests().remove(0).path)
    }

    #[tokio::test]
    async fn each_vantage_point_has_one_voice_and_its_newest_word_counts() {
        let results = json!([
            result(10, "192.0.2.10", "aws-iad", false),
            result(70, "192.0.2.10", "aws-iad", true),
            result(15, "192.0.2.10", "goo-chs", false),
            result(20, "192.0.2.10", "azr-iad", true),
            result(400, "192.0.2.10", "aws-old", true),
            result(5, "192.0.2.20", "aws-iad", true),
            {"startTime": 1e15, "target": "192.0.2.10", "vantagePointName": "says-nothing"},
        ]);
        let (status, path) = live(Reply::json(200, &results), Some("192.0.2.10")).await;
        assert_eq!(status.expect("a status"), LiveStatus { healthy: 1, total: 3, verdict: Some(false) });
        let expected = "/us-chicago-1/20180501/httpProbeResults/ocid1.httpmonitor.oc1..aaaamonitor\
                        ?limit=180&sortOrder=DESC&startTimeGreaterThanOrEqualTo=1767225420000";
        assert_eq!(path, expected);
        let (status, _) = live(Reply::json(200, &results), None).await;
        assert_eq!(status.expect("a status"), LiveStatus { healthy: 2, total: 4, verdict: Some(true) });
    }

    #[tokio::test]
    async fn nobody_who_reports_is_no_verdict_and_an_answer_that_is_none_is_a_fault() {
        let (status, _) = live(Reply::text(200, "[]"), None).await;
        assert_eq!(status.expect("a status").verdict, None);
        let (status, _) = live(Reply::text(200, "{}"), None).await;
        assert_eq!(status.expect_err("no list").class, FaultClass::Server);
        let (status, _) = live(Reply::error(404, "NotAuthorizedOrNotFound"), None).await;
        assert_eq!(status.expect_err("none").class, FaultClass::NotFound);
    }
}
