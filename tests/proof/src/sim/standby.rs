//! The standby, and the health check that holds the lock.

use super::Micros;

/// A TLS secret.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Its name.
    pub name: &'static str,
    /// New with every secret.
    pub uid: u64,
    /// New with every write.
    pub version: u64,
    /// Whether the current authority signed it.
    pub fresh: bool,
}

/// Everything that steps look at and change.
#[derive(Debug, Default)]
pub struct Standby {
    /// The secrets.
    pub secrets: Vec<Secret>,
    /// Wanted replicas of the operator.
    pub replicas: u32,
    /// Version of its Deployment.
    pub deployment_version: u64,
    /// Since when it has been wanted.
    pub scaled_at: Option<Micros>,
    /// Whether traffic is locked.
    pub locked: bool,
    /// Version of the health check.
    pub check_version: u64,
    next: u64,
}

impl Standby {
    /// A number that was never given before.
    pub fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Puts a secret there.
    pub fn issue(&mut self, name: &'static str, fresh: bool) {
        if self.secrets.iter().all(|secret| secret.name != name) {
            let (uid, version) = (self.number(), self.number());
            self.secrets.push(Secret { name, uid, version, fresh });
        }
    }

    /// Wants so many replicas.
    pub fn scale(&mut self, replicas: u32, now: Micros) {
        self.scaled_at = (replicas > 0).then(|| self.scaled_at.unwrap_or(now));
        self.replicas = replicas;
        self.deployment_version = self.number();
    }

    /// Locks or unlocks.
    pub fn lock(&mut self, locked: bool) {
        self.locked = locked;
        self.check_version = self.number();
    }

    /// True when a secret is there that the operator would choke on.
    pub fn has_stale(&self) -> bool {
        self.secrets.iter().any(|secret| !secret.fresh)
    }

    /// True when the standby serves.
    pub fn is_up(&self, now: Micros, start_up: Micros) -> bool {
        !self.has_stale() && self.scaled_at.is_some_and(|at| now >= at + start_up)
    }

    /// True when every effect that a failover needs holds.
    pub fn is_active(&self) -> bool {
        !self.has_stale() && self.replicas > 0 && self.locked
    }
}
