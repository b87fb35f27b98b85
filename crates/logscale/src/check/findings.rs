//! What was found in several pools, as one check.

use std::collections::BTreeMap;

use holdfast_core::{
    evidence::{Check, Level},
    fault::quoted,
};

use holdfast_kubernetes::check::{check, listed};

/// Findings that are told of one check; of more, their number.
const TOLD: usize = 4;

/// Pools that are named of one finding.
const NAMED: usize = 4;

/// The same question asked of each pool that has nodes.
#[derive(Debug)]
pub(super) struct Findings {
    /// How many pools there are: of one alone the name says nothing.
    pools: usize,
    found: Vec<(Level, String, String)>,
}

impl Findings {
    pub(super) fn among<T>(pools: &[T]) -> Self {
        Self { pools: pools.len(), found: Vec::new() }
    }

    /// What was found in `pool`.
    pub(super) fn add(&mut self, pool: &str, level: Level, found: impl Into<String>) {
        self.found.push((level, found.into(), quoted(pool)));
    }

    /// An error in one pool is one of the cluster: the operator does nothing for any pool while one is at fault.
    pub(super) fn of_operator(self, name: &str) -> Option<Check> {
        self.told(name)
    }

    /// An error is one of the cluster when no pool is without it: else some of its nodes start, and the rest is seen by
    /// the verification.
    pub(super) fn of_nodes(mut self, name: &str) -> Option<Check> {
        if self.found.iter().any(|(level, ..)| *level < Level::Error) {
            self.found.iter_mut().for_each(|(level, ..)| *level = (*level).min(Level::Warning));
        }
        self.told(name)
    }

    /// The worst level, and what was found at it; pools are named where there are several.
    fn told(self, name: &str) -> Option<Check> {
        let worst = self.found.iter().map(|(level, ..)| *level).max()?;
        let mut pools: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (_, found, pool) in self.found.iter().filter(|(level, ..)| *level == worst) {
            pools.entry(found).or_default().push(pool);
        }
        let sentence = |(found, pools): (&&str, &Vec<&str>)| {
            if self.pools == 1 { (*found).to_owned() } else { format!("{found} (pool {})", listed(pools, NAMED)) }
        };
        let sentences: Vec<String> = pools.iter().map(sentence).collect();
        Some(check(name, worst, listed(&sentences, TOLD)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(levels: &[Level]) -> Findings {
        let mut findings = Findings::among(levels);
        levels.iter().enumerate().for_each(|(at, level)| findings.add(&format!("p{at}"), *level, format!("{level:?}")));
        findings
    }

    #[test]
    fn one_pool_stops_the_operator_and_only_all_of_them_stop_the_nodes() {
        use Level::{Error, Good, Warning};
        let level = |check: Option<Check>| check.map(|check| check.level);
        for (levels, operator, nodes) in [
            (&[Good, Error][..], Error, Warning),
            (&[Error, Error], Error, Error),
            (&[Warning, Error], Error, Warning),
            (&[Good, Good], Good, Good),
        ] {
            assert_eq!(level(findings(levels).of_operator("x")), Some(operator), "{levels:?}");
            assert_eq!(level(findings(levels).of_nodes("x")), Some(nodes), "{levels:?}");
        }
        assert_eq!(level(Findings::among(&[0]).of_nodes("x")), None);
    }

    #[test]
    fn what_is_told_names_the_pools_and_has_a_bound() {
        let check = findings(&[Level::Good, Level::Error, Level::Error]).of_operator("x").expect("asked");
        assert_eq!(check.found, "Error (pool p1; p2)");
        let mut many = Findings::among(&[0; 1000]);
        (0..1000).for_each(|at| many.add(&format!("{at}{}", "p".repeat(1000)), Level::Error, format!("why {at}")));
        assert!(many.of_operator("x").expect("asked").found.len() < 2000);
    }
}
