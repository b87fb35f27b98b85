//! One receiver of messages. Sending goes on beside the work: one message after the other, each for one call at most.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use holdfast_core::{Fault, FaultClass, fault::with_causes, news::News, ports::Announcer};
use holdfast_http::{Client, Failure, Wanted};
use http::{Request, header};
use hyper::body::Bytes;
use tokio::{task::JoinHandle, time::Instant};

use crate::{Outgoing, Topic, USER_AGENT, topic};

/// The name of the call in faults.
const CALL: &str = "notify";

/// What delivers one message.
type Deliver = Arc<dyn Fn(News) -> BoxFuture<'static, Result<(), Fault>> + Send + Sync>;

/// Somebody who is told.
pub struct Receiver {
    name: &'static str,
    timeout: Duration,
    deliver: Deliver,
    /// The message before, which has to be gone first.
    last: Mutex<Option<JoinHandle<()>>>,
}

impl Receiver {
    /// A receiver that gets each message over HTTPS, as `compose` writes it, within `timeout`.
    pub fn new(
        name: &'static str,
        client: Client,
        timeout: Duration,
        compose: impl Fn(&News) -> Outgoing + Send + Sync + 'static,
    ) -> Self {
        let deliver = move |news: News| {
            let (client, outgoing) = (client.clone(), compose(&news));
            async move { send(&client, &outgoing).await }.boxed()
        };
        Self { name, timeout, deliver: Arc::new(deliver), last: Mutex::new(None) }
    }

    /// A topic that gets each message of `site`, within `timeout`.
    pub fn of_topic(topic: Arc<dyn Topic>, site: String, timeout: Duration) -> Self {
        let name = topic.name();
        let deliver = move |news: News| {
            let (topic, notice) = (Arc::clone(&topic), topic::notice(&site, &news));
            async move { topic.publish(&notice).await }.boxed()
        };
        Self { name, timeout, deliver: Arc::new(deliver), last: Mutex::new(None) }
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Announcer for Receiver {
    fn name(&self) -> &'static str {
        self.name
    }

    fn announce(&self, news: News) -> BoxFuture<'static, Result<(), Fault>> {
        let (answer, told) = tokio::sync::oneshot::channel();
        let (deliver, timeout) = (Arc::clone(&self.deliver), self.timeout);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.take();
        let Some(ends) = Instant::now().checked_add(timeout) else {
            return std::future::ready(Err(silent(timeout))).boxed();
        };
        *last = Some(tokio::spawn(async move {
            let work = async {
                if let Some(before) = before {
                    // However that ended, its turn is over.
                    let _ = before.await;
                }
                deliver(news).await
            };
            let sent = tokio::time::timeout_at(ends, work).await.unwrap_or_else(|_| Err(silent(timeout)));
            // Nobody waits for it any more: the next tick tells it again.
            let _ = answer.send(sent);
        }));
        async move { told.await.unwrap_or_else(|_| Err(Fault::new(FaultClass::Connection, CALL, "it was not sent"))) }
            .boxed()
    }
}

fn silent(timeout: Duration) -> Fault {
    Fault::new(FaultClass::Timeout, CALL, format!("no answer within {:.3} s", timeout.as_secs_f64()))
}

/// One request on a connection of its own: between two messages there are minutes. A status of 2xx is a success; nothing
/// else of the answer is looked at, and no body of it is told.
pub(crate) async fn send(client: &Client, outgoing: &Outgoing) -> Result<(), Fault> {
    let mut request = Request::post(&outgoing.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, USER_AGENT);
    for (name, value) in &outgoing.headers {
        request = request.header(*name, value);
    }
    let request = request.body(Bytes::from(outgoing.body.clone()));
    // Its words could hold the address, and the address a secret.
    let request = request.map_err(|_| Fault::new(FaultClass::Invalid, CALL, "the request makes no sense"))?;
    exchange(client, request).await
}

pub(crate) async fn exchange(client: &Client, request: Request<Bytes>) -> Result<(), Fault> {
    let way = client.way(request.uri()).await.map_err(|failure| fault(&failure))?;
    let answer = client.once(way, request, Wanted::Head).await.map_err(|failure| fault(&failure))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(Fault::new(FaultClass::of_status(status.as_u16()), CALL, format!("HTTP {}", status.as_u16())))
}

fn fault(failure: &Failure) -> Fault {
    let class = if matches!(failure, Failure::Unsendable(_)) { FaultClass::Invalid } else { FaultClass::Connection };
    Fault::new(class, CALL, with_causes(failure))
}
