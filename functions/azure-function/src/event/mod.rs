//! What the host hands us, in every shape that it comes in.
//!
//! # Layout
//!
//! * this file: [`parse`], and what comes of it.
//! * `sender`: who sent it, as far as the host tells.
//! * `envelope`: the host's own JSON around an event, or the event as it came.
//! * `alert`: the two spellings of one alert, and whether it is ours.
//! * `ignored`: why an event is not acted upon.
//!
//! Nothing here fails. An event that cannot be understood is [`Incoming::Ignored`] with its reason: as an error it
//! would only be delivered again.

mod alert;
mod envelope;
mod ignored;
mod sender;
#[cfg(test)]
mod tests;

use holdfast_azure::resource::ResourceId;
use holdfast_core::{Timestamp, fault::quoted};
use holdfast_site::{
    json::{self, Document},
    manual::{self, ManualCall},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use envelope::Mode;
pub use ignored::IgnoredReason;
pub use sender::Sender;

use envelope::Opened;

/// The functions of the app: the folders in infra/azure/function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// The action group calls it.
    Alarm,
    /// The queue calls it.
    Work,
    /// The timer calls it.
    Tick,
    /// A slower timer calls it.
    Preflight,
    /// A person calls it.
    Operator,
}

impl Function {
    const ALL: [Self; 5] = [Self::Alarm, Self::Work, Self::Tick, Self::Preflight, Self::Operator];

    /// The folder's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alarm => "Alarm",
            Self::Work => "Work",
            Self::Tick => "Tick",
            Self::Preflight => "Preflight",
            Self::Operator => "Operator",
        }
    }

    /// What triggers a call of it, as logs name it.
    pub fn trigger(self) -> &'static str {
        match self {
            Self::Alarm | Self::Work => "alarm",
            Self::Tick => "tick",
            // A call by hand, whoever's hand it is.
            Self::Preflight | Self::Operator => "operator",
        }
    }

    /// The function that a path leads to: by its name (`/Alarm`), or by its route (`/api/alarm`).
    fn at(path: &str) -> Option<Self> {
        let last = path.trim_end_matches('/').rsplit('/').next()?;
        Self::ALL.into_iter().find(|function| function.name().eq_ignore_ascii_case(last))
    }
}

/// What makes an alert ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The profile that the alert watches.
    pub profile: ResourceId,
    /// The primary's endpoint in it.
    pub endpoint: String,
    /// Names or ids of alert rules that name no endpoint in themselves and are ours all the same.
    pub alarm_names: Vec<String>,
}

/// One call of the host, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The function that was called.
    pub function: Function,
    /// How the host wants its answer.
    pub mode: Mode,
    /// What it is about.
    pub incoming: Incoming,
    /// Who sent it, where the host tells that beside the event.
    pub sender: Sender,
}

/// What a call is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// An alert of ours has fired, or work on one is to go on.
    Work(Work),
    /// The timer.
    Tick,
    /// A person.
    Manual(ManualCall),
    /// Nothing to act upon.
    Ignored(IgnoredReason),
}

/// An alert of ours that has fired: what is put into the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The alert rule.
    pub alarm: String,
    /// When it fired, by its own account. Notifications may arrive late, twice and out of order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// The alert's id; another delivery of the same alert has the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_id: Option<String>,
    /// When it first reached us; set by whoever puts it into the queue first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
    /// How often it has been put back.
    #[serde(default)]
    pub attempt: u32,
}

/// Understands one call of the host. `None` for what leads to none of our functions.
pub fn parse(path: &str, body: &[u8], filter: &Filter) -> Option<Invocation> {
    let (function, Opened { mode, payload, sender }) = opened(path, body)?;
    let incoming = match payload {
        Err(reason) => Incoming::Ignored(reason),
        Ok(payload) => understood(function, &payload, filter),
    };
    Some(Invocation { function, mode, incoming, sender })
}

/// The function that is called, and how the host wants its answer, whatever it is about.
pub fn called(path: &str, body: &[u8]) -> Option<(Function, Mode)> {
    opened(path, body).map(|(function, opened)| (function, opened.mode))
}

fn opened(path: &str, body: &[u8]) -> Option<(Function, Opened)> {
    let function = Function::at(path)?;
    let opened = envelope::open(function, path, body);
    // These have no route: nobody but the host may call them.
    let has_route = matches!(function, Function::Alarm | Function::Operator);
    (has_route || opened.mode == Mode::Envelope).then_some((function, opened))
}

fn understood(function: Function, payload: &Document, filter: &Filter) -> Incoming {
    match function {
        Function::Tick => Incoming::Tick,
        Function::Preflight => Incoming::Manual(ManualCall::preflight()),
        Function::Alarm => alert::parse(&payload.value, filter).map_or_else(Incoming::Ignored, Incoming::Work),
        Function::Work => match serde_json::from_value::<Work>(payload.value.clone()) {
            Ok(work) => {
                let alert_id = work.alert_id.as_deref().map(quoted);
                Incoming::Work(Work { alarm: quoted(&work.alarm), alert_id, ..work })
            }
            Err(_) => Incoming::Ignored(ignored::unreadable_work()),
        },
        Function::Operator => match manual::parse(payload) {
            Ok(call) => Incoming::Manual(call),
            Err(call) => Incoming::Ignored(call.into()),
        },
    }
}

/// The text at `path`, whole: to be compared, and not to be shown. Keys are found in any case.
fn whole<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    json::at(value, path)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The text at `path` as it may be shown.
fn text(value: &Value, path: &str) -> Option<String> {
    whole(value, path).map(quoted).filter(|text| !text.is_empty())
}
