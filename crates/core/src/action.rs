//! What an operator may ask for: the one table that events, answers, doors, docs and the command line are made from.

use std::time::Duration;

use crate::{decision::Gate, kind::Kind};

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Judge the evidence and fail over if it is due; drive an unfinished execution on in any case.
    FailOver,
    /// Begin the failover that people were asked about.
    Approve,
    /// Begin a switchover: make the primary passive, and then as a failover.
    Switchover,
    /// Begin a failback, or drive one on.
    Failback {
        /// Put the standby to rest, too.
        rest: bool,
    },
    /// Begin a rehearsal.
    Rehearse,
    /// Drive an unfinished execution on, begin none.
    Finish,
    /// Say what a failover would do now. Writes nothing.
    Plan,
    /// Say whether a failover would succeed. Writes nothing.
    Preflight,
    /// Say how things stand. Writes nothing.
    Status,
    /// Waive the rest of the cooldown; with `abort`, end the open execution as it is.
    Acknowledge {
        /// End the open execution.
        abort: bool,
    },
    /// Set the kill switch.
    Pause {
        /// How long it lasts; until somebody takes it back, where that is not said. At most [`LONGEST_PAUSE`].
        lasts: Option<Duration>,
    },
    /// Take the kill switch back.
    Resume,
    /// Send a message that says that it is a test.
    NotifyTest,
}

/// The longest pause that can have an end: a longer one is no pause but a site without failover.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 24 * 3600);

/// What an action may do, and so what a caller must be trusted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It only reads.
    Reads,
    /// It writes to the record, and nothing else.
    Notes,
    /// It may write to the record, the standby and the traffic's direction.
    Acts,
}

impl Access {
    /// In words, for help and docs.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Reads => "reads only",
            Self::Notes => "writes to the record",
            Self::Acts => "acts",
        }
    }
}

/// An argument of an action, beside `action` and `reason`, which each may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A list of gates that need not be passed. Needs a reason.
    Waive,
    /// True or false.
    Abort,
    /// A duration, such as `2h` or `1h 30m`.
    For,
    /// A person's word on the primary's data, at most as long as a reason.
    Data,
    /// True or false.
    Rest,
    /// The id of a question that people were asked. Needs a reason.
    Question,
}

impl Argument {
    /// Every argument.
    pub const ALL: [Self; 6] = [Self::Waive, Self::Abort, Self::For, Self::Data, Self::Rest, Self::Question];

    /// Its name, as it is spelled in calls.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waive => "waive",
            Self::Abort => "abort",
            Self::For => "for",
            Self::Data => "data",
            Self::Rest => "rest",
            Self::Question => "question",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionRule {
    /// The action, with its arguments left out.
    pub action: Action,
    /// Its one spelling: in calls, answers, records, docs and the command.
    pub name: &'static str,
    /// The arguments that it takes.
    pub arguments: &'static [Argument],
    /// The gates that it can waive.
    pub waives: &'static [Gate],
    /// What it may do.
    pub access: Access,
    /// What it does, in one sentence.
    pub says: &'static str,
}

/// Every action.
pub const ACTIONS: [ActionRule; 13] = [
    ActionRule {
        action: Action::FailOver,
        name: "failover",
        arguments: &[Argument::Waive],
        waives: &Gate::ALL,
        access: Access::Acts,
        says: "Fails over if that is due by the same rules as for an alarm, and drives an open execution on.",
    },
    ActionRule {
        action: Action::Approve,
        name: "approve",
        arguments: &[Argument::Question],
        waives: &[],
        access: Access::Acts,
        says: "Begins the failover that people were asked about, if it is still due; `question` is the id that they were told.",
    },
    ActionRule {
        action: Action::Switchover,
        name: "switchover",
        arguments: &[Argument::Waive],
        waives: &[Gate::StandbyFit],
        access: Access::Acts,
        says: "Makes a primary that is well passive, and then as a failover; refused where the system gives no steps for it.",
    },
    ActionRule {
        action: Action::Failback { rest: false },
        name: "failback",
        arguments: &[Argument::Data, Argument::Rest, Argument::Waive],
        waives: &[Gate::WellFor],
        access: Access::Acts,
        says: "Unlocks traffic to a primary that is well and sees it arrive; with `rest` it puts the standby to rest, too.",
    },
    ActionRule {
        action: Action::Rehearse,
        name: "rehearse",
        arguments: &[Argument::Waive],
        waives: &[Gate::StandbyFit],
        access: Access::Acts,
        says: "Starts and verifies the standby and puts it back to rest, while the primary is well; traffic is not touched.",
    },
    ActionRule {
        action: Action::Finish,
        name: "finish",
        arguments: &[],
        waives: &[],
        access: Access::Acts,
        says: "Drives an open execution to its end, whatever the primary does, and begins none.",
    },
    ActionRule {
        action: Action::Plan,
        name: "plan",
        arguments: &[Argument::Waive],
        waives: &Gate::ALL,
        access: Access::Reads,
        says: "Says what a failover would do now, and why not.",
    },
    ActionRule {
        action: Action::Preflight,
        name: "preflight",
        arguments: &[],
        waives: &[],
        access: Access::Reads,
        says: "Says whether a failover would succeed.",
    },
    ActionRule {
        action: Action::Status,
        name: "status",
        arguments: &[],
        waives: &[],
        access: Access::Reads,
        says: "Says how things stand.",
    },
    ActionRule {
        action: Action::Acknowledge { abort: false },
        name: "acknowledge",
        arguments: &[Argument::Abort],
        waives: &[],
        access: Access::Notes,
        says: "Waives the rest of the cooldown; with `abort` it also ends the execution that is open or stands.",
    },
    ActionRule {
        action: Action::Pause { lasts: None },
        name: "pause",
        arguments: &[Argument::For],
        waives: &[],
        access: Access::Notes,
        says: "Holds everything back: nothing is begun and nothing driven on, until `resume` or, with `for`, the end.",
    },
    ActionRule {
        action: Action::Resume,
        name: "resume",
        arguments: &[],
        waives: &[],
        access: Access::Notes,
        says: "Takes a pause back.",
    },
    ActionRule {
        action: Action::NotifyTest,
        name: "notify-test",
        arguments: &[],
        waives: &[],
        access: Access::Reads,
        says: "Sends a message to everybody who is told of failovers, which says that it is a test.",
    },
];

impl Action {
    /// Its row.
    pub fn rule(self) -> &'static ActionRule {
        let [
            failover,
            approve,
            switchover,
            failback,
            rehearse,
            finish,
            plan,
            preflight,
            status,
            acknowledge,
            pause,
            resume,
            test,
        ] = &ACTIONS;
        match self {
            Self::FailOver => failover,
            Self::Approve => approve,
            Self::Switchover => switchover,
            Self::Failback { .. } => failback,
            Self::Rehearse => rehearse,
            Self::Finish => finish,
            Self::Plan => plan,
            Self::Preflight => preflight,
            Self::Status => status,
            Self::Acknowledge { .. } => acknowledge,
            Self::Pause { .. } => pause,
            Self::Resume => resume,
            Self::NotifyTest => test,
        }
    }

    /// The kind of execution that it asks for, where that is not a failover.
    pub fn kind(self) -> Option<Kind> {
        match self {
            Self::Switchover => Some(Kind::Switchover),
            Self::Failback { .. } => Some(Kind::Failback),
            Self::Rehearse => Some(Kind::Rehearsal),
            Self::FailOver
            | Self::Approve
            | Self::Finish
            | Self::Plan
            | Self::Preflight
            | Self::Status
            | Self::Acknowledge { .. }
            | Self::Pause { .. }
            | Self::Resume
            | Self::NotifyTest => None,
        }
    }

    /// Its one spelling.
    pub fn name(self) -> &'static str {
        self.rule().name
    }

    /// The action of this name, without its arguments.
    pub fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|rule| rule.name == name).map(|rule| rule.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_is_in_the_table_once_and_under_one_name() {
        for rule in &ACTIONS {
            assert_eq!(rule.action.rule(), rule);
            assert_eq!(Action::named(rule.name), Some(rule.action));
            assert_eq!(ACTIONS.iter().filter(|other| other.name == rule.name).count(), 1);
            assert!(rule.says.ends_with('.') && rule.says.len() < 140, "{}", rule.name);
            assert_eq!(rule.arguments.contains(&Argument::Waive), !rule.waives.is_empty(), "{}", rule.name);
        }
        assert_eq!(Action::named("fail_over"), None);
    }
}
