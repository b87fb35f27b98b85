//! The world broken on purpose, one guarantee at a time: a check that does not notice is no check.

/// A guarantee that is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// The record store overwrites instead of comparing.
    StoreOverwrites,
    /// The standby and the DNS service take every effect, whatever it was shown.
    EffectsUnfenced,
    /// Nobody calls any more once the storm is over.
    TicksStop,
    /// The metrics say "failing", always.
    HistoryLies,
    /// Fresh secrets are taken for stale ones.
    SecretsMistaken,
    /// Control targets answer those too who are cut off.
    ControlsAlwaysAnswer,
    /// Work that has stood still is not judged again.
    OldWorkTrusted,
    /// What was once brought about is seen as done, whoever has taken it back.
    LapsesUnseen,
    /// The marks of waiting calls are not seen.
    MarksUnseen,
    /// What is noted of locks is not seen.
    LockNotesUnseen,
    /// The API server does not tell its time, so nobody sees that his clock is wrong.
    ServerTimeUnseen,
    /// Workers take every mode for `automatic`.
    ModeUnseen,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::StoreOverwrites,
        Self::EffectsUnfenced,
        Self::TicksStop,
        Self::HistoryLies,
        Self::SecretsMistaken,
        Self::ControlsAlwaysAnswer,
        Self::OldWorkTrusted,
        Self::LapsesUnseen,
        Self::MarksUnseen,
        Self::LockNotesUnseen,
        Self::ServerTimeUnseen,
        Self::ModeUnseen,
    ];
}
