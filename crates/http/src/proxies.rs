//! Which calls go through a proxy: one rule for the probe, the control targets, the cluster and the clouds' own APIs.
//!
//! # Layout
//!
//! * this file: [`Proxies`], read once from the usual variables, and [`Proxy`], the one that a call takes.
//! * `exceptions`: what goes straight.
//!
//! Only `https` calls take a proxy, by `CONNECT`: it sees the host's name and nothing else. Plain `http` is spoken with
//! loopback and with the platform's own identity and metadata, which no proxy could reach for us.

mod exceptions;

use std::{fmt, sync::Arc};

use http::{HeaderValue, Uri, uri::Scheme};
use hyper_util::client::proxy::matcher::Matcher;
use thiserror::Error;

use exceptions::Exceptions;

/// Where the proxy's address stands, in this order; curl and the SDKs read the same.
pub const ADDRESS: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Where the exceptions stand.
pub const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// A variable that cannot be used. The value is not kept: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name} is not allowed: it must be {allowed}")]
pub struct BadProxy {
    /// The variable.
    pub name: &'static str,
    /// What would be allowed.
    pub allowed: &'static str,
}

/// The rule. Clones share it.
#[derive(Clone, Default)]
pub struct Proxies(Option<Arc<Rule>>);

struct Rule {
    /// As it is given, a password included.
    address: Uri,
    exceptions: Exceptions,
    /// The same for clients that know no ports.
    listed: String,
    matcher: Matcher,
}

/// The proxy that a call takes.
#[derive(Clone)]
pub struct Proxy {
    /// Its address, with the user's name and password where there are any. Not to be shown.
    pub address: Uri,
    /// Its host, without the brackets of an IPv6 address.
    pub host: String,
    /// Its port; 80 where none is given.
    pub port: u16,
    /// What to tell it about ourselves.
    pub authorization: Option<HeaderValue>,
}

impl Proxies {
    /// Reads variables. An empty value counts as not set.
    ///
    /// # Errors
    /// [`BadProxy`]. An address or an exception that other programs would skip is not skipped: calls would silently go
    /// another way.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, BadProxy> {
        let set = |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let Some((name, text)) = ADDRESS.iter().find_map(|name| Some((*name, set(name)?))) else {
            return Ok(Self::default());
        };
        let address = address(&text).ok_or(BadProxy { name, allowed: "http://[USER:PASSWORD@]HOST[:PORT]" })?;
        let listed = EXCEPTIONS.iter().find_map(|name| Some((*name, set(name)?)));
        let exceptions = match listed {
            Some((name, listed)) => Exceptions::read(&listed).ok_or(BadProxy { name, allowed: exceptions::ALLOWED })?,
            None => Exceptions::default(),
        };
        let matcher = Matcher::builder().https(address.to_string()).no(exceptions.of_any_port()).build();
        let listed = exceptions.of_https();
        Ok(Self(Some(Arc::new(Rule { address, exceptions, listed, matcher }))))
    }

    /// The proxy for a call to `uri`; `None` where it goes straight.
    pub fn of(&self, uri: &Uri) -> Option<Proxy> {
        let rule = self.0.as_ref()?;
        if rule.exceptions.hold(uri) {
            return None;
        }
        let found = rule.matcher.intercept(uri).filter(|_| uri.scheme() == Some(&Scheme::HTTPS))?;
        let host = found.uri().host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some(Proxy {
            address: rule.address.clone(),
            host,
            port: found.uri().port_u16().unwrap_or(80),
            authorization: found.basic_auth().cloned(),
        })
    }

    /// Address and exceptions, for clients that apply the same rule by themselves; `None` without a proxy. The address
    /// may hold a password.
    pub fn rule(&self) -> Option<(&Uri, &str)> {
        self.0.as_ref().map(|rule| (&rule.address, rule.listed.as_str()))
    }
}

/// An address with scheme: `proxy:3128` is taken as curl takes it.
fn address(text: &str) -> Option<Uri> {
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let uri: Uri = text.parse().ok()?;
    let host = uri.host().filter(|host| !host.is_empty());
    (uri.scheme() == Some(&Scheme::HTTP) && host.is_some() && matches!(uri.path(), "" | "/")).then_some(uri)
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.as_ref().and_then(|rule| rule.address.host());
        f.debug_struct("Proxies").field("host", &host).finish_non_exhaustive()
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl PartialEq for Proxies {
    fn eq(&self, other: &Self) -> bool {
        self.rule() == other.rule()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Proxies, BadProxy> {
        let find = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Proxies::read(&find)
    }

    fn through(set: &[(&str, &str)], url: &str) -> Option<String> {
        let proxy = read(set).expect("a sound rule").of(&url.parse().expect("an address"))?;
        Some(format!("{}:{}", proxy.host, proxy.port))
    }

    const SET: (&str, &str) = ("HTTPS_PROXY", "http://proxy.corp:3128");

    #[test]
    fn without_a_variable_every_call_goes_straight() {
        assert_eq!(through(&[], "https://p.example.com/"), None);
        assert_eq!(through(&[("HTTPS_PROXY", " ")], "https://p.example.com/"), None);
        assert_eq!(through(&[("HTTP_PROXY", "http://proxy.corp:3128")], "https://p.example.com/"), None);
    }

    #[test]
    fn both_spellings_are_read_and_upper_case_first() {
        let proxy = |set: &[(&str, &str)]| through(set, "https://p.example.com/");
        assert_eq!(proxy(&[("https_proxy", "lower:1")]).as_deref(), Some("lower:1"));
        assert_eq!(proxy(&[("https_proxy", "lower:1"), SET]).as_deref(), Some("proxy.corp:3128"));
        assert_eq!(proxy(&[("ALL_PROXY", "http://all"), ("NO_PROXY", "x")]).as_deref(), Some("all:80"));
        assert_eq!(proxy(&[("HTTPS_PROXY", "http://[2001:db8::1]:8080")]).as_deref(), Some("2001:db8::1:8080"));
    }

    #[test]
    fn plain_http_loopback_and_metadata_never_take_a_proxy() {
        for url in [
            "http://169.254.169.254/metadata/identity",
            "http://p.example.com/",
            "https://localhost:1/",
            "https://127.0.0.1:1/",
            "https://127.9.9.9/",
            "https://[::1]:1/",
            "https://169.254.170.2/",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
        ] {
            assert_eq!(through(&[SET], url), None, "{url}");
        }
        assert!(through(&[SET], "https://10.0.0.1/").is_some());
    }

    #[test]
    fn exceptions_are_names_with_what_is_below_them_addresses_and_networks() {
        let list = ("no_proxy", "corp.example, .inner.example *.star.example,10.0.0.0/8, 192.0.2.7,2001:db8::/32");
        for url in [
            "https://corp.example/",
            "https://a.CORP.example/",
            "https://inner.example/",
            "https://x.inner.example/",
            "https://x.star.example/",
            "https://10.200.0.1:6443/",
            "https://192.0.2.7/",
            "https://[2001:db8::5]/",
        ] {
            assert_eq!(through(&[SET, list], url), None, "{url}");
        }
        for url in ["https://notcorp.example/", "https://corp.example.org/", "https://11.0.0.1/", "https://192.0.2.8/"]
        {
            assert!(through(&[SET, list], url).is_some(), "{url}");
        }
        assert_eq!(through(&[SET, ("NO_PROXY", "*")], "https://p.example.com/"), None);
    }

    #[test]
    fn an_exception_may_name_a_port_and_end_with_a_dot() {
        let list =
            ("NO_PROXY", "api.example.com:443,k8s.example:6443,10.1.2.3:6443,[fd00::1]:6443,dotted.example.,[::2]");
        for url in [
            "https://api.example.com/",
            "https://API.example.com.:443/x",
            "https://k8s.example:6443/",
            "https://x.k8s.example:6443/",
            "https://10.1.2.3:6443/",
            "https://[fd00::1]:6443/",
            "https://a.dotted.example/",
            "https://dotted.example./",
            "https://[::2]:1/",
        ] {
            assert_eq!(through(&[SET, list], url), None, "{url}");
        }
        for url in ["https://api.example.com:6443/", "https://k8s.example/", "https://10.1.2.3/", "https://[fd00::1]/"]
        {
            assert!(through(&[SET, list], url).is_some(), "{url}");
        }
        // Clients that know no ports call 443.
        let proxies = read(&[SET, list]).expect("sound");
        let (_, listed) = proxies.rule().expect("a rule");
        assert!(listed.contains("api.example.com") && !listed.contains("k8s.example"), "{listed}");
    }

    #[test]
    fn an_exception_that_cannot_be_understood_is_a_fault_and_is_not_skipped() {
        for bad in [
            "\"api.example.com\"",
            "'x'",
            "10.*",
            "10.0.0.0/33",
            "fd00::/129",
            "10.0.0.0/",
            "https://api.example.com",
            "api.example.com|x",
            "api.example.com:port",
            "api.example.com:0",
            "10.0.0.0/8:443",
            "a*.example.com",
            "x..example.com",
            "10.1",
            "good.example,bad/",
        ] {
            let fault = read(&[SET, ("no_proxy", bad)]).expect_err(bad);
            assert!(fault.name == "no_proxy" && fault.allowed.contains("host names"), "{fault}");
        }
        assert!(read(&[("NO_PROXY", "10.*")]).is_ok(), "without a proxy it changes nothing");
    }

    #[test]
    fn an_address_that_cannot_be_used_is_a_fault_and_is_not_repeated() {
        for bad in ["socks5://p:1", "https://me:secret@p:1", "http://", "http://p:1/path", "ht tp://p", "//"] {
            let fault = read(&[("https_proxy", bad)]).expect_err(bad);
            assert_eq!(fault.name, "https_proxy");
            assert!(!fault.to_string().contains("secret"), "{fault}");
        }
    }

    #[test]
    fn a_password_is_told_to_the_proxy_and_to_nobody_else() {
        let proxies = read(&[("HTTPS_PROXY", "http://me:s%40cret@p:1")]).expect("sound");
        let proxy = proxies.of(&Uri::from_static("https://p.example.com/")).expect("a proxy");
        let told = proxy.authorization.clone().expect("a header");
        assert_eq!(told, "Basic bWU6c0BjcmV0");
        assert!(told.is_sensitive());
        let shown = format!("{proxies:?} {proxy:?} {told:?}");
        assert!(!shown.contains("cret") && !shown.contains("bWU6"), "{shown}");
    }
}
