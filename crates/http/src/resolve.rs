//! Names to addresses, by the system's own resolver.

use std::net::IpAddr;

use async_trait::async_trait;
use dns_lookup::{AddrInfoHints, SockType, getaddrinfo};
use holdfast_core::fault::with_causes;

/// Addresses that are looked at; a load balancer has one for each of its zones, and services answer with up to eight.
const MOST_ADDRESSES: usize = 16;

/// Asks for the name at the end of the chain of aliases too (`AI_CANONNAME`, the same number on every platform).
const WITH_CANONICAL_NAME: i32 = 2;

/// What a name leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// At least one, in the resolver's order, each once.
    pub addresses: Vec<IpAddr>,
    /// The name at the end of the chain of aliases, in lower case; the name itself where there is no alias.
    pub canonical: Option<String>,
}

/// Resolves names. Behind a trait so that a test can let it hang.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// What `host` leads to: at least one address.
    ///
    /// # Errors
    /// Why there is none, in words.
    async fn resolve(&self, host: &str) -> Result<Resolved, String>;
}

/// Whether `address` may not be another machine's: unspecified, loopback or link-local. A filter of names answers with
/// one of these for what it blocks, and so does a cache that is broken. Who asks there asks itself.
pub fn leads_nowhere(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().first() == Some(&0) || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_loopback() || v6.is_unicast_link_local(),
    }
}

/// Whether such an address is meant where `host` is asked for: an address that is written out, or a name that says so.
fn is_of_this_machine(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.parse::<IpAddr>().is_ok() || host == "localhost" || host.ends_with(".localhost")
}

/// What `host` leads to by `resolver`, without addresses that are not another machine's though its name is.
pub(crate) async fn elsewhere(resolver: &dyn Resolver, host: &str) -> Result<Vec<IpAddr>, String> {
    let mut addresses = resolver.resolve(host).await?.addresses;
    if is_of_this_machine(host) {
        return Ok(addresses);
    }
    let first = addresses.first().copied();
    addresses.retain(|address| !leads_nowhere(*address));
    match first {
        Some(first) if addresses.is_empty() => {
            Err(format!("it leads to {first}, which is this machine or its own link"))
        }
        _ => Ok(addresses),
    }
}

/// The resolver of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> Result<Resolved, String> {
        let host = host.to_owned();
        let asked = tokio::task::spawn_blocking(move || ask(&host)).await;
        let resolved = asked.map_err(|_| "the resolver stopped".to_owned())??;
        if resolved.addresses.is_empty() { Err("it has no address".to_owned()) } else { Ok(resolved) }
    }
}

fn ask(host: &str) -> Result<Resolved, String> {
    let hints =
        AddrInfoHints { flags: WITH_CANONICAL_NAME, socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    // A new error for each kind, and the same words for all: the number is the system's own.
    let found =
        getaddrinfo(Some(host), None, Some(hints)).map_err(|error| with_causes(&std::io::Error::from(error)))?;
    let mut resolved = Resolved::default();
    for entry in found.flatten() {
        let address = entry.sockaddr.ip();
        if resolved.addresses.len() < MOST_ADDRESSES && !resolved.addresses.contains(&address) {
            resolved.addresses.push(address);
        }
        let name = entry.canonname.map(|name| name.trim_end_matches('.').to_ascii_lowercase());
        resolved.canonical = resolved.canonical.or(name.filter(|name| !name.is_empty()));
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leads every name to these addresses.
    struct Sinkhole(Vec<IpAddr>);

    #[async_trait]
    impl Resolver for Sinkhole {
        async fn resolve(&self, _: &str) -> Result<Resolved, String> {
            Ok(Resolved { addresses: self.0.clone(), canonical: None })
        }
    }

    async fn led(host: &str, to: &[&str]) -> Result<Vec<IpAddr>, String> {
        elsewhere(&Sinkhole(to.iter().map(|text| text.parse().expect("an address")).collect()), host).await
    }

    #[tokio::test]
    async fn a_name_that_leads_to_ourselves_is_not_resolved() {
        let ours = ["0.0.0.0", "0.1.2.3", "127.0.0.1", "127.0.0.53", "169.254.1.1", "::", "::1", "fe80::1"];
        for address in ours.into_iter().chain(["::ffff:127.0.0.1", "::ffff:0.0.0.0"]) {
            for host in ["p.example.com", "p.example.com.", "logs", "localhost.example.com", "notlocalhost"] {
                let why = led(host, &[address]).await.expect_err(address);
                assert!(why.contains("this machine"), "{why}");
            }
            for host in ["localhost", "LOCALHOST.", "p.localhost", "127.0.0.1", "::1"] {
                assert!(led(host, &[address]).await.is_ok(), "{host} {address}");
            }
        }
    }

    #[tokio::test]
    async fn only_the_addresses_that_lead_nowhere_are_left_out() {
        let good: Vec<IpAddr> = ["192.0.2.7", "10.0.0.1", "fd00::1"].map(|text| text.parse().expect("ours")).to_vec();
        let led = led("p.example.com", &["127.0.0.1", "192.0.2.7", "::", "10.0.0.1", "fd00::1"]).await;
        assert_eq!(led, Ok(good));
    }

    #[tokio::test]
    async fn addresses_and_loopback_are_resolved_and_nonsense_is_not() {
        let resolved = SystemResolver.resolve("127.0.0.1").await.expect("an address");
        assert_eq!(resolved.addresses, [IpAddr::from([127, 0, 0, 1])]);
        let resolved = SystemResolver.resolve("localhost").await.expect("loopback");
        assert!(resolved.addresses.iter().all(IpAddr::is_loopback), "{resolved:?}");
        assert!(resolved.canonical.is_some(), "{resolved:?}");
        for host in ["no-such-host.invalid", "", "a\0b"] {
            assert!(SystemResolver.resolve(host).await.is_err(), "{host:?}");
        }
    }
}
