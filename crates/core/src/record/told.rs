//! What people were told of the incident that is going on.

use serde::{Deserialize, Serialize};

use super::lenient;
use crate::{
    fault::{Fault, Limit, quoted_within},
    news::{News, Occasion},
};

/// How many delivered messages are remembered, newest first.
pub const KEPT_HEARD: usize = 60;

/// How many messages that were not delivered are remembered.
const KEPT_UNHEARD: usize = 20;

/// How many calls try to deliver one message to one receiver.
pub const MOST_TRIES: u32 = 10;

/// An incident and what was told of it, so that no state of it is told twice and none is forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// See [`News::incident`].
    pub incident: String,
    /// What was delivered: the receiver, a blank, and the message's mark. Newest first.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub heard: Vec<String>,
    /// What was not delivered, and is tried again.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub unheard: Vec<Unheard>,
}

/// A message that was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unheard {
    /// The receiver, a blank, and the message's mark.
    pub what: String,
    /// How many calls have tried.
    pub tries: u32,
    /// Why the last one did not succeed.
    pub why: String,
}

/// The name of one message to one receiver.
pub fn heard_by(to: &str, mark: &str) -> String {
    format!("{to} {mark}")
}

impl Told {
    /// Nothing was told of `incident`.
    pub fn of(incident: &str) -> Self {
        Self { incident: incident.to_owned(), heard: Vec::new(), unheard: Vec::new() }
    }

    /// True when `to` was told it, or was tried often enough.
    pub fn knows(&self, to: &str, mark: &str) -> bool {
        let what = heard_by(to, mark);
        let given_up = |other: &Unheard| other.what == what && other.tries >= MOST_TRIES;
        self.heard.contains(&what) || self.unheard.iter().any(given_up)
    }

    /// The same after `news` was sent to `to`.
    #[must_use]
    pub fn after(mut self, to: &str, news: &News, result: &Result<(), Fault>) -> Self {
        if self.incident != news.incident {
            self = Self::of(&news.incident);
        }
        let what = heard_by(to, &news.mark);
        let is_it = |other: &Unheard| other.what == what;
        let tries = self.unheard.iter().find(|other| is_it(other)).map_or(0, |other| other.tries);
        self.unheard.retain(|other| !is_it(other));
        match result {
            Ok(()) => self.hear(to, news, what),
            Err(fault) => {
                let why = quoted_within(&fault.to_string(), Limit::Answer);
                self.unheard.insert(0, Unheard { what, tries: tries.saturating_add(1), why });
                self.unheard.truncate(KEPT_UNHEARD);
            }
        }
        self
    }

    /// True when each of `receivers` knows that the incident is over.
    pub fn is_over<'a>(&self, mut receivers: impl Iterator<Item = &'a str>) -> bool {
        receivers.all(|to| self.knows(to, Occasion::Over.name()))
    }

    /// What came before the end of an incident may come again after it, and the other way round.
    fn hear(&mut self, to: &str, news: &News, what: String) {
        let over = heard_by(to, Occasion::Over.name());
        let prefix = heard_by(to, "");
        if news.occasion == Occasion::Over {
            self.heard.retain(|other| !other.starts_with(&prefix));
            self.unheard.retain(|other| !other.what.starts_with(&prefix));
        } else {
            self.heard.retain(|other| *other != over);
        }
        self.heard.insert(0, what);
        self.heard.truncate(KEPT_HEARD);
    }
}
