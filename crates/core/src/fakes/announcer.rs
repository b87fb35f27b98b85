//! Somebody who is told, and may not be reached.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{FutureExt, future::BoxFuture};

use crate::{
    fault::{Fault, FaultClass},
    news::{News, Occasion},
    ports::Announcer,
};

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It is delivered.
    Yes,
    /// It is refused.
    Refused,
    /// Nothing comes back.
    Silent,
}

/// Keeps what it was told.
pub struct FakeAnnouncer {
    name: &'static str,
    inner: Mutex<(Reached, Vec<News>)>,
}

impl FakeAnnouncer {
    /// A receiver that is reached or not.
    pub fn new(name: &'static str, reached: Reached) -> Arc<Self> {
        Arc::new(Self { name, inner: Mutex::new((reached, Vec::new())) })
    }

    /// From now on.
    pub fn set(&self, reached: Reached) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).0 = reached;
    }

    /// Every message that was sent, whatever became of it.
    pub fn sent(&self) -> Vec<News> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// What those were about.
    pub fn occasions(&self) -> Vec<Occasion> {
        self.sent().iter().map(|news| news.occasion).collect()
    }
}

impl Announcer for FakeAnnouncer {
    fn name(&self) -> &'static str {
        self.name
    }

    fn announce(&self, news: News) -> BoxFuture<'static, Result<(), Fault>> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1.push(news);
        match inner.0 {
            Reached::Yes => std::future::ready(Ok(())).boxed(),
            Reached::Refused => std::future::ready(Err(Fault::new(FaultClass::Denied, "notify", "HTTP 403"))).boxed(),
            Reached::Silent => std::future::pending().boxed(),
        }
    }
}
