//! Where a connection ends.

use http::{Uri, uri::Scheme};

use crate::Failure;

/// Host and port of an address, and whether TLS is spoken there.
pub(crate) struct Origin {
    pub(crate) secure: bool,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Origin {
    pub(crate) fn of(uri: &Uri) -> Result<Self, Failure> {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        if host.is_empty() || !(secure || uri.scheme() == Some(&Scheme::HTTP)) {
            return Err(Failure::unsendable("the address is neither http nor https, or names no host"));
        }
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self { secure, host: host.to_owned(), port })
    }

    /// Host and port, as `CONNECT` wants them.
    pub(crate) fn with_port(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Result<Origin, Failure> {
        Origin::of(&text.parse().expect("an address"))
    }

    #[test]
    fn a_tunnel_is_asked_for_with_a_port() {
        let to = |text: &str| origin(text).expect("an origin").with_port();
        assert_eq!(to("https://p.example.com/"), "p.example.com:443");
        assert_eq!(to("https://[2001:db8::1]:8443/"), "[2001:db8::1]:8443");
        assert_eq!(to("http://localhost"), "localhost:80");
    }

    #[test]
    fn what_names_no_host_by_http_is_refused() {
        for text in ["/path", "p.example.com:443", "ftp://p.example.com/", "https:///x"] {
            let Ok(uri) = text.parse::<Uri>() else { continue };
            assert!(matches!(Origin::of(&uri), Err(Failure::Unsendable(_))), "{text}");
        }
    }
}
