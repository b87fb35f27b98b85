//! What goes straight although there is a proxy: the entries of `NO_PROXY`. Pure.

use std::net::IpAddr;

use http::Uri;

/// What an entry may be.
pub(super) const ALLOWED: &str = "host names (which stand for all below them too), addresses, either with :PORT, networks such as \
                                  10.0.0.0/8, or *; separated by commas, without quotes";

/// What never takes a proxy: loopback and link-local addresses, under which platforms keep identity and metadata (of
/// EC2 by IPv6 too), and unspecified ones.
const NEVER: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16,fe80::/10,fd00:ec2::254,0.0.0.0,::";

/// The entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exceptions {
    /// Of any port, as the matcher reads them.
    any: Vec<String>,
    /// Names in lower case and addresses, each of one port.
    of_port: Vec<(String, u16)>,
}

impl Exceptions {
    /// Reads a list; `None` where an entry is not understood.
    pub(super) fn read(listed: &str) -> Option<Self> {
        let mut read = Self::default();
        for entry in listed.split([',', ' ', ';']).map(str::trim).filter(|entry| !entry.is_empty()) {
            match with_port(entry) {
                Some((host, port)) => read.of_port.push((host_of(host)?.trim_start_matches('.').to_owned(), port?)),
                None if entry == "*" || is_network(entry) => read.any.push(entry.to_owned()),
                None => read.any.push(host_of(entry)?),
            }
        }
        Some(read)
    }

    /// Those of any port, and ours, separated by commas.
    pub(super) fn of_any_port(&self) -> String {
        NEVER.split(',').chain(self.any.iter().map(String::as_str)).collect::<Vec<_>>().join(",")
    }

    /// The same and those of 443, for clients that know no ports and call that one.
    pub(super) fn of_https(&self) -> String {
        let https = self.of_port.iter().filter(|(_, port)| *port == 443).map(|(host, _)| host.as_str());
        [self.of_any_port().as_str()].into_iter().chain(https).collect::<Vec<_>>().join(",")
    }

    /// Whether one of them holds of `uri` that the matcher does not see: by its port, or by the dot at its end.
    pub(super) fn hold(&self, uri: &Uri) -> bool {
        let Some(given) = uri.host() else { return false };
        let host = unbracketed(given).trim_end_matches('.').to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(443);
        let is_of = |name: &str| host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
        let dotted = given.ends_with('.') && self.any.iter().any(|entry| is_of(entry.trim_start_matches('.')));
        dotted || self.of_port.iter().any(|(name, of)| *of == port && is_of(name))
    }
}

/// Host and port of an entry with a port; the port is `None` where it is none.
fn with_port(entry: &str) -> Option<(&str, Option<u16>)> {
    if unbracketed(entry).parse::<IpAddr>().is_ok() || entry.contains('/') {
        return None;
    }
    let (host, port) = entry.rsplit_once(':')?;
    Some((host, port.parse().ok().filter(|port| *port > 0)))
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn is_network(entry: &str) -> bool {
    let Some((address, bits)) = entry.split_once('/') else { return false };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

/// An address, or a name in lower case without the dot at its end; `*.x` is `.x`. `None` for what is neither.
fn host_of(text: &str) -> Option<String> {
    let text = unbracketed(text);
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_string());
    }
    let text = text.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(text);
    let text = text.strip_suffix('.').unwrap_or(text);
    let name = text.strip_prefix('.').unwrap_or(text);
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
    };
    // Numbers alone are a part of an address, which no program reads in the same way.
    let is_name = name.split('.').all(is_label) && name.contains(|letter: char| letter.is_ascii_alphabetic());
    is_name.then(|| text.to_ascii_lowercase())
}
