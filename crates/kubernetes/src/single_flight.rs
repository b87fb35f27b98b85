//! One read for all who ask at the same moment.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use holdfast_core::Fault;

use crate::fault::again;

type Answer<T> = Result<Arc<T>, Arc<Fault>>;
type Reading<T> = BoxFuture<'static, Answer<T>>;

/// Lets callers of one moment share a read.
///
/// Each caller waits one turn of the executor before it lets the read go; a read can be joined until the first of
/// them does. So a caller never gets an answer to a question that was asked before it came: what it sees is at
/// least as new as its own call, whatever effects other callers had meanwhile. Nothing is kept after the answer.
pub struct SingleFlight<T> {
    boarding: Arc<Mutex<Option<WeakShared<Reading<T>>>>>,
}

impl<T: Send + Sync + 'static> Default for SingleFlight<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Send + Sync + 'static> SingleFlight<T> {
    /// One that nobody uses yet.
    pub fn new() -> Self {
        Self { boarding: Arc::default() }
    }

    /// Joins the read that is about to be sent, or sends `read`.
    ///
    /// # Errors
    /// Those of the read, for each who shares it.
    pub async fn get<F>(&self, read: impl FnOnce() -> F) -> Result<Arc<T>, Fault>
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let flight = self.board(read);
        // Here and not in the flight: a shared future is polled by all who share it, within one turn.
        one_turn().await;
        flight.await.map_err(|fault| again(&fault))
    }

    fn board<F>(&self, read: impl FnOnce() -> F) -> Shared<Reading<T>>
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let mut boarding = self.boarding.lock().unwrap_or_else(PoisonError::into_inner);
        // Weak: when all who waited have given up, their read is gone too, with its old deadline.
        if let Some(flight) = boarding.as_ref().and_then(WeakShared::upgrade) {
            return flight;
        }
        let (read, departing) = (read(), Arc::clone(&self.boarding));
        let flight = async move {
            *departing.lock().unwrap_or_else(PoisonError::into_inner) = None;
            read.await.map(Arc::new).map_err(Arc::new)
        }
        .boxed()
        .shared();
        *boarding = flight.downgrade();
        flight
    }
}

/// Lets everything else that is ready run once.
async fn one_turn() {
    let mut waited = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use futures_util::future::join3;
    use holdfast_core::FaultClass;

    use super::*;

    async fn counted(reads: Arc<AtomicUsize>, answered: Duration) -> Result<usize, Fault> {
        let number = reads.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(answered).await;
        Ok(number)
    }

    #[tokio::test]
    async fn callers_of_one_moment_share_one_read() {
        let (flight, reads) = (SingleFlight::new(), Arc::new(AtomicUsize::new(0)));
        let ask = || flight.get(|| counted(Arc::clone(&reads), Duration::from_millis(5)));
        let (a, b, c) = join3(ask(), ask(), ask()).await;
        assert_eq!([*a.expect("a"), *b.expect("b"), *c.expect("c")], [1, 1, 1]);
    }

    #[tokio::test]
    async fn a_later_caller_reads_anew() {
        let (flight, reads) = (SingleFlight::new(), Arc::new(AtomicUsize::new(0)));
        let ask = || flight.get(|| counted(Arc::clone(&reads), Duration::ZERO));
        assert_eq!(*ask().await.expect("first"), 1);
        assert_eq!(*ask().await.expect("second"), 2);
    }

    #[tokio::test]
    async fn a_read_that_is_already_sent_is_not_joined() {
        let (flight, reads) = (SingleFlight::new(), Arc::new(AtomicUsize::new(0)));
        let ask = || flight.get(|| counted(Arc::clone(&reads), Duration::from_millis(30)));
        let later = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            ask().await
        };
        let (first, second) = futures_util::join!(ask(), later);
        assert_eq!((*first.expect("first"), *second.expect("second")), (1, 2));
    }

    #[tokio::test]
    async fn a_read_that_everybody_gave_up_is_not_taken_over() {
        let (flight, reads) = (SingleFlight::new(), Arc::new(AtomicUsize::new(0)));
        let ask = || flight.get(|| counted(Arc::clone(&reads), Duration::ZERO));
        let mut given_up = Box::pin(ask());
        assert!(futures_util::poll!(&mut given_up).is_pending());
        drop(given_up);
        assert_eq!(*ask().await.expect("an answer"), 1, "the first read was never sent");
    }

    #[tokio::test]
    async fn a_fault_reaches_all_who_share_the_read() {
        let flight = SingleFlight::<()>::new();
        let ask = || flight.get(|| async { Err(Fault::new(FaultClass::Server, "test:Call", "down")) });
        let (a, b, _) = join3(ask(), ask(), ask()).await;
        assert_eq!(a.expect_err("down").class, FaultClass::Server);
        assert_eq!(b.expect_err("down").message, "down");
    }
}
