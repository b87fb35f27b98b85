//! What happens where, recorded as it happens.

use std::fmt;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast;

use crate::conditions::{Lost, MetricsMode, Outage, Site};
use crate::time;

/// How many events a receiver may lag behind before it misses some; a drill makes a few hundred.
const CAPACITY: usize = 8192;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What. Its `Display` is a sentence in plain words.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// The kinds of events, each with what a reader or a check needs to know.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants' docs and the fields' names say it all")]
pub enum EventKind {
    /// A site stopped answering as it should.
    SiteDown { site: Site, outage: Outage },
    /// A site answers again, or for the first time.
    SiteUp { site: Site },
    /// The verdict of the health checkers changed. `healthy_checkers` of `checkers` see a good endpoint.
    CheckersReport { health_check: String, healthy: bool, healthy_checkers: usize, checkers: usize },
    /// A metric point became readable. `start` is the start of its period.
    MetricPublished { health_check: String, start: Timestamp, minimum: f64, maximum: f64 },
    /// A point that was due was not published, because of the metrics mode.
    MetricWithheld { health_check: String, start: Timestamp },
    /// The metrics mode was changed.
    MetricsChanged { mode: MetricsMode },
    /// The rule that watches the primary's metric came to a state, in the words of `service`, which keeps the rule.
    AlarmChanged { service: &'static str, state: &'static str, from: Option<&'static str> },
    /// `service` handed a notification of the rule to the function. `answer`: what came back, where the service waits for it.
    AlarmDelivered { service: &'static str, state: &'static str, answer: Option<Delivered> },
    /// The scheduler's tick was handed to the function.
    Ticked { request_id: String },
    /// A process of the function was started.
    FunctionStarted { environment: u64 },
    /// The process asked for its first event.
    FunctionReady { environment: u64, after_ms: u64 },
    /// An event was given to a process.
    InvocationStarted { request_id: String, attempt: u32, environment: u64 },
    /// The invocation ended; `outcome` is a short sentence.
    InvocationEnded { request_id: String, attempt: u32, outcome: String, took_ms: u64 },
    /// A failed asynchronous event will be tried again.
    RetryScheduled { request_id: String, attempt: u32, in_ms: u64 },
    /// A failed asynchronous event will not be tried again; it went to the on-failure destination.
    GaveUp { request_id: String },
    /// The function lost its way out of the standby's network.
    WayOutLost { how: Lost },
    /// It has it back.
    WayOutBack,
    /// A fault was put on a call.
    FaultInjected { call: String, fault: String },
    /// What switches traffic was written by an API call of `service`. `detail`: how it stands now, as a sentence. `locked`: whether
    /// traffic is kept away from the primary by it.
    TrafficWritten { service: &'static str, detail: String, locked: bool },
    /// A message was put into a storage queue; it can be seen after so many (real) milliseconds.
    Queued { queue: String, in_ms: u64 },
    /// The Functions host was restarted: what ran is gone, with the process.
    HostRestarted { why: String },
    /// What `service` keeps for the function was written. The value is left out.
    NoteWritten { service: &'static str, name: String, version: u64 },
    /// Something changed in the standby cluster.
    ClusterChanged { change: String },
    /// The global name's answer changed.
    DnsChanged { from: Site, to: Site },
}

/// What a service got back that waits for the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivered {
    /// An answer with this HTTP status.
    Status(u16),
    /// No answer in time.
    Nothing,
}

impl EventKind {
    /// Where it happened, in a word or two, for a table.
    pub fn place(&self) -> &'static str {
        match self {
            Self::SiteDown { .. } | Self::SiteUp { .. } => "sites",
            Self::CheckersReport { .. } => "probes",
            Self::MetricPublished { .. } | Self::MetricWithheld { .. } | Self::MetricsChanged { .. } => "metrics",
            Self::AlarmChanged { service, .. }
            | Self::AlarmDelivered { service, .. }
            | Self::TrafficWritten { service, .. }
            | Self::NoteWritten { service, .. } => service,
            Self::Ticked { .. } => "scheduler",
            Self::Queued { .. } => "queue",
            Self::FunctionStarted { .. }
            | Self::FunctionReady { .. }
            | Self::InvocationStarted { .. }
            | Self::InvocationEnded { .. }
            | Self::RetryScheduled { .. }
            | Self::GaveUp { .. }
            | Self::HostRestarted { .. } => "function",
            Self::FaultInjected { .. } => "fault",
            Self::WayOutLost { .. } | Self::WayOutBack => "network",
            Self::ClusterChanged { .. } => "Kubernetes",
            Self::DnsChanged { .. } => "DNS",
        }
    }

    /// Whether it comes once a minute or with every event, also while nothing is wrong: a person need not read it.
    pub fn is_routine(&self) -> bool {
        match self {
            Self::MetricPublished { maximum, .. } => *maximum != 0.0,
            Self::InvocationEnded { outcome, .. } => outcome == "answered",
            Self::MetricWithheld { .. }
            | Self::Ticked { .. }
            | Self::FunctionStarted { .. }
            | Self::InvocationStarted { .. } => true,
            Self::SiteDown { .. }
            | Self::SiteUp { .. }
            | Self::CheckersReport { .. }
            | Self::MetricsChanged { .. }
            | Self::AlarmChanged { .. }
            | Self::AlarmDelivered { .. }
            | Self::FunctionReady { .. }
            | Self::RetryScheduled { .. }
            | Self::GaveUp { .. }
            | Self::WayOutLost { .. }
            | Self::WayOutBack
            | Self::FaultInjected { .. }
            | Self::TrafficWritten { .. }
            | Self::Queued { .. }
            | Self::HostRestarted { .. }
            | Self::NoteWritten { .. }
            | Self::ClusterChanged { .. }
            | Self::DnsChanged { .. } => false,
        }
    }
}

/// One sentence for each kind; the match has no arm for the rest, so that a new kind cannot print nothing.
impl fmt::Display for EventKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SiteDown { site, outage } => write!(out, "the {site} site is down ({outage})"),
            Self::SiteUp { site } => write!(out, "the {site} site answers"),
            Self::CheckersReport { healthy, healthy_checkers, checkers, .. } => {
                let verdict = if *healthy { "healthy" } else { "unhealthy" };
                write!(out, "health checkers report {verdict}: {healthy_checkers} of {checkers} see a good answer")
            }
            Self::MetricPublished { minimum, maximum, .. } if minimum == maximum => {
                write!(out, "metric point published: {minimum}")
            }
            Self::MetricPublished { minimum, maximum, .. } => {
                write!(out, "metric point published: between {minimum} and {maximum}")
            }
            Self::MetricWithheld { .. } => write!(out, "metric point withheld"),
            Self::MetricsChanged { mode } => write!(out, "metrics are {mode}"),
            Self::AlarmChanged { state, from: Some(from), .. } => write!(out, "the alarm goes from {from} to {state}"),
            Self::AlarmChanged { state, from: None, .. } => write!(out, "the alarm is {state}"),
            Self::AlarmDelivered { service, state, answer } => {
                write!(out, "{service} hands the notification ({state}) to the function")?;
                match answer {
                    None => Ok(()),
                    Some(Delivered::Status(status)) => write!(out, ": answer {status}"),
                    Some(Delivered::Nothing) => write!(out, ": no answer in time"),
                }
            }
            Self::Ticked { .. } => write!(out, "the scheduler calls the function"),
            Self::FunctionStarted { environment } => {
                write!(out, "a function process starts (environment {environment})")
            }
            Self::FunctionReady { after_ms, .. } => write!(out, "the function process is ready after {after_ms} ms"),
            Self::InvocationStarted { attempt, .. } => write!(out, "the function takes the event (attempt {attempt})"),
            Self::InvocationEnded { outcome, took_ms, .. } => {
                write!(out, "the function ends after {took_ms} ms: {outcome}")
            }
            Self::RetryScheduled { attempt, in_ms, .. } => {
                write!(out, "the event will be tried again in {in_ms} ms (attempt {attempt})")
            }
            Self::GaveUp { .. } => write!(out, "the event is given up and put aside"),
            Self::WayOutLost { how } => write!(out, "the function has no way out any more: {how}"),
            Self::WayOutBack => write!(out, "the function has a way out again"),
            Self::FaultInjected { call, fault } => write!(out, "fault on {call}: {fault}"),
            Self::TrafficWritten { detail, .. } => out.write_str(detail),
            Self::Queued { queue, in_ms: 0 } => write!(out, "a message is put into the queue {queue}"),
            Self::Queued { queue, in_ms } => {
                write!(out, "a message is put into the queue {queue}, to be seen in {in_ms} ms")
            }
            Self::HostRestarted { why } => write!(out, "the Functions host restarts: {why}"),
            Self::NoteWritten { name, version, .. } => write!(out, "{name} is written (version {version})"),
            Self::ClusterChanged { change } => write!(out, "in the standby cluster: {change}"),
            Self::DnsChanged { from, to } => write!(out, "DNS now answers with the {to} site, no longer the {from}"),
        }
    }
}

/// Everything recorded so far, and a channel for what comes next. Clones share one record.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    events: Arc<Mutex<Vec<Event>>>,
    channel: broadcast::Sender<Event>,
}

impl Timeline {
    pub(crate) fn new() -> Self {
        Self { events: Arc::default(), channel: broadcast::channel(CAPACITY).0 }
    }

    /// Records an event that happens now.
    pub(crate) fn record_event(&self, kind: EventKind) {
        self.record_event_at(time::now(), kind);
    }

    /// Records an event that happened a moment ago and was noticed only now.
    pub(crate) fn record_event_at(&self, at: Timestamp, kind: EventKind) {
        let event = Event { at, kind };
        tracing::debug!(what = %event.kind, "simulated");
        self.events.lock().expect("no code panics while it holds this lock").push(event.clone());
        // An error means that nobody listens.
        drop(self.channel.send(event));
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Event> {
        self.channel.subscribe()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().expect("no code panics while it holds this lock").clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_described_in_plain_words() {
        let event = EventKind::SiteDown { site: Site::Primary, outage: Outage::Silent };
        assert_eq!(event.to_string(), "the primary site is down (takes connections and says nothing)");
        let event = EventKind::CheckersReport {
            health_check: "h".to_owned(),
            healthy: false,
            healthy_checkers: 2,
            checkers: 16,
        };
        assert_eq!(event.to_string(), "health checkers report unhealthy: 2 of 16 see a good answer");
    }

    #[test]
    fn a_late_listener_finds_the_past_in_the_record() {
        let timeline = Timeline::new();
        timeline.record_event(EventKind::SiteUp { site: Site::Standby });
        let mut listener = timeline.listen();
        assert!(listener.try_recv().is_err());
        assert_eq!(timeline.events().len(), 1);
    }
}
