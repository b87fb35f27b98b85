//! Where the name that users type leads: the second witness.
//!
//! The DNS services of the clouds answer by their own checkers, and the resolver of a network can be reached without a
//! way out of it. An answer that still names the primary says that those checkers see it well, though we do not.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault, FaultClass,
    evidence::{NamedSite, TrafficAnswer},
    ports::TrafficWitness,
};

use holdfast_http::resolve::{Resolved, Resolver, SystemResolver, leads_nowhere};

use crate::patience;

const CALL: &str = "dns:Resolve";

/// How many addresses of an answer are told.
const TOLD: usize = 4;

/// Resolves the users' name beside the primary's own.
pub struct TrafficName {
    resolver: Arc<dyn Resolver>,
    users: String,
    primary: String,
    timeout: Duration,
}

impl TrafficName {
    /// Compares `users`, the name that users type, with `primary`, the primary's own. Each answer may take `timeout`.
    pub fn new(users: impl Into<String>, primary: impl Into<String>, timeout: Duration) -> Self {
        Self { resolver: Arc::new(SystemResolver), users: users.into(), primary: primary.into(), timeout }
    }

    async fn resolve(&self, call: &Call, host: &str) -> Result<Resolved, Fault> {
        let resolving = async {
            let resolved = self.resolver.resolve(host).await;
            resolved
                .map_err(|why| Fault::new(FaultClass::Connection, CALL, format!("{host} cannot be resolved: {why}")))
        };
        let resolved = patience(call, self.timeout).once(CALL, resolving).await?;
        // A filter of names answers with these for whatever it blocks, the one name as the other.
        if resolved.addresses.iter().copied().all(leads_nowhere) {
            return Err(Fault::new(FaultClass::Connection, CALL, format!("{host} has no address")));
        }
        Ok(resolved)
    }
}

#[async_trait]
impl TrafficWitness for TrafficName {
    async fn answer(&self, call: &Call) -> Result<TrafficAnswer, Fault> {
        let (users, primary) = futures_util::join!(self.resolve(call, &self.users), self.resolve(call, &self.primary));
        let users = users?;
        let names = if is_primary(&users, &primary?) { NamedSite::Primary } else { NamedSite::Other };
        let told: Vec<String> = users.addresses.iter().take(TOLD).map(ToString::to_string).collect();
        let alias = users.canonical.filter(|name| !name.eq_ignore_ascii_case(&self.users));
        let alias = alias.map(|name| format!(" ({name})")).unwrap_or_default();
        Ok(TrafficAnswer { names, found: format!("{} is at {}{alias}", self.users, told.join(", ")) })
    }
}

/// The primary's and nothing else: the same name at the end of the aliases, or addresses that are all the primary's. A
/// load balancer answers with some of its addresses only, by turns, so the name is looked at first.
fn is_primary(users: &Resolved, primary: &Resolved) -> bool {
    let same_name = users.canonical.is_some() && users.canonical == primary.canonical;
    same_name || users.addresses.iter().all(|address| primary.addresses.contains(address))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, net::IpAddr};

    use super::*;
    use crate::testing::call;

    /// Answers from a table; a name without an entry hangs.
    struct Table(BTreeMap<&'static str, Result<Resolved, String>>);

    #[async_trait]
    impl Resolver for Table {
        async fn resolve(&self, host: &str) -> Result<Resolved, String> {
            match self.0.get(host) {
                Some(answer) => answer.clone(),
                None => std::future::pending().await,
            }
        }
    }

    fn at(addresses: &[[u8; 4]], canonical: Option<&str>) -> Result<Resolved, String> {
        let addresses = addresses.iter().copied().map(IpAddr::from).collect();
        Ok(Resolved { addresses, canonical: canonical.map(str::to_owned) })
    }

    async fn asked(entries: Vec<(&'static str, Result<Resolved, String>)>) -> Result<TrafficAnswer, Fault> {
        let resolver = Arc::new(Table(entries.into_iter().collect()));
        let witness = TrafficName::new("logs.example.com", "p.example.com", Duration::from_millis(100));
        TrafficName { resolver, ..witness }.answer(&call()).await
    }

    async fn names(users: Result<Resolved, String>) -> NamedSite {
        let primary = at(&[[192, 0, 2, 1], [192, 0, 2, 2]], Some("lb-1.elb.example"));
        asked(vec![("logs.example.com", users), ("p.example.com", primary)]).await.expect("an answer").names
    }

    #[tokio::test]
    async fn only_the_primarys_addresses_or_its_name_at_the_end_are_the_primary() {
        assert_eq!(names(at(&[[192, 0, 2, 2]], Some("logs.example.com"))).await, NamedSite::Primary);
        assert_eq!(names(at(&[[192, 0, 2, 2], [192, 0, 2, 1]], None)).await, NamedSite::Primary);
        assert_eq!(names(at(&[[192, 0, 2, 9]], Some("lb-1.elb.example"))).await, NamedSite::Primary);
        assert_eq!(names(at(&[[192, 0, 2, 9]], Some("lb-2.elb.example"))).await, NamedSite::Other);
        assert_eq!(names(at(&[[192, 0, 2, 1], [198, 51, 100, 1]], None)).await, NamedSite::Other);
    }

    #[tokio::test]
    async fn the_answer_is_told_in_a_few_words() {
        let users = at(&[[192, 0, 2, 9]; 9], Some("lb-2.elb.example"));
        let found = asked(vec![("logs.example.com", users), ("p.example.com", at(&[[192, 0, 2, 1]], None))]).await;
        let found = found.expect("an answer").found;
        assert!(
            found.starts_with("logs.example.com is at 192.0.2.9") && found.ends_with("(lb-2.elb.example)"),
            "{found}"
        );
        assert_eq!(found.matches("192.0.2.9").count(), TOLD, "{found}");
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_says_nothing() {
        let primary = at(&[[192, 0, 2, 1]], None);
        for (users, primary) in [
            (Err("no such name".to_owned()), primary.clone()),
            (primary.clone(), Err("no such name".to_owned())),
            (at(&[[0, 0, 0, 0]], None), at(&[[0, 0, 0, 0]], None)),
            (at(&[[127, 0, 0, 1]], None), at(&[[127, 0, 0, 1], [0, 0, 0, 0]], None)),
        ] {
            let fault =
                asked(vec![("logs.example.com", users), ("p.example.com", primary)]).await.expect_err("nothing");
            assert_eq!(fault.class, FaultClass::Connection);
        }
        let fault = asked(vec![("p.example.com", primary)]).await.expect_err("the users' name hangs");
        assert_eq!(fault.class, FaultClass::Timeout);
    }
}
