//! An address that is asked: the primary's status endpoint, or a control target.

use std::net::IpAddr;

use http::Uri;

use crate::public::is_public;

/// An address that cannot be probed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url:?} {why}; allowed is https://HOST[:PORT]/PATH, and http:// for loopback hosts only")]
pub struct BadTarget {
    /// What was given.
    pub url: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// An address that can be probed: `https`, or `http` on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    tls: bool,
    /// Without the brackets of an IPv6 address.
    host: String,
    port: u16,
    uri: Uri,
}

impl Target {
    /// Takes an address apart.
    ///
    /// # Errors
    /// [`BadTarget`] when it is no address, names no host, holds a password, or is `http` beyond loopback.
    pub fn parse(url: &str) -> Result<Self, BadTarget> {
        let bad = |why| BadTarget { url: url.to_owned(), why };
        let uri: Uri = url.trim().parse().map_err(|_| bad("is no address"))?;
        let authority = uri.authority().ok_or(bad("names no host"))?;
        if authority.as_str().contains('@') {
            // Not repeated in the error: it may hold a password.
            return Err(BadTarget { url: "the address".to_owned(), why: "must not hold a user name or password" });
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if is_loopback(&host) => false,
            Some("http") => return Err(bad("is http and not on loopback")),
            _ => return Err(bad("is neither https nor http")),
        };
        Ok(Self { tls, host, port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }), uri })
    }

    /// The host's name or address, without the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is asked by TLS.
    pub fn is_secure(&self) -> bool {
        self.tls
    }

    /// Whether both are the same host. On loopback, where tests live, ports tell hosts apart.
    pub fn is_same_host(&self, other: &Self) -> bool {
        let names = [&self.host, &other.host].map(|host| host.trim_end_matches('.').to_ascii_lowercase());
        names[0] == names[1] && (self.port == other.port || !is_loopback(&self.host))
    }

    /// Whether it is known without any resolver that it is not of the public internet: an address that is written out, or
    /// a name of this machine.
    pub fn is_inside(&self) -> bool {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        let is_private = host.parse::<IpAddr>().is_ok_and(|address| !is_public(address));
        is_private || host == "localhost" || host.ends_with(".localhost")
    }

    /// The whole address.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let target = Target::parse("https://p.example.com/api/v1/status?x=1").expect("a target");
        assert_eq!((target.tls, target.host.as_str(), target.port), (true, "p.example.com", 443));
        assert_eq!(target.uri().path_and_query().map(|path| path.as_str()), Some("/api/v1/status?x=1"));
        let target = Target::parse("http://[::1]:8080").expect("a target");
        assert_eq!((target.tls, target.host.as_str(), target.port, target.uri().path()), (false, "::1", 8080, "/"));
    }

    #[test]
    fn what_is_inside_shows_by_its_address_alone() {
        let inside = |url: &str| Target::parse(url).expect("a target").is_inside();
        for url in [
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost",
            "https://127.0.0.1",
            "https://10.0.0.1/",
            "https://169.254.169.254/",
            "https://[::1]",
            "https://[fd00::1]/",
            "https://0.0.0.0/",
        ] {
            assert!(inside(url), "{url}");
        }
        for url in
            ["https://p.example.com", "https://52.94.5.1/", "https://[2600:1f00::1]", "https://localhost.example.com"]
        {
            assert!(!inside(url), "{url}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for url in ["http://127.0.0.1:1/", "http://localhost/", "http://[::1]/"] {
            assert!(Target::parse(url).is_ok(), "{url}");
        }
        for url in
            ["http://p.example.com/", "http://127.0.0.1.example.com/", "ftp://127.0.0.1/", "p.example.com", "", "/x"]
        {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn one_host_may_be_written_in_several_ways() {
        let same = |one: &str, other: &str| {
            let target = |url: &str| Target::parse(url).expect("a target");
            target(one).is_same_host(&target(other))
        };
        assert!(same("https://p.example.com/api", "https://P.example.com.:8443/"));
        assert!(same("https://localhost:1/a", "https://localhost:1/b"));
        assert!(!same("https://localhost:1/", "https://localhost:2/"));
        assert!(!same("https://p.example.com/", "https://q.example.com/"));
    }

    #[test]
    fn a_password_is_neither_taken_nor_repeated() {
        let error = Target::parse("https://me:secret@p.example.com/").expect_err("a password");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
