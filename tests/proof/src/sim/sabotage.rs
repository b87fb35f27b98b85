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
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::StoreOverwrites, Self::EffectsUnfenced, Self::TicksStop, Self::HistoryLies, Self::SecretsMistaken];
}
