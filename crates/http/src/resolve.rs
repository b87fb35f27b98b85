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
