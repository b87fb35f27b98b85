//! What names and addresses look like: the rules behind the readers of [`Reader`](crate::Reader).

/// Longest host name (RFC 1035), and longest label of one.
const LONGEST_HOST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// A host name: labels of letters, digits, `-` and `_`, separated by dots. No scheme, port, path or blank.
pub fn is_host_name(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.chars().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= LONGEST_HOST && name.split('.').all(label)
}

/// True of a host that no site can be at: a name that never resolves, such as that of the lock, and an address that is
/// nobody's or only of one link.
pub fn never_leads_to_a_site(host: &str) -> bool {
    use std::net::IpAddr;
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_nobodys = match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => v4.octets().first() == Some(&0) || v4.is_link_local() || v4.is_broadcast(),
        Ok(IpAddr::V6(v6)) => v6.is_unspecified() || v6.is_unicast_link_local(),
        Err(_) => false,
    };
    is_nobodys || host == "invalid" || host.ends_with(".invalid")
}

/// A name of Kubernetes (RFC 1123 subdomain), as it stands in the path of a request.
pub fn is_object_name(text: &str) -> bool {
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    is_host_name(text) && text.chars().all(lower) && !text.ends_with('.')
}

/// An id: letters, digits and hyphens.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// An address that a token may be sent to: `https`, a host, and nothing that could hold a secret.
pub fn is_https(url: &str) -> bool {
    let rest = url.strip_prefix("https://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let (host, port) = if authority.ends_with(']') { (authority, None) } else { (host, port) };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = address.map_or_else(|| is_host_name(host), |host| host.parse::<std::net::Ipv6Addr>().is_ok());
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    is_host && is_port && !url.contains(['@', '?', '#']) && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(rule: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(rule(text), "{text:?} is refused");
        }
        for text in bad {
            assert!(!rule(text), "{text:?} is taken");
        }
    }

    #[test]
    fn a_host_name_has_neither_scheme_nor_port_nor_path_nor_blank() {
        let long = "a".repeat(64);
        all(
            is_host_name,
            &["logs.example.com", "primary", "p.example.com.", "_x.example.com", "xn--bcher-kva.example", "10.0.0.1"],
            &[
                "https://logs.example.com",
                "http:logs",
                "logs.example.com/",
                "logs.example.com:443",
                "logs example.com",
                "logs..example.com",
                ".example.com",
                "-x.example.com",
                "*.example.com",
                "me@example.com",
                "example.com?x",
                "büch.example",
                "",
                ".",
                &long,
                &"a.".repeat(200),
            ],
        );
    }

    #[test]
    fn an_address_is_https_and_holds_no_secret() {
        all(
            is_https,
            &["https://a.queue.core.windows.net/q", "https://127.0.0.1:8443", "https://[::1]:1/x", "https://[::1]"],
            &[
                "http://a",
                "https://",
                "https:///x",
                "https://a b",
                "https://me:x@a",
                "https://a/?sig=x",
                "https://a#x",
                "https://a:99999",
                "https://a:0",
                "https://a:x",
                "https://https://a",
                "HTTPS:a",
                "https://a\n",
            ],
        );
    }

    #[test]
    fn a_site_is_not_at_a_name_that_never_resolves_nor_at_nobodys_address() {
        all(
            never_leads_to_a_site,
            &["failover-locked.invalid", "X.INVALID.", "0.0.0.0", "169.254.1.1", "255.255.255.255"],
            &["logs.example.com", "10.0.0.1", "invalid.example.com", "localhost"],
        );
    }

    #[test]
    fn names_are_those_that_the_platforms_know() {
        all(is_object_name, &["logging", "humio-operator", "a.b"], &["Logging", "a/b", "a b", "", "a.", "a_b"]);
        all(is_id, &["hc", "11111111-2222-4333-8444-555555555555"], &["", "a/b", "a b", &"x".repeat(65)]);
    }
}
