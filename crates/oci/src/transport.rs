//! The way to the network: the client that the rest of the house uses, with a bound on every answer.

use holdfast_http::{Client, Failure, Proxies, Wanted};
use http::{Request, Response, uri::Scheme};
use hyper::body::Bytes;

use crate::endpoint::is_loopback;

/// The longest answer that is read. The largest is that of Monitoring: 7 days of minutes are 10,080 points of some 70 bytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// It was never sent: nothing leaves this machine over plain HTTP.
    Plain,
    /// It was sent in vain, or could not be.
    Failed(Failure),
}

/// The client behind the one rule of this crate.
pub(crate) struct Transport(Client);

impl Transport {
    pub(crate) fn new(proxies: Proxies) -> Self {
        Self(Client::new(proxies))
    }

    /// Which calls go through a proxy; those to the cluster as well.
    pub(crate) fn proxies(&self) -> &Proxies {
        self.0.proxies()
    }

    /// One attempt. TLS is verified always; plain `http` is spoken with loopback only.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        if request.uri().scheme() != Some(&Scheme::HTTPS) && !is_loopback(request.uri()) {
            return Err(NoAnswer::Plain);
        }
        self.0.pooled(request, Wanted::Body { longest: LONGEST }).await.map_err(NoAnswer::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn plain_http_is_spoken_with_loopback_only() {
        let transport = Transport::new(Proxies::default());
        for address in ["http://oci.test/", "http://10.0.0.1/", "http://localhost:1/", "/no-scheme"] {
            let request = Request::builder().uri(address).body(Bytes::new()).expect("a request");
            assert!(matches!(transport.send(request).await, Err(NoAnswer::Plain)), "{address}");
        }
        let request = Request::builder().uri("http://127.0.0.1:1/").body(Bytes::new()).expect("a request");
        assert!(matches!(transport.send(request).await, Err(NoAnswer::Failed(Failure::NotConnected(_)))));
    }
}
