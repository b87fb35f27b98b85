//! Each reason as a sentence for people.

use std::fmt;

use super::Reason;
use crate::{fault::quoted, holdoff::Source, mode::Unanswered};

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
                write!(f, "A person chooses: finish drives it to its end, acknowledge with abort ends it")
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
            Self::OnlyObserved => write!(f, "the mode is observe: it is judged and announced, and nothing is begun"),
            Self::ApprovalNeeded { id, until, then } => {
                let then = match then {
                    Unanswered::Lapse => "lapses",
                    Unanswered::Begin => "begins by itself",
                };
                match id {
                    Some(id) => write!(f, "it is due, and a person has to approve it: question {id}; ")?,
                    None => write!(f, "it is due, and a person is asked to approve it; ")?,
                }
                write!(f, "it {then} at {until:.0}")
            }
            Self::Approved { id } => write!(f, "a person approved question {id}"),
            Self::Unanswered { id } => write!(f, "nobody has answered question {id} in time, so it begins by itself"),
            Self::QuestionLapsed { id, at } => {
                write!(f, "nobody has answered question {id} by {at:.0}: it lapsed. failover with a reason begins it")
            }
            Self::QuestionOutdated { id } => write!(f, "question {id} is about another outage"),
            Self::NoSuchQuestion { id, open: None } => write!(f, "no question is open, and so not {id}"),
            Self::NoSuchQuestion { id, open: Some(open) } => write!(f, "question {id} is not open; {open} is"),
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
