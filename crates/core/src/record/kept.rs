//! Parts of the record that only tell: nothing is decided by them, so what another version wrote there stops nobody.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value;

/// An account of something, kept as it was written where this version does not know all of it: a reason, a gate or a
/// trigger of another version. What is written is what was read.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    known: Option<T>,
    raw: Option<Value>,
}

impl<T> Kept<T> {
    /// What this version tells.
    pub fn of(known: T) -> Self {
        Self { known: Some(known), raw: None }
    }

    /// As far as this version understands it; `None` where another version wrote what this one does not know.
    pub fn known(&self) -> Option<&T> {
        self.known.as_ref()
    }
}

/// What is known counts; where it is not, what was written. A number that is read from text may differ in its last digit from the
/// one that was written, and is the same account.
impl<T: PartialEq> PartialEq for Kept<T> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.known, &other.known) {
            (None, None) => self.raw == other.raw,
            (ours, theirs) => ours == theirs,
        }
    }
}

impl<T: Serialize> Serialize for Kept<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.raw, &self.known) {
            (Some(raw), _) => raw.serialize(serializer),
            (None, known) => known.serialize(serializer),
        }
    }
}

impl<'de, T: Serialize + DeserializeOwned> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Value::deserialize(deserializer)?;
        let known = T::deserialize(&raw).ok();
        // What this version would write is the same: there is nothing to keep beside it.
        let whole = known.as_ref().is_some_and(|known| serde_json::to_value(known).is_ok_and(|again| again == raw));
        Ok(Self { known, raw: (!whole).then_some(raw) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::Trigger;

    #[test]
    fn what_is_known_is_told_and_what_is_not_is_written_as_it_was_read() {
        for (raw, known) in [
            (json!({"kind": "tick"}), Some(Trigger::Tick)),
            (json!({"kind": "tick", "later": [1]}), Some(Trigger::Tick)),
            (json!({"kind": "schedule", "every": "week"}), None),
            (json!(7), None),
        ] {
            let read: Kept<Trigger> = serde_json::from_value(raw.clone()).expect("anything is read");
            assert_eq!(read.known(), known.as_ref());
            assert_eq!(serde_json::to_value(&read).expect("JSON"), raw);
        }
        let read: Kept<Trigger> = serde_json::from_value(json!({"kind": "tick"})).expect("read");
        assert_eq!(read, Kept::of(Trigger::Tick), "what was written and read again is the same");
    }
}
