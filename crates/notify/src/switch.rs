//! A dead-man's switch outside of the cloud: it is called when a tick has ended well, and tells people when no call
//! comes. Nobody else can tell that a whole account is silent.

use std::{fmt, time::Duration};

use holdfast_core::{Fault, FaultClass};
use holdfast_http::Client;
use http::{Request, Uri, header};
use hyper::body::Bytes;

use crate::{USER_AGENT, receiver::exchange};

/// The address, which may hold a secret, and how long a call of it may take.
#[derive(Clone)]
pub struct Switch {
    client: Client,
    uri: Uri,
    timeout: Duration,
}

impl Switch {
    /// A switch at `uri`.
    pub fn new(client: Client, uri: Uri, timeout: Duration) -> Self {
        Self { client, uri, timeout }
    }

    /// Says that a tick has ended well, by one GET.
    ///
    /// # Errors
    /// That nobody has heard it: for a metric and a line of the log, and no error of the tick.
    pub async fn reset(&self) -> Result<(), Fault> {
        let request = Request::get(self.uri.clone()).header(header::USER_AGENT, USER_AGENT).body(Bytes::new());
        let request = request.map_err(|_| Fault::new(FaultClass::Invalid, "switch", "the address makes no sense"))?;
        let silent = || Fault::new(FaultClass::Timeout, "switch", "no answer in time");
        tokio::time::timeout(self.timeout, exchange(&self.client, request)).await.map_err(|_| silent())?
    }
}

impl fmt::Debug for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switch").finish_non_exhaustive()
    }
}
