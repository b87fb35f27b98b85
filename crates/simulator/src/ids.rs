//! Identifiers that look like the real ones and are the same for the same seed.

use std::sync::Mutex;

/// A source of UUIDs, shared by everything that needs one.
#[derive(Debug)]
pub(crate) struct Ids(Mutex<fastrand::Rng>);

impl Ids {
    /// The same seed gives the same sequence.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// A UUID of version 4, in lower case with hyphens.
    pub(crate) fn uuid(&self) -> String {
        let mut rng = self.0.lock().expect("no code panics while it holds this lock");
        let bits = (rng.u128(..) & !(0xf000 << 64) & !(0xc000 << 48)) | (0x4000 << 64) | (0x8000 << 48);
        let hex = format!("{bits:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_carries_its_version_and_variant() {
        let id = Ids::new(7).uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
    }

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        let (left, right) = (Ids::new(3), Ids::new(3));
        assert_eq!((left.uuid(), left.uuid()), (right.uuid(), right.uuid()));
    }
}
