//! A variable as the nodes of one pool get it, wherever it comes from.

use std::collections::BTreeSet;

use holdfast_core::fault::quoted;
use holdfast_kubernetes::{
    environment::SecretKeyRef,
    secret::{Secret, digest},
};

use crate::humio::{EnvSource, HumioCluster, Named, Pool};

/// Where a variable's value is.
#[derive(Clone, Debug)]
pub(super) enum Given<'a> {
    /// It stands there.
    Literal(&'a str),
    /// In an entry of a secret.
    Entry(&'a SecretKeyRef),
    /// In a secret all of whose entries are variables; of its value a digest is known.
    Sourced { secret: &'a str, digest: [u8; 32] },
    /// In something that is not read here.
    Elsewhere,
}

/// The variables of one pool, and the secrets that some of them are in.
#[derive(Clone, Copy)]
pub(super) struct Variables<'a> {
    pub(super) pool: &'a Pool<'a>,
    secrets: &'a [Secret],
    unread: &'a [String],
}

/// What is known of a secret.
pub(super) enum Presence<'a> {
    There(&'a Secret),
    Absent,
    /// It was not asked for: the cluster refers to too many.
    Unread,
}

impl<'a> Variables<'a> {
    pub(super) fn of(pool: &'a Pool<'a>, secrets: &'a [Secret], unread: &'a [String]) -> Self {
        Self { pool, secrets, unread }
    }

    /// What is known of the secret `name`.
    pub(super) fn presence(self, name: &str) -> Presence<'a> {
        match self.secret(name) {
            Some(secret) => Presence::There(secret),
            None if self.unread.iter().any(|unread| unread == name) => Presence::Unread,
            None => Presence::Absent,
        }
    }

    /// The variable, where it is given and not empty. What is declared as a variable wins over what comes from a
    /// source, and a later source over an earlier one, as in any container.
    pub(super) fn given(self, name: &str) -> Option<Given<'a>> {
        let Some(variable) = self.pool.variable(name) else { return self.sourced(name) };
        if let Some(from) = &variable.value_from {
            return Some(from.secret_key_ref.as_ref().map_or(Given::Elsewhere, Given::Entry));
        }
        let value = variable.value.as_deref().filter(|value| !value.is_empty())?;
        Some(if refers(value) { Given::Elsewhere } else { Given::Literal(value) })
    }

    fn sourced(self, name: &str) -> Option<Given<'a>> {
        self.pool.spec.environment_variables_source.iter().rev().find_map(|source| {
            let entry = name.strip_prefix(source.prefix.as_str())?;
            let secret = self.secret(&source.secret_ref.as_ref()?.name)?;
            Some(Given::Sourced { secret: &secret.metadata.name, digest: secret.digest(entry)? })
        })
    }

    fn secret(self, name: &str) -> Option<&'a Secret> {
        self.secrets.iter().find(|secret| secret.metadata.name == name)
    }

    /// The literal value, where it is one.
    pub(super) fn literal(self, name: &str) -> Option<&'a str> {
        match self.given(name)? {
            Given::Literal(value) => Some(value),
            Given::Entry(_) | Given::Sourced { .. } | Given::Elsewhere => None,
        }
    }

    /// A digest of the value, where that can be read: equal digests are equal values.
    pub(super) fn digest(self, name: &str) -> Option<[u8; 32]> {
        match self.given(name)? {
            Given::Literal(value) => Some(digest(value.as_bytes())),
            Given::Entry(SecretKeyRef { name, key, .. }) => self.secret(name)?.digest(key),
            Given::Sourced { digest, .. } => Some(digest),
            Given::Elsewhere => None,
        }
    }

    /// What variables of this pool may come from and is not read.
    pub(super) fn unread_sources(self) -> Vec<String> {
        let maps = self.config_maps().into_iter().map(|name| format!("ConfigMap {}", quoted(name)));
        let sources =
            self.pool.spec.environment_variables_source.iter().filter_map(|source| source.secret_ref.as_ref());
        let unread = sources.filter(|secret| matches!(self.presence(&secret.name), Presence::Unread));
        maps.chain(unread.map(|secret| format!("secret {}", quoted(&secret.name)))).collect()
    }

    /// ConfigMaps that variables of this pool may come from: they are not read.
    pub(super) fn config_maps(self) -> Vec<&'a str> {
        let sources = &self.pool.spec.environment_variables_source;
        sources.iter().filter_map(|source| source.config_map_ref.as_ref().map(|map| map.name.as_str())).collect()
    }
}

/// True for a value that the kubelet makes of other variables (`$(NAME)`): what stands there is not what the node gets.
fn refers(value: &str) -> bool {
    value.contains("$(")
}

/// The secrets that the licence, `variables` of the pools with nodes and their sources are in; the licence's first.
pub(super) fn referred(cluster: &HumioCluster, variables: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    names.extend(cluster.spec.license.secret_key_ref.as_ref().map(|licence| licence.name.clone()));
    for pool in cluster.running_pools() {
        let of_source = |source: &EnvSource| source.secret_ref.as_ref().map(|Named { name }| name.clone());
        names.extend(pool.spec.environment_variables_source.iter().filter_map(of_source));
        let entry =
            |name: &String| Some(pool.variable(name)?.value_from.as_ref()?.secret_key_ref.as_ref()?.name.clone());
        names.extend(variables.iter().filter_map(entry));
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}
