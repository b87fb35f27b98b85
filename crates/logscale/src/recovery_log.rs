//! What the log of a standby's first pod says about its recovery. Pure: lines in, one answer out.
//!
//! LogScale's snapshot loader prints a fixed sequence while it turns the primary's snapshot into its own. Lines come
//! plain or inside JSON, so a line is searched for its words and never anchored, and no captured word holds a quote.
//! The words are those of the AWS and Azure recovery guides.

mod line;
#[cfg(test)]
mod tests;

use line::{Line, Offset, read};

/// What the standby was told to do, as far as its log must agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Its own bucket; any, when `None`.
    pub own_bucket: Option<String>,
    /// The bucket that it recovers from; any, when `None`.
    pub source_bucket: Option<String>,
    /// Whether a region is replaced (`RECOVER_FROM_REPLACE_REGION`).
    pub replaces_region: bool,
    /// Whether a bucket is replaced (`RECOVER_FROM_REPLACE_BUCKET`).
    pub replaces_bucket: bool,
}

/// How far the recovery is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The primary's snapshot was taken, rewritten, and its bucket is only read from now on.
    Done,
    /// On its way.
    NotYet {
        /// What is waited for.
        next: &'static str,
    },
    /// It will not happen without a person.
    Failed {
        /// What went wrong, and what it means.
        why: String,
    },
}

/// One pod's log, read so far. Memory does not grow with the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryLog {
    started: Option<bool>,
    own_bucket: Option<String>,
    own_is_empty: bool,
    turned: bool,
    source_bucket: Option<String>,
    found: Option<Offset>,
    fetched: Option<Offset>,
    candidates: bool,
    selected: Option<Offset>,
    region: bool,
    bucket: bool,
    credentials: bool,
    read_only: Option<bool>,
}

impl RecoveryLog {
    /// Takes one line. A loader that starts again begins a new recovery: a restarted pod keeps its log.
    pub fn take(&mut self, line: &str) {
        let Some(line) = read(line) else { return };
        match line {
            Line::Starts { empty } => *self = Self { started: Some(empty), ..Self::default() },
            Line::Looks { bucket } if self.turned => self.source_bucket = Some(bucket.to_owned()),
            Line::Looks { bucket } => self.own_bucket = Some(bucket.to_owned()),
            Line::NothingThere => self.own_is_empty |= !self.turned,
            Line::Turns => self.turned = true,
            Line::Finds(offset) => self.found = Some(offset),
            Line::Fetches(offset) => self.fetched = Some(offset),
            Line::Lists => self.candidates = true,
            Line::Selects(offset) => self.selected = Some(offset),
            Line::PatchesRegion => self.region = true,
            Line::PatchesBucket => self.bucket = true,
            Line::PatchesCredentials => self.credentials = true,
            // Once for each bucket; one that stays writable is one too many.
            Line::SetsReadOnly(yes) => self.read_only = Some(yes && self.read_only != Some(false)),
        }
    }

    /// What the lines so far amount to.
    pub fn judge(&self, expected: &Expected) -> Recovery {
        if let Some(why) = self.wrong(expected) {
            return Recovery::Failed { why };
        }
        let rungs = [
            (self.started.is_some(), "the snapshot loader to start"),
            (self.own_bucket.is_some(), "a look into its own bucket"),
            (self.own_is_empty, "its own bucket to be found empty"),
            (self.turned, "the recovery source to be tried (is RECOVER_FROM set?)"),
            (self.source_bucket.is_some(), "a look into the primary's bucket"),
            (self.found.is_some(), "the primary's snapshot to be found (may the pod read it, with the right key?)"),
            (self.fetched.is_some(), "the primary's snapshot to be fetched"),
            (self.candidates, "the snapshots to be compared"),
            (self.selected.is_some(), "the primary's snapshot to be chosen"),
            (self.region || !expected.replaces_region, "the region to be replaced"),
            (self.bucket || !expected.replaces_bucket, "the bucket to be replaced"),
            (self.credentials, "the access to the primary's bucket to be taken over"),
            (self.read_only.is_some(), "the primary's bucket to be set read-only"),
        ];
        rungs.iter().find(|(reached, _)| !reached).map_or(Recovery::Done, |(_, next)| Recovery::NotYet { next })
    }

    /// What no later line can put right.
    fn wrong(&self, expected: &Expected) -> Option<String> {
        let other = |seen: &Option<String>, wanted: &Option<String>| match (seen, wanted) {
            (Some(seen), Some(wanted)) if seen != wanted => {
                Some(format!("looks into bucket {seen}, configured is {wanted}"))
            }
            _ => None,
        };
        if self.started == Some(false) {
            return Some("the pod has data of its own (localAndHttpWereEmpty=false): nothing is recovered".to_owned());
        }
        if self.found.is_some() && !self.turned {
            return Some("its own bucket holds a snapshot: that one is taken, not the primary's".to_owned());
        }
        if self.read_only == Some(false) {
            return Some("the primary's bucket stays writable: two clusters would write to it".to_owned());
        }
        let offsets: Vec<Offset> = [self.found, self.fetched, self.selected].into_iter().flatten().collect();
        if offsets.windows(2).any(|pair| pair.first() != pair.last()) {
            return Some(
                "the snapshot that was chosen is not the one that was found in the primary's bucket".to_owned(),
            );
        }
        other(&self.own_bucket, &expected.own_bucket).or_else(|| other(&self.source_bucket, &expected.source_bucket))
    }
}
