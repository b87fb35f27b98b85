//! Puts a message into the queue, to be delivered after a delay. The host's own binding can only deliver at once.

use std::{sync::Arc, time::Duration};

use azure_core::http::Method;
use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_core::{Call, Fault};

use crate::{
    arm::{Azure, Sent},
    cooldown::storage_headers,
};

const PUT: &str = "queue:PutMessage";

/// Longest delay that the service takes: seven days (Azure storage, Put Message).
const LONGEST: u64 = 7 * 24 * 3600;

/// A queue of Azure storage.
pub struct Queue {
    azure: Arc<Azure>,
    url: String,
}

impl Queue {
    /// The queue at `url`, `https://ACCOUNT.queue.core.windows.net/NAME`.
    pub fn new(azure: Arc<Azure>, url: &str) -> Self {
        Self { azure, url: url.trim_end_matches('/').to_owned() }
    }

    /// Puts `text` there, to be seen after `delay`, rounded up to whole seconds.
    ///
    /// # Errors
    /// Faults of storage.
    pub async fn put(&self, call: &Call, text: &str, delay: Duration) -> Result<(), Fault> {
        let seconds = u64::try_from(delay.as_millis().div_ceil(1000)).unwrap_or(LONGEST).min(LONGEST);
        let mut sent = Sent::new(Method::Post, format!("{}/messages?visibilitytimeout={seconds}", self.url));
        sent.headers = storage_headers(call.clock.now());
        sent.headers.push(("content-type", "application/xml".to_owned()));
        // In base64, as the host expects it unless its configuration says otherwise (host.json, messageEncoding).
        let encoded = STANDARD.encode(text);
        sent.body = format!("<QueueMessage><MessageText>{encoded}</MessageText></QueueMessage>");
        self.azure.store(call, PUT, sent).await?.success().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use holdfast_core::FaultClass;

    use super::*;
    use crate::testing::{Reply, Server, call};

    #[tokio::test]
    async fn a_message_is_put_with_its_delay() {
        let server = Server::start(vec![Reply::text(201, "<QueueMessagesList/>")]).await;
        let queue = Queue::new(server.azure(), "https://a.queue.core.windows.net/work/");
        queue.put(&call(), "{\"a\":1}", Duration::from_millis(1200)).await.expect("put");
        let seen = server.requests().remove(0);
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/work/messages?visibilitytimeout=2"));
        assert_eq!(seen.headers["x-ms-version"], "2024-11-04");
        assert_eq!(seen.headers["x-ms-date"], "Thu, 01 Jan 2026 00:00:00 GMT");
        assert_eq!(seen.body, "<QueueMessage><MessageText>eyJhIjoxfQ==</MessageText></QueueMessage>");
        assert!(server.token_requests()[0].path.contains("resource=https%3A%2F%2Fstorage.azure.com"));
    }

    #[tokio::test]
    async fn a_refusal_is_told_by_the_code_in_the_header() {
        let refused = Reply::text(403, "<Error/>").with("x-ms-error-code", "AuthorizationPermissionMismatch");
        let server = Server::start(vec![refused]).await;
        let fault = Queue::new(server.azure(), "https://a.test/work").put(&call(), "x", Duration::ZERO).await;
        let fault = fault.expect_err("refused");
        assert_eq!(fault.class, FaultClass::Denied);
        assert!(fault.message.contains("AuthorizationPermissionMismatch"), "{fault}");
    }
}
