//! What a custom resource says of its side: a small typed state, read from a document that may hold anything. Pure.
//!
//! Nothing here fails: what is missing or of another type is unknown, and the unknown proves nothing. Texts are cut, and
//! lists are read up to a bound.

use holdfast_core::fault::{Limit, quoted_within};
use serde_json::Value;

use crate::words::{READY_FOR_PROMOTION, Words, normalised};

#[cfg(test)]
mod tests;

/// The most conditions and owners that are read; IBM's operator writes about five.
const MOST: usize = 32;

/// Which part of API Connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A `ManagementCluster`.
    Management,
    /// A `PortalCluster`.
    Portal,
}

impl Part {
    /// Its kind in Kubernetes.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Management => "ManagementCluster",
            Self::Portal => "PortalCluster",
        }
    }

    /// Its field in an `APIConnectCluster`.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Management => "management",
            Self::Portal => "portal",
        }
    }
}

/// `spec.multiSiteHA.mode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `active`.
    Active,
    /// `passive`.
    Passive,
    /// There is no `multiSiteHA`: it is no service of two data centres, or a passive one whose data are deleted.
    Absent,
    /// Anything else, as it was written.
    Other(String),
}

impl Mode {
    /// Of `multiSiteHA`.
    fn of(section: Option<&Value>) -> Self {
        match section {
            None | Some(Value::Null) => Self::Absent,
            Some(section) => match section.get("mode").and_then(Value::as_str) {
                Some("active") => Self::Active,
                Some("passive") => Self::Passive,
                Some(other) => Self::Other(quoted_within(other, Limit::Value)),
                None => Self::Other(String::new()),
            },
        }
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::Active => "active".to_owned(),
            Self::Passive => "passive".to_owned(),
            Self::Absent => "without multiSiteHA".to_owned(),
            Self::Other(word) => format!("of the unknown mode {word:?}"),
        }
    }
}

/// Where the mode is written, as it was read: the resource itself, or the `APIConnectCluster` above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The mode.
    pub mode: Mode,
    /// Its `resourceVersion`: the precondition of a write.
    pub version: String,
    /// Whether it has the annotation that confirms the deletion of data.
    pub confirms_deletion: bool,
}

impl Declared {
    /// Of a `ManagementCluster` or `PortalCluster`. `annotation` is the name of the one that confirms a deletion.
    pub fn of_part(document: &Value, annotation: &str) -> Self {
        Self::of(document, document.pointer("/spec/multiSiteHA"), annotation)
    }

    /// Of the part in an `APIConnectCluster`.
    pub fn of_top_level(document: &Value, part: Part, annotation: &str) -> Self {
        let section = document.get("spec").and_then(|spec| spec.get(part.field()));
        Self::of(document, section.and_then(|part| part.get("multiSiteHA")), annotation)
    }

    fn of(document: &Value, section: Option<&Value>, annotation: &str) -> Self {
        let annotations = document.pointer("/metadata/annotations");
        Self {
            mode: Mode::of(section),
            version: text(document, "/metadata/resourceVersion").to_owned(),
            confirms_deletion: annotations.and_then(|all| all.get(annotation)).is_some_and(|value| !value.is_null()),
        }
    }
}

/// What a `ManagementCluster` or `PortalCluster` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Where its mode is written.
    pub declared: Declared,
    /// The name of the `APIConnectCluster` that owns it, where one does: an edit of it would be reverted.
    pub owner: Option<String>,
    /// `status.haMode`, [`normalised`]; empty where there is none.
    pub ha_mode: String,
    /// The same, as it was written.
    pub ha_mode_said: String,
    /// `status.phase`, such as `Running`.
    pub phase: String,
    /// `status.state`, such as `23/23`.
    pub ready: String,
    /// `status.message`.
    pub message: String,
    /// `status.versions.reconciled`.
    pub version: String,
    /// `spec.siteName`.
    pub site_name: String,
    /// Whether a condition `Ready` of `status.haStatus` holds; `None` where nothing is said, as of every portal.
    pub replicates: Option<bool>,
    /// Whether the peer is said not to be reachable.
    pub peer_unreachable: bool,
    /// Whether something says that the peer waits to be promoted.
    pub peer_waits: bool,
}

impl State {
    /// Reads a `ManagementCluster` or `PortalCluster`.
    pub fn of(document: &Value, annotation: &str) -> Self {
        let shown = |pointer: &str| quoted_within(text(document, pointer), Limit::Value);
        let conditions: Vec<_> = list(document, "/status/haStatus").map(Condition::of).collect();
        let named = |kind: &str| conditions.iter().find(|condition| condition.kind == kind);
        let message = quoted_within(text(document, "/status/message"), Limit::Sentence);
        let unreachable = named("peernotreachable").map(|condition| condition.holds);
        let waits = |text: &str| normalised(text).contains(READY_FOR_PROMOTION);
        let remote = shown("/status/multiSiteHA/remoteHAMode");
        Self {
            declared: Declared::of_part(document, annotation),
            owner: list(document, "/metadata/ownerReferences")
                .find(|owner| owner.get("kind").and_then(Value::as_str) == Some("APIConnectCluster"))
                .map(|owner| quoted_within(text(owner, "/name"), Limit::Value)),
            ha_mode: normalised(&shown("/status/haMode")),
            ha_mode_said: shown("/status/haMode"),
            phase: shown("/status/phase"),
            ready: shown("/status/state"),
            version: shown("/status/versions/reconciled"),
            site_name: shown("/spec/siteName"),
            replicates: named("ready").map(|condition| condition.holds),
            peer_unreachable: unreachable.unwrap_or_else(|| normalised(&message).contains("peernotreachable")),
            peer_waits: normalised(&remote) == READY_FOR_PROMOTION
                || conditions.iter().any(|condition| condition.holds && waits(&condition.message)),
            message,
        }
    }

    /// True when it was set passive and its peer may be promoted: a management cluster is out of service, a portal is on
    /// its way. The two rules differ on purpose (docs/reference/api-connect.md#order).
    pub fn lets_go(&self, part: Part, words: &Words) -> bool {
        self.declared.mode == Mode::Passive
            && match part {
                Part::Management => words.is_out_of_service(&self.ha_mode, self.peer_waits),
                Part::Portal => words.is_releasing(&self.ha_mode),
            }
    }

    /// True when it is a standby that has all data and could be promoted, or stay one.
    pub fn is_good_standby(&self, words: &Words) -> bool {
        self.declared.mode == Mode::Passive
            && words.is_passive(&self.ha_mode)
            && !self.peer_unreachable
            && self.replicates != Some(false)
    }

    /// Why nobody may rely on the other side having all data of this one; `None` where both say that they replicate.
    pub fn unreplicated(&self) -> Option<String> {
        if self.peer_unreachable {
            return Some("it does not reach its peer".to_owned());
        }
        match self.replicates {
            Some(true) => None,
            Some(false) => Some("its haStatus is not Ready".to_owned()),
            None => Some("its haStatus says nothing".to_owned()),
        }
    }

    /// In words, for records and checks.
    pub fn describe(&self) -> String {
        let said = |name: &str, text: &str| if text.is_empty() { String::new() } else { format!(", {name} {text}") };
        let ha_mode = if self.ha_mode_said.is_empty() { "no haMode" } else { &self.ha_mode_said };
        format!(
            "declared {}, status {ha_mode}{}{}{}",
            self.declared.mode.describe(),
            said("phase", &self.phase),
            said("ready", &self.ready),
            said("message:", &self.message)
        )
    }
}

/// An entry of `status.haStatus`.
struct Condition {
    kind: String,
    holds: bool,
    message: String,
}

impl Condition {
    fn of(document: &Value) -> Self {
        let said =
            |name: &str| quoted_within(document.get(name).and_then(Value::as_str).unwrap_or_default(), Limit::Answer);
        Self { kind: normalised(&said("type")), holds: normalised(&said("status")) == "true", message: said("message") }
    }
}

/// The text at a JSON pointer; empty where there is none.
fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    document.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The first entries of the list at a JSON pointer.
fn list<'a>(document: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    document.pointer(pointer).and_then(Value::as_array).into_iter().flatten().take(MOST)
}
