//! What names and addresses look like: the rules behind the readers of [`Reader`](super::Reader).

/// Longest host name (RFC 1035), and longest label of one.
const LONGEST_HOST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// A host name: labels of letters, digits, `-` and `_`, separated by dots. No scheme, port, path or blank.
pub(crate) fn is_host_name(text: &str) -> bool {
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
pub(crate) fn never_leads_to_a_site(host: &str) -> bool {
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
pub(crate) fn is_object_name(text: &str) -> bool {
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    is_host_name(text) && text.chars().all(lower) && !text.ends_with('.')
}

/// An id of AWS or Azure: letters, digits and hyphens.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// A name of EKS: letters, digits, `-` and `_`, up to 100, a letter or digit first.
pub(crate) fn is_cluster_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=100).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(allowed)
}

/// A region of Azure: `eastus`, or as a person writes it, `East US`.
pub(crate) fn is_azure_region(text: &str) -> bool {
    (2..=40).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ')
}

/// A region of AWS, `us-east-1`: words and a number.
pub(crate) fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    let is_number = (1..=2).contains(&number.len()) && number.chars().all(|c| c.is_ascii_digit());
    text.len() <= 40 && is_number && words.contains('-') && words.split('-').all(is_word)
}

/// The ARN of a topic of SNS. FIFO topics cannot call a function.
pub(crate) fn is_topic_arn(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    resource(text, "sns").is_some_and(|name| (1..=256).contains(&name.len()) && name.chars().all(allowed))
}

/// The ARN of an alarm of CloudWatch, whose name may hold anything that can be seen.
pub(crate) fn is_alarm_arn(text: &str) -> bool {
    let name = resource(text, "cloudwatch").and_then(|resource| resource.strip_prefix("alarm:"));
    name.is_some_and(|name| (1..=255).contains(&name.chars().count()) && !name.contains(char::is_control))
}

/// The resource in an ARN of `service`: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
fn resource<'a>(arn: &'a str, service: &str) -> Option<&'a str> {
    let mut parts = arn.splitn(6, ':');
    let (scheme, partition, of) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let is_account = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    let is_partition = partition == "aws" || partition.starts_with("aws-");
    (scheme == "arn" && is_partition && of == service && is_region(region) && is_account).then_some(resource)
}

/// An address that a token may be sent to: `https`, a host, and nothing that could hold a secret.
pub(crate) fn is_https(url: &str) -> bool {
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
    fn an_arn_that_is_none_is_refused() {
        all(
            is_topic_arn,
            &[
                "arn:aws:sns:us-east-1:111122223333:dr-failover",
                "arn:aws-us-gov:sns:us-gov-west-1:111122223333:A_b",
                "arn:aws-cn:sns:cn-north-1:111122223333:x",
            ],
            &[
                "typo",
                "arn:aws:sns",
                "arn:aws:sns:us-east-1:111122223333:",
                "arn:aws:sqs:us-east-1:111122223333:q",
                "arn:aws:sns:us-east-1:1111:x",
                "arn:aws:sns::111122223333:x",
                "arn:aws:sns:us-east-1:111122223333:x:3f2c",
                "arn:aws:sns:us-east-1:111122223333:x.fifo",
                "arn:azure:sns:us-east-1:111122223333:x",
                " arn:aws:sns:us-east-1:111122223333:x",
                "ARN:aws:sns:us-east-1:111122223333:x",
            ],
        );
        all(
            is_alarm_arn,
            &[
                "arn:aws:cloudwatch:us-east-1:111122223333:alarm:p-site-down",
                "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a: b",
            ],
            &[
                "arn:typo",
                "arn:aws:cloudwatch:us-east-1:111122223333:alarm:",
                "arn:aws:cloudwatch:us-east-1:111122223333:dashboard/x",
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
    fn names_are_those_that_the_platforms_know() {
        all(is_object_name, &["logging", "humio-operator", "a.b"], &["Logging", "a/b", "a b", "", "a.", "a_b"]);
        all(is_id, &["hc", "11111111-2222-4333-8444-555555555555"], &["", "a/b", "a b", &"x".repeat(65)]);
        all(is_cluster_name, &["dr", "Dr_1-x"], &["", "-x", "a/b", &"x".repeat(101)]);
        all(is_azure_region, &["westeurope", "East US 2"], &["", "x", "east-us", "https://x", &"x".repeat(41)]);
        all(
            is_region,
            &["us-east-1", "us-gov-west-1", "eusc-de-east-1", "ap-southeast-7", "us-isob-east-1", "mx-central-1"],
            &[
                "US",
                "us east 1",
                "1",
                "",
                "https://x",
                "nowhere",
                "westeurope",
                "us-east",
                "us-1",
                "us-east-1.evil.com",
                "us--1",
            ],
        );
        all(
            never_leads_to_a_site,
            &["failover-locked.invalid", "X.INVALID.", "0.0.0.0", "169.254.1.1", "255.255.255.255"],
            &["logs.example.com", "10.0.0.1", "invalid.example.com", "localhost"],
        );
    }
}
