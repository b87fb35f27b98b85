//! Every reason a decision can have, by name.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Gate;
use crate::{
    evidence::Check,
    fault::NotedFault,
    holdoff::{Source, Streak},
    policy::seconds,
    record::Pause,
};

/// Why. `code` is stable and for machines; `Display` is for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum Reason {
    /// The document on the standby cluster could not be read: nothing may be begun without it.
    RecordUnreadable {
        /// Why.
        fault: NotedFault,
    },
    /// The kill switch is set.
    Paused {
        /// Who and why.
        pause: Pause,
    },
    /// An earlier execution is not finished.
    Unfinished {
        /// Its id.
        id: String,
    },
    /// The failover was done before and stands.
    FailedOver {
        /// Its id.
        id: String,
    },
    /// The failover stands, but these effects of it do not hold any more. A person changed them; they are left alone.
    Drifted {
        /// Names of the steps.
        steps: Vec<String>,
    },
    /// The lock of the last failover is gone: somebody began a failback, or ended the failover before it locked.
    LockGone {
        /// The execution that set it.
        id: String,
    },
    /// Every step's effect holds already.
    NothingToDo,
    /// The primary is well.
    PrimaryHealthy {
        /// As of when.
        at: Timestamp,
        /// Says who.
        source: Source,
    },
    /// The primary is failing.
    PrimaryFailing {
        /// Since when, and what proves it.
        streak: Streak,
    },
    /// Our probe fails, the metrics are healthy but older than that.
    SourcesDisagree {
        /// The end of the last healthy period.
        healthy_at: Timestamp,
        /// The first failing probe.
        failing_since: Timestamp,
    },
    /// The history cannot be used.
    HistorySilent {
        /// Why.
        why: String,
    },
    /// Neither history nor probes say anything about now.
    NoEvidence {
        /// Why the probes do not.
        why: String,
    },
    /// Not failing for long enough.
    HoldoffRunning {
        /// Proven so far.
        #[serde(with = "seconds", rename = "proven_s")]
        proven: Duration,
        /// Needed.
        #[serde(with = "seconds", rename = "needed_s")]
        needed: Duration,
    },
    /// The last failover was too short a time ago.
    CoolingDown {
        /// When it began.
        last: Timestamp,
        /// When another may begin.
        until: Timestamp,
    },
    /// The cooldown runs but an operator waived it.
    CooldownAcknowledged {
        /// When the last failover began.
        last: Timestamp,
    },
    /// The cloud's note of the last failover cannot be read; the record alone is used.
    CooldownNoteUnreadable {
        /// Why.
        fault: NotedFault,
    },
    /// The standby cannot take over.
    StandbyUnfit {
        /// What is wrong.
        errors: Vec<Check>,
    },
    /// Whether the standby can take over could not be found out.
    StandbyUnknown {
        /// Why.
        fault: NotedFault,
    },
    /// An operator waived a gate.
    Overridden {
        /// Which.
        gate: Gate,
    },
    /// Another worker is on it.
    HeldByAnother {
        /// Its name.
        holder: String,
        /// When its lease ends unless renewed.
        until: Timestamp,
    },
    /// A call on the way to the first effect failed; nothing was changed.
    ClaimFailed {
        /// The call.
        fault: NotedFault,
    },
    /// The lease was lost on the way; another worker carries on.
    LeaseLost,
    /// There is no unfinished execution to resume.
    NothingUnfinished,
}

impl Reason {
    /// The stable name, as it is serialised.
    pub fn code(&self) -> String {
        let tag = serde_json::to_value(self).ok().and_then(|value| value.get("code")?.as_str().map(str::to_owned));
        tag.unwrap_or_default()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RecordUnreadable { fault } => write!(f, "the record cannot be read: {fault}"),
            Self::Paused { pause } => write!(f, "paused since {:.0}: {}", pause.at, pause.reason),
            Self::Unfinished { id } => write!(f, "execution {id} is not finished"),
            Self::FailedOver { id } => write!(f, "failed over by execution {id}, which stands"),
            Self::Drifted { steps } => write!(f, "changed by somebody since and left alone: {}", steps.join(", ")),
            Self::LockGone { id } => {
                write!(f, "traffic is not locked by execution {id} any more; evidence counts from now on")
            }
            Self::NothingToDo => write!(f, "every effect holds already"),
            Self::PrimaryHealthy { at, source } => {
                write!(f, "the primary was healthy at {at:.0} ({})", name(*source))
            }
            Self::PrimaryFailing { streak } => {
                let (proven, source) = (streak.proven.as_secs_f64(), name(streak.source));
                write!(f, "the primary fails since {:.0}; {proven:.0} s proven by {source}", streak.since)
            }
            Self::SourcesDisagree { healthy_at, failing_since } => {
                write!(f, "our probe fails since {failing_since:.0}, the metrics were healthy until {healthy_at:.0}")
            }
            Self::HistorySilent { why } => write!(f, "the metric history says nothing: {why}"),
            Self::NoEvidence { why } => write!(f, "no evidence about the primary: {why}"),
            Self::HoldoffRunning { proven, needed } => {
                write!(f, "{:.0} s of failing time proven, {:.0} s needed", proven.as_secs_f64(), needed.as_secs_f64())
            }
            Self::CoolingDown { last, until } => write!(f, "a failover began at {last:.0}; the next may at {until:.0}"),
            Self::CooldownAcknowledged { last } => {
                write!(f, "an operator waived the cooldown since {last:.0}")
            }
            Self::CooldownNoteUnreadable { fault } => {
                write!(f, "the note of the last failover is unreadable: {fault}")
            }
            Self::StandbyUnfit { errors } => {
                let errors: Vec<_> = errors.iter().map(|check| format!("{}: {}", check.name, check.found)).collect();
                write!(f, "the standby cannot take over: {}", errors.join("; "))
            }
            Self::StandbyUnknown { fault } => write!(f, "the standby cannot be looked at: {fault}"),
            Self::Overridden { gate } => write!(f, "an operator waived {}", gate.name()),
            Self::HeldByAnother { holder, until } => {
                write!(f, "{holder} is on it, until {until:.0} at least")
            }
            Self::ClaimFailed { fault } => write!(f, "nothing was begun: {fault}"),
            Self::LeaseLost => write!(f, "the lease was lost; another worker carries on"),
            Self::NothingUnfinished => write!(f, "no execution is unfinished"),
        }
    }
}

fn name(source: Source) -> &'static str {
    match source {
        Source::History => "the metric history",
        Source::Probes => "our own probes",
        Source::Both => "the metric history and our own probes",
    }
}
