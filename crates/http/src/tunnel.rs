//! A way through a proxy: `CONNECT` (RFC 9110, 9.3.6).

use holdfast_core::fault::with_causes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Empty;
use hyper::{body::Bytes, client::conn::http1, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};

use crate::{Failure, Proxy, origin::Origin};

/// What Squid names its own error by; the status alone does not tell a name that it cannot resolve from a host that
/// does not answer.
const SQUID_ERROR: &str = "x-squid-error";

/// Asks the proxy for a connection to the origin and gives what it opens.
pub(crate) async fn open(stream: TcpStream, proxy: &Proxy, origin: &Origin) -> Result<Upgraded, Failure> {
    let refused = |error: hyper::Error| Failure::ProxyRefused(with_causes(&error));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(refused)?;
    // Ends with this function: by then the connection was handed over, or is of no use.
    let mut driver = JoinSet::new();
    driver.spawn(connection.with_upgrades());
    let response = sender.send_request(request(proxy, origin)?).await.map_err(refused)?;
    let status = response.status();
    if !status.is_success() {
        let error = response.headers().get(SQUID_ERROR).and_then(|error| error.to_str().ok()).unwrap_or_default();
        return Err(refusal(status, error));
    }
    hyper::upgrade::on(response).await.map_err(refused)
}

fn request(proxy: &Proxy, origin: &Origin) -> Result<Request<Empty<Bytes>>, Failure> {
    let to = origin.with_port();
    let mut request = Request::builder().method(Method::CONNECT).uri(&to).header(header::HOST, &to);
    if let Some(told) = &proxy.authorization {
        request = request.header(header::PROXY_AUTHORIZATION, told);
    }
    request.body(Empty::new()).map_err(|error| Failure::ProxyRefused(error.to_string()))
}

/// A gateway's statuses speak of the other side (RFC 9110, 15.6): it does not answer the proxy. All others speak of us,
/// of the proxy, or of its resolver.
fn refusal(status: StatusCode, error: &str) -> Failure {
    use StatusCode as S;
    match status {
        S::BAD_GATEWAY | S::SERVICE_UNAVAILABLE | S::GATEWAY_TIMEOUT if !error.contains("DNS") => {
            Failure::NotReachedByProxy(status)
        }
        _ => Failure::ProxyRefused(format!("HTTP {}", status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_gateways_status_speaks_of_the_other_side() {
        let reached = |status: u16, error: &str| {
            !matches!(refusal(StatusCode::from_u16(status).expect("a status"), error), Failure::NotReachedByProxy(_))
        };
        for status in [502, 503, 504] {
            assert!(!reached(status, "ERR_CONNECT_FAIL 110"), "{status}");
            assert!(reached(status, "ERR_DNS_FAIL 0"), "{status}");
        }
        for status in [302, 400, 403, 407, 429, 500, 511] {
            assert!(reached(status, ""), "{status}");
        }
    }
}
