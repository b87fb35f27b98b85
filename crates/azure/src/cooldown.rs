//! When a failover last began, kept in a blob, for operators who look there. Without it the record alone holds the
//! start; the reference's annotation on the operator's Deployment is then read, and never written.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::http::Method;
use holdfast_core::{Call, Fault, FaultClass, Timestamp, epoch, fault::quoted, ports::CooldownStore};
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::arm::{Answer, Azure, Sent};

const GET: &str = "blob:Get";
const PUT: &str = "blob:Put";

/// The version of storage's interface: the newest that every Azurite of the last year takes as well.
const VERSION: &str = "2024-11-04";

/// Keeps the time in one blob, as whole epoch seconds in text, by compare-and-set on its `ETag`.
pub struct BlobCooldown {
    azure: Arc<Azure>,
    url: String,
    /// The version that was read last: `None` before any, `Some(None)` for a blob that was not there.
    seen: Mutex<Option<Option<String>>>,
}

impl BlobCooldown {
    /// A store in the blob at `url`, `https://ACCOUNT.blob.core.windows.net/CONTAINER/NAME`. The container exists.
    pub fn new(azure: Arc<Azure>, url: impl Into<String>) -> Self {
        Self { azure, url: url.into(), seen: Mutex::new(None) }
    }

    async fn read(&self, call: &Call) -> Result<Option<String>, Fault> {
        let mut sent = Sent::new(Method::Get, self.url.clone());
        sent.headers = storage_headers(call.clock.now());
        let answer = self.azure.store(call, GET, sent).await?;
        if answer.status() == 404 && answer.header("x-ms-error-code") == Some("BlobNotFound") {
            self.keep(Some(None));
            return Ok(None);
        }
        let answer = answer.success()?;
        self.keep(Some(Some(etag(&answer, GET)?)));
        Ok(Some(answer.text()))
    }

    fn keep(&self, seen: Option<Option<String>>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    fn take(&self) -> Option<Option<String>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait]
impl CooldownStore for BlobCooldown {
    async fn last(&self, call: &Call) -> Result<Option<Timestamp>, Fault> {
        let Some(value) = self.read(call).await? else { return Ok(None) };
        epoch::read(&value)
            .map_err(|why| Fault::new(FaultClass::Invalid, GET, format!("the blob {} holds {why}", quoted(&self.url))))
    }

    async fn set(&self, call: &Call, at: Timestamp) -> Result<(), Fault> {
        let seen = match self.take() {
            Some(seen) => seen,
            None => {
                self.read(call).await?;
                self.take().flatten()
            }
        };
        let mut sent = Sent::new(Method::Put, self.url.clone());
        sent.headers = storage_headers(call.clock.now());
        sent.headers.push(("x-ms-blob-type", "BlockBlob".to_owned()));
        sent.headers.push(("content-type", "text/plain".to_owned()));
        sent.headers.push(match seen {
            Some(etag) => ("if-match", etag),
            None => ("if-none-match", "*".to_owned()),
        });
        sent.body = at.as_second().to_string();
        // A lost race is 409 or 412 (docs/reference/azure.md#blob-storage); both are conflicts.
        let answer = self.azure.store(call, PUT, sent).await?.success()?;
        self.keep(Some(Some(etag(&answer, PUT)?)));
        Ok(())
    }
}

fn etag(answer: &Answer, call: &'static str) -> Result<String, Fault> {
    let missing = || Fault::new(FaultClass::Server, call, "the answer names no version");
    answer.header("etag").map(str::to_owned).ok_or_else(missing)
}

/// What storage wants of every request that a token signs: the version, and the time in the form of HTTP.
pub(crate) fn storage_headers(now: Timestamp) -> Vec<(&'static str, String)> {
    // It fails for years before 0 and beyond 9999 only.
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap_or_default();
    vec![("x-ms-version", VERSION.to_owned()), ("x-ms-date", date)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, Reply, Server, at, call};

    async fn store(replies: Vec<Reply>) -> (BlobCooldown, Server) {
        let server = Server::start(replies).await;
        (BlobCooldown::new(server.azure(), "https://a.blob.core.windows.net/c/last-failover"), server)
    }

    fn blob(text: &str, etag: &str) -> Reply {
        Reply::text(200, text).with("etag", etag)
    }

    fn failed(status: u16, code: &str) -> Reply {
        Reply::text(status, "<Error/>").with("x-ms-error-code", code)
    }

    #[tokio::test]
    async fn what_was_read_is_the_fence_of_the_write() {
        let (store, server) =
            store(vec![blob("1767225600", "\"1\""), Reply::text(201, "").with("etag", "\"2\"")]).await;
        assert_eq!(store.last(&call()).await.expect("a time"), Some(at(NOW)));
        store.set(&call(), at(NOW + 60)).await.expect("written");
        let put = server.requests().remove(1);
        assert_eq!((put.method.as_str(), put.path.as_str()), ("PUT", "/c/last-failover"));
        assert_eq!((put.headers["if-match"].as_bytes(), put.body.as_ref()), (&b"\"1\""[..], &b"1767225660"[..]));
        assert_eq!(put.headers["x-ms-blob-type"], "BlockBlob");
    }

    #[tokio::test]
    async fn a_blob_that_is_not_there_is_never_and_is_made_only_if_nobody_made_it() {
        let (store, server) = store(vec![failed(404, "BlobNotFound"), failed(409, "BlobAlreadyExists")]).await;
        assert_eq!(store.last(&call()).await.expect("never"), None);
        let fault = store.set(&call(), at(NOW)).await.expect_err("somebody was first");
        assert_eq!(fault.class, FaultClass::Conflict);
        assert_eq!(server.requests()[1].headers["if-none-match"], "*");
    }

    #[tokio::test]
    async fn a_lost_race_is_a_conflict_and_the_next_write_reads_first() {
        let replies = vec![
            blob("0", "\"1\""),
            failed(412, "ConditionNotMet"),
            blob("1767225600", "\"2\""),
            Reply::text(201, "").with("etag", "\"3\""),
        ];
        let (store, server) = store(replies).await;
        assert_eq!(store.last(&call()).await.expect("never"), None);
        assert_eq!(store.set(&call(), at(NOW)).await.expect_err("lost").class, FaultClass::Conflict);
        store.set(&call(), at(NOW)).await.expect("written");
        assert_eq!(server.requests()[3].headers["if-match"], "\"2\"");
    }

    #[tokio::test]
    async fn a_container_that_is_not_there_is_not_never() {
        let (store, _server) = store(vec![failed(404, "ContainerNotFound")]).await;
        assert_eq!(store.last(&call()).await.expect_err("unknown").class, FaultClass::NotFound);
    }

    #[tokio::test]
    async fn a_time_ahead_is_given_back_as_it_stands() {
        let (store, _server) = store(vec![blob("4102444800", "\"1\"")]).await;
        assert_eq!(store.last(&call()).await.expect("a time"), Some(at(4_102_444_800)));
    }

    #[tokio::test]
    async fn what_is_no_time_is_told_with_value_place_and_what_is_allowed() {
        for text in ["1764115200000", "-1", "x\ny", "18446744073709551615", &"z".repeat(100_000)] {
            let (store, _server) = store(vec![blob(text, "\"1\"")]).await;
            let fault = store.last(&call()).await.expect_err("no time");
            assert_eq!(fault.class, FaultClass::Invalid);
            let shown: String = text.lines().take(1).flat_map(str::chars).take(40).collect();
            for part in ["a.blob.core.windows.net/c/last-failover", &shown, "0 for never"] {
                assert!(fault.message.contains(part), "{part} in {fault}");
            }
            assert!(fault.message.len() < 300, "{fault}");
        }
    }
}
