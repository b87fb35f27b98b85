//! Every reason a decision can have, by name.

mod sentence;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Gate;
use crate::{
    evidence::{Check, Control},
    fault::{FaultClass, NotedFault},
    holdoff::{Source, Streak},
    kind::Kind,
    mode,
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
    /// There is no unfinished execution to finish.
    NothingUnfinished,
    /// The mode is `observe`: nothing is begun.
    OnlyObserved,
    /// A failover is due, and a person has to approve it.
    ApprovalNeeded {
        /// The question, once it was asked.
        id: Option<String>,
        /// Until when it is open.
        until: Timestamp,
        /// What happens when nobody has answered by then.
        then: mode::Unanswered,
    },
    /// A person approved it.
    Approved {
        /// The question.
        id: String,
    },
    /// Nobody has answered in time, and then it begins by itself, as it is configured.
    Unanswered {
        /// The question.
        id: String,
    },
    /// Nobody has answered in time. Nothing begins in this outage, unless a person begins it.
    QuestionLapsed {
        /// The question.
        id: String,
        /// Until when it was open.
        at: Timestamp,
    },
    /// The question of the record is not about the outage that goes on: people are asked anew.
    QuestionOutdated {
        /// The question.
        id: String,
    },
    /// A person approved a question that is not open.
    NoSuchQuestion {
        /// What was approved.
        id: String,
        /// The question that is open, if one is.
        open: Option<String>,
    },
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
