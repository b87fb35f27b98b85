//! Reads a body up to a bound.

use std::pin::pin;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::client::Body;

/// Reads `body` to its end; `None` when it is longer than `largest` bytes. Never holds more than that.
pub(super) async fn read(body: Body, largest: usize) -> Result<Option<Vec<u8>>, kube::Error> {
    let (mut whole, mut body) = (Vec::new(), pin!(Limited::new(body, largest)));
    while let Some(frame) = body.frame().await {
        match frame {
            // What is no data is trailers; nothing in them is wanted.
            Ok(frame) => whole.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(error) if error.is::<LengthLimitError>() => return Ok(None),
            Err(error) => return Err(of_body(error)),
        }
    }
    Ok(Some(whole))
}

fn of_body(error: Box<dyn std::error::Error + Send + Sync>) -> kube::Error {
    match error.downcast::<kube::Error>() {
        Ok(error) => *error,
        Err(error) => kube::Error::Service(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound_and_not_a_byte_beyond() {
        let read = async |length: usize| read(Body::from(vec![b'x'; length]), 10).await.expect("no fault");
        assert_eq!(read(0).await, Some(vec![]));
        assert_eq!(read(10).await, Some(vec![b'x'; 10]));
        assert_eq!(read(11).await, None);
    }
}
