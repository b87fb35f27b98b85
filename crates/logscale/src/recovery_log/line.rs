//! One line of the snapshot loader.

/// The longest bucket name that any cloud allows is below this; what is longer is cut.
const LONGEST: usize = 255;

/// Where a snapshot ends in Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    epoch: u64,
    offset: u64,
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// The loader starts; `empty` when there is nothing on the disk or with another node.
    Starts { empty: bool },
    /// It looks into a bucket.
    Looks { bucket: &'a str },
    /// Nothing is there.
    NothingThere,
    /// It turns to the recovery source.
    Turns,
    /// There is a snapshot in the bucket.
    Finds(Offset),
    /// It has the primary's snapshot.
    Fetches(Offset),
    /// It lists what it may choose from.
    Lists,
    /// It chooses.
    Selects(Offset),
    /// It replaces the region.
    PatchesRegion,
    /// It replaces the bucket.
    PatchesBucket,
    /// It takes the access to the primary's bucket over.
    PatchesCredentials,
    /// It sets a bucket read-only, or not.
    SetsReadOnly(bool),
}

/// Understands one line; `None` for any other.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let offset = |words| after(line, words).and_then(offset);
    if let Some(rest) = after(line, "Checking bucket storage localAndHttpWereEmpty=") {
        flag(rest).map(|empty| Line::Starts { empty })
    } else if let Some(rest) = after(line, "Trying to fetch a global snapshot from bucket storage ") {
        let bucket = word(after(rest, " if one exists in bucket=")?);
        (!bucket.is_empty()).then_some(Line::Looks { bucket })
    } else if let Some(rest) = after(line, "Fetching global snapshot from bucket storage ") {
        after(rest, " found no snapshot to fetch").map(|_| Line::NothingThere)
    } else if after(line, "Trying to fetch a global snapshot as recovery source from bucket storage in ").is_some() {
        Some(Line::Turns)
    } else if line.contains("Fetched global snapshot from bucket storage ") {
        offset(" found snapshot with epochOffset=").map(Line::Finds)
    } else if line.contains("Fetched a global snapshot as recovery source from bucket storage in ") {
        offset(" and got snapshot with epochOffset=").map(Line::Fetches)
    } else if line.contains("Snapshots to choose from, last is better") {
        Some(Line::Lists)
    } else if line.contains("Selecting snapshot from source=") {
        offset(" with epochOffset=").map(Line::Selects)
    } else {
        patch(after(line, "updateSnapshotForDisasterRecovery: ")?)
    }
}

/// A line about the rewriting of the snapshot.
fn patch(rest: &str) -> Option<Line<'_>> {
    if rest.starts_with("Patching region using from=") {
        Some(Line::PatchesRegion)
    } else if rest.starts_with("Patching bucket using from=") {
        Some(Line::PatchesBucket)
    } else if rest.starts_with("Patching access configs from RECOVER_FROM on bucketId=") {
        Some(Line::PatchesCredentials)
    } else {
        flag(rest.strip_prefix("setting readOnly=")?).map(Line::SetsReadOnly)
    }
}

fn after<'a>(line: &'a str, words: &str) -> Option<&'a str> {
    line.split_once(words).map(|(_, rest)| rest)
}

fn flag(rest: &str) -> Option<bool> {
    match rest.get(..4)? {
        "true" => Some(true),
        "fals" => Some(false),
        _ => None,
    }
}

/// Up to the first character that cannot be in a bucket's name, whatever the line is wrapped in.
fn word(rest: &str) -> &str {
    let ends = |character: char| character.is_whitespace() || "\"',}\\".contains(character);
    let word = rest.split(ends).next().unwrap_or_default();
    let end = word.char_indices().map(|(at, _)| at).nth(LONGEST).unwrap_or(word.len());
    word.get(..end).unwrap_or_default()
}

/// `{epoch=0 offset=1329609}`.
fn offset(rest: &str) -> Option<Offset> {
    let (epoch, rest) = rest.strip_prefix("{epoch=")?.split_once(" offset=")?;
    let (offset, _) = rest.split_once('}')?;
    Some(Offset { epoch: epoch.parse().ok()?, offset: offset.parse().ok()? })
}
