//! Every reason a decision can have, by name.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Gate;
use crate::{
    evidence::{Check, Control},
    fault::{FaultClass, NotedFault, quoted},
    holdoff::{Source, Streak},
    kind::Kind,
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
    /// Traffic is not locked any more although the primary is not proven well: it is locked again. Only a failback of a
    /// primary that is well, or an abort, ends a failover.
    LockTakenAway {
        /// The execution that set it.
        id: String,
    },
    /// A lock is gone that no execution of the record set: the record was restored from before the failover, or a person
    /// locked by hand.
    ForeignLockGone {
        /// When it was first seen to stand.
        since: Timestamp,
    },
    /// The last failover is completed by the record, a required effect of it does not hold, and whether its lock stands
    /// cannot be seen: whether the failover stands is not known.
    LockUnreadable {
        /// The execution.
        id: String,
        /// Why the lock cannot be seen.
        fault: NotedFault,
    },
    /// A person took the lock away from an open execution while the primary was well: it is over.
    FailedBack {
        /// The execution.
        id: String,
    },
    /// Nothing was driven for long: the execution may have been restored or planted, and the primary is well. A person
    /// chooses: `finish` drives it to its end, `acknowledge` with `abort` ends it.
    StoodStill {
        /// The execution.
        id: String,
        /// When it was last driven; `None` when no time in it can be believed.
        last_driven: Option<Timestamp>,
    },
    /// The execution that is open, or stands, is none that this runbook can have written; it is not executed.
    NotOfThisRunbook {
        /// The execution.
        id: String,
        /// What is wrong with it.
        why: String,
    },
    /// A step was done, does not hold any more, and is driven again.
    Lapsed {
        /// The step.
        step: String,
        /// What was found instead, and who wrote it where that is known.
        found: String,
    },
    /// The record carries a fencing number that the lease has never reached: the lease was made anew, or somebody
    /// wrote the record. It is not believed.
    FenceAhead {
        /// The record's.
        recorded: u64,
        /// The lease's.
        granted: u64,
    },
    /// This kind is begun by a person only.
    OnlyByAPerson {
        /// The kind.
        kind: Kind,
    },
    /// The runbook of this system gives no steps for this kind.
    NotGiven {
        /// The kind.
        kind: Kind,
    },
    /// No failover stands that could be taken back.
    NothingStands,
    /// A failback needs the person's word on the primary's data.
    WordMissing,
    /// Traffic is locked, or may be.
    Locked,
    /// The standby is not at rest.
    NotAtRest {
        /// The steps that would put it there.
        steps: Vec<String>,
    },
    /// The primary is not seen well by its own endpoint, which this kind asks for.
    PrimaryNotWell {
        /// What was seen.
        why: String,
    },
    /// The primary is well, and has not been for long enough.
    NotWellForLong {
        /// Seen so far, without a break.
        #[serde(with = "seconds", rename = "proven_s")]
        proven: Duration,
        /// Needed.
        #[serde(with = "seconds", rename = "needed_s")]
        needed: Duration,
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
    /// Our probe fails, and no control target answered either: we may be cut off, and the primary well.
    CutOff {
        /// When.
        at: Timestamp,
        /// What the probe said.
        probe: String,
        /// What the control targets said.
        controls: Vec<Control>,
    },
    /// Only our own probes say that the primary fails, and the name that users type still leads to it: the DNS
    /// service's own checkers see it well, so the fault may be on our path alone.
    DnsNamesPrimary {
        /// The answer.
        found: String,
    },
    /// The primary has been seen well before, as it must have been for a failover to make sense.
    SeenWell {
        /// When last.
        at: Timestamp,
    },
    /// The primary has never been seen well since this site was set up or unlocked: it may be under construction.
    NotArmed {
        /// What was looked at.
        why: String,
        /// Why the history could not be asked, where it could not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<NotedFault>,
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
        /// Why the history could not be read, where that was the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<NotedFault>,
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
    /// A time that somebody wrote is ahead of the server's own by more than a clock can be wrong. It is no time.
    TimeInFuture {
        /// Where it stands.
        of: String,
        /// The time.
        at: Timestamp,
        /// The server's time, or ours where that is not known.
        now: Timestamp,
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
    #[serde(alias = "overridden")]
    Waived {
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
    /// Another call watches the primary already; one is enough.
    AnotherWaits {
        /// The worker.
        holder: String,
        /// Until when its mark stands.
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
    /// The fault that this reason reports, if it is one.
    pub fn fault(&self) -> Option<&NotedFault> {
        match self {
            Self::RecordUnreadable { fault }
            | Self::CooldownNoteUnreadable { fault }
            | Self::StandbyUnknown { fault }
            | Self::LockUnreadable { fault, .. }
            | Self::ClaimFailed { fault } => Some(fault),
            Self::NotArmed { fault, .. } | Self::NoEvidence { fault, .. } => fault.as_ref(),
            _ => None,
        }
    }

    /// True for a fault that stays until a person acts: to ask again at once is of no use. The record and the lease are
    /// our own objects, made beforehand: nobody but a person makes one that is not there.
    pub fn is_permanent(&self) -> bool {
        let ours = matches!(self, Self::RecordUnreadable { .. } | Self::ClaimFailed { .. });
        self.fault().is_some_and(|fault| match fault.class {
            FaultClass::Denied | FaultClass::Invalid => true,
            FaultClass::NotFound => ours,
            _ => false,
        })
    }

    /// The stable name, as it is serialised.
    pub fn code(&self) -> String {
        let tag = serde_json::to_value(self).ok().and_then(|value| value.get("code")?.as_str().map(str::to_owned));
        tag.unwrap_or_default()
    }
}

impl fmt::Display for Reason {
    #[allow(clippy::too_many_lines, reason = "one sentence for each reason, in the order of the list")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RecordUnreadable { fault } => write!(f, "the record cannot be read: {fault}"),
            Self::Paused { pause } => write!(f, "{pause}"),
            Self::Unfinished { id } => write!(f, "execution {id} is not finished"),
            Self::FailedOver { id } => write!(f, "failed over by execution {id}, which stands"),
            Self::Drifted { steps } => write!(f, "changed by somebody since and left alone: {}", steps.join(", ")),
            Self::LockGone { id } => {
                write!(f, "traffic is not locked by execution {id} any more; evidence counts from now on")
            }
            Self::LockTakenAway { id } => {
                write!(f, "the lock of execution {id} is gone and the primary is not proven well: it is set again")
            }
            Self::ForeignLockGone { since } => {
                write!(f, "a lock that no execution of the record set, seen since {since:.0}, is gone; ")?;
                write!(f, "evidence counts from now on")
            }
            Self::LockUnreadable { id, fault } => {
                write!(f, "whether the lock of execution {id} stands cannot be seen: {fault}")
            }
            Self::FailedBack { id } => {
                write!(f, "a person took the lock of execution {id} away while the primary was well: it is over")
            }
            Self::StoodStill { id, last_driven } => {
                let since =
                    last_driven.map_or_else(|| "no time that can be believed".to_owned(), |at| format!("{at:.0}"));
                write!(f, "execution {id} was last driven at {since} and the primary is well: nothing more is done. ")?;
                write!(f, "A person chooses: resume finishes it, acknowledge with abort ends it")
            }
            Self::NotOfThisRunbook { id, why } => {
                write!(f, "execution {} is not executed: {why}. acknowledge with abort ends it", quoted(id))
            }
            Self::Lapsed { step, found } => write!(f, "{step} was done and does not hold any more: {found}"),
            Self::FenceAhead { recorded, granted } => {
                write!(f, "the record's fence {recorded} is ahead of the lease's {granted}, and is not believed")
            }
            Self::OnlyByAPerson { kind } => write!(f, "a {kind} is begun by a person only"),
            Self::NotGiven { kind } => write!(f, "this system gives no steps for a {kind}"),
            Self::NothingStands => write!(f, "no failover stands that could be taken back"),
            Self::WordMissing => {
                write!(f, "say in `data` what becomes of the data: that the primary has what it needs, and who says so")
            }
            Self::Locked => write!(f, "traffic is locked to the standby, or may be"),
            Self::NotAtRest { steps } => write!(f, "the standby is not at rest: {} would change it", steps.join(", ")),
            Self::PrimaryNotWell { why } => write!(f, "the primary is not seen well by its own endpoint: {why}"),
            Self::NotWellForLong { proven, needed } => {
                let (proven, needed) = (proven.as_secs(), needed.as_secs());
                write!(f, "the primary was seen well for {proven} s without a break, and {needed} s are needed")
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
            Self::CutOff { at, probe, controls } => {
                write!(f, "our probe failed at {at:.0} ({probe}), and no control target answered: ")?;
                match controls.first() {
                    None => write!(f, "none is configured"),
                    Some(first) => write!(f, "0 of {}, {}: {}", controls.len(), first.target, first.found),
                }?;
                write!(f, ". This function may be cut off")
            }
            Self::DnsNamesPrimary { found } => {
                write!(f, "only our own probes fail, and DNS still leads users to the primary: {found}")
            }
            Self::SeenWell { at } => write!(f, "the primary was last seen well at {at:.0}"),
            Self::NotArmed { why, .. } => {
                write!(f, "the primary has never been seen well since this site was set up or unlocked: {why}")
            }
            Self::HistorySilent { why } => write!(f, "the metric history says nothing: {why}"),
            Self::NoEvidence { why, .. } => write!(f, "no evidence about the primary: {why}"),
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
            Self::TimeInFuture { of, at, now } => {
                write!(f, "{of} names {at:.0}, which is ahead of the time now ({now:.0}); it is not believed")
            }
            Self::StandbyUnfit { errors } => {
                let errors: Vec<_> = errors.iter().map(|check| format!("{}: {}", check.name, check.found)).collect();
                write!(f, "the standby cannot take over: {}", errors.join("; "))
            }
            Self::StandbyUnknown { fault } => write!(f, "the standby cannot be looked at: {fault}"),
            Self::Waived { gate } => write!(f, "an operator waived {}", gate.name()),
            Self::HeldByAnother { holder, until } => {
                write!(f, "{holder} is on it, until {until:.0} at least")
            }
            Self::AnotherWaits { holder, until } => {
                write!(f, "{holder} watches the primary already, until {until:.0} at least")
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
