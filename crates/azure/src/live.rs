//! What Traffic Manager's probes see at this moment: no lag, but one word for all of them. It supports a decision and
//! never makes one.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{Call, Fault, evidence::LiveStatus, ports::LiveSource};

use crate::{
    arm::Azure,
    endpoint::{Endpoint, EndpointName, Endpoints},
};

/// Asks Traffic Manager what its probes make of one endpoint.
pub struct MonitorStatus {
    endpoints: Endpoints,
}

impl MonitorStatus {
    /// A reader of `endpoint`.
    pub fn new(azure: Arc<Azure>, endpoint: EndpointName) -> Self {
        Self { endpoints: Endpoints::new(azure, endpoint) }
    }
}

#[async_trait]
impl LiveSource for MonitorStatus {
    async fn live(&self, call: &Call) -> Result<LiveStatus, Fault> {
        Ok(judge(&self.endpoints.get(call).await?))
    }
}

/// The probes speak with one voice. Of an endpoint that is disabled, stopped, unmonitored or new they say nothing.
fn judge(endpoint: &Endpoint) -> LiveStatus {
    let verdict = match endpoint.properties.endpoint_monitor_status.as_deref() {
        Some("Online") => Some(true),
        Some("Degraded") => Some(false),
        _ => None,
    };
    LiveStatus { healthy: usize::from(verdict == Some(true)), total: usize::from(verdict.is_some()), verdict }
}

#[cfg(test)]
mod tests {
    use holdfast_core::FaultClass;

    use super::*;
    use crate::testing::{Reply, Server, arm_error, call, endpoint_document, primary};

    #[tokio::test]
    async fn only_online_and_degraded_are_a_verdict() {
        for (word, verdict) in [
            ("Online", Some(true)),
            ("Degraded", Some(false)),
            ("CheckingEndpoint", None),
            ("Disabled", None),
            ("Unmonitored", None),
            ("SomethingNew", None),
        ] {
            let server = Server::start(vec![Reply::json(200, &endpoint_document("Enabled", word))]).await;
            let status = MonitorStatus::new(server.azure(), primary()).live(&call()).await.expect("a status");
            assert_eq!(status.verdict, verdict, "{word}");
            assert_eq!(status.total, usize::from(verdict.is_some()), "{word}");
        }
    }

    #[tokio::test]
    async fn an_endpoint_that_is_not_there_is_not_found() {
        let server = Server::start(vec![arm_error(404, "ResourceNotFound")]).await;
        let fault = MonitorStatus::new(server.azure(), primary()).live(&call()).await.expect_err("none");
        assert_eq!(fault.class, FaultClass::NotFound);
    }
}
