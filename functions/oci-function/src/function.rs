//! One call from content to ending.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt, future::BoxFuture};
use holdfast_core::{
    Clock,
    clock::{later, until},
    engine::{Action, Answer, Engine, Request},
    record::Trigger,
};
use holdfast_site::{
    doors::{Doors, Errand},
    ignored::Passed,
    log,
    manual::ManualCall,
    report,
};

use crate::{
    arrival::{Arrival, Margins},
    ending::{self, Ending},
    event::{self, Filter, IgnoredReason, Incoming},
};

/// What the function works on.
pub trait Site: Send + Sync {
    /// An engine for one call by the worker `holder`.
    fn engine(&self, holder: String) -> Engine;

    /// Tells the dead-man's switch, where there is one, of a tick that has ended with `answer`.
    fn tick_ended<'a>(&'a self, _answer: &'a Answer) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}

/// What one container keeps between calls.
pub struct App {
    /// The function's name, for the record.
    pub name: String,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// How the time of a call is divided.
    pub margins: Margins,
    /// What makes an alarm ours.
    pub filter: Filter,
    /// Which kind of caller may ask for what.
    pub doors: Doors,
    /// The site, or why there is none: every call then answers with all faults of the configuration.
    pub site: Result<Box<dyn Site>, String>,
}

impl App {
    /// Answers one call: in time, and after a defect too.
    pub async fn invoke(&self, arrival: Arrival) -> Ending {
        let patience = arrival.patience;
        let work = AssertUnwindSafe(self.answer(arrival)).catch_unwind();
        match tokio::time::timeout(patience, work).await {
            Ok(Ok(ending)) => ending,
            Ok(Err(_)) => ending::panicked(),
            Err(_) => {
                tracing::error!("the work did not end in time and was cut off");
                Ending::OutOfTime
            }
        }
    }

    async fn answer(&self, arrival: Arrival) -> Ending {
        let ends = later(self.clock.now(), arrival.patience);
        let batch = match &arrival.body {
            Some(body) => event::parse(body, &self.filter),
            None => vec![Incoming::Ignored(event::ignored::too_large())],
        };
        let site = match &self.site {
            Ok(site) => site,
            Err(faults) => {
                tracing::error!("the configuration cannot be used: {faults}");
                let person = batch.iter().any(|incoming| matches!(incoming, Incoming::Manual(_)));
                return ending::misconfigured(faults, person);
            }
        };
        let (wanted, others) = sorted(batch.into_iter().map(|incoming| self.admitted(incoming, &arrival)));
        for other in &others {
            other.log();
        }
        let Some(wanted) = wanted else { return ending::ignored(&others) };
        let request = request(wanted, &arrival);
        log::triggered(request.trigger.label());
        // One worker is one call: two deliveries of one message must not share a lease.
        let holder = format!("{}/{}/{:08x}", self.name, arrival.id, fastrand::u32(..));
        let mut answer = site.engine(holder).handle(&request).await;
        if request.action == Action::Preflight {
            answer.checks.push(arrival.time_out());
        }
        report::log(&request, &answer);
        if request.trigger == Trigger::Tick {
            // Half of what is left is for the answer: a switch that is silent is no error of the tick.
            let left = until(self.clock.now(), ends).checked_div(2).unwrap_or_default();
            if tokio::time::timeout(left, site.tick_ended(&answer)).await.is_err() {
                tracing::warn!("the dead-man's switch was not reached in time");
            }
        }
        ending::of_answer(&request.trigger, &answer, &others)
    }

    /// The same, or why it may not come from this caller.
    fn admitted(&self, incoming: Incoming, arrival: &Arrival) -> Incoming {
        let errand = match &incoming {
            Incoming::Alarm(_) => Errand::Alarm,
            Incoming::Tick => Errand::Tick,
            Incoming::Manual(call) => Errand::Operator(call.action),
            Incoming::Ignored(_) => return incoming,
        };
        let [special, kind] = arrival.subject.doors();
        let doors = [special.as_str(), kind.as_str()];
        if self.doors.admits(&doors, errand) {
            return incoming;
        }
        Incoming::Ignored(IgnoredReason::NotAdmitted { why: self.doors.refusal(&doors, errand) })
    }
}

/// The message that is acted upon, and what becomes of each of the others: one call answers one request. An alarm goes
/// before a tick, which asks for the same and comes again.
fn sorted(batch: impl Iterator<Item = Incoming>) -> (Option<Incoming>, Vec<Passed>) {
    let mut wanted: Option<Incoming> = None;
    let mut others = Vec::new();
    for incoming in batch {
        let passed = match (incoming, &wanted) {
            (Incoming::Ignored(reason), _) => {
                others.push(Passed::ignored(&reason));
                continue;
            }
            (alarm @ Incoming::Alarm(_), Some(Incoming::Tick)) => wanted.replace(alarm),
            (incoming, Some(_)) => Some(incoming),
            (incoming, None) => {
                wanted = Some(incoming);
                None
            }
        };
        others.extend(passed.map(|passed| match passed {
            Incoming::Alarm(alarm) => together(&format!("alarm {}", alarm.name)),
            _ => together("a tick"),
        }));
    }
    (wanted, others)
}

fn together(name: &str) -> Passed {
    Passed::together(format!("{name} is answered together with the first message of the call that was acted upon"))
}

fn request(incoming: Incoming, arrival: &Arrival) -> Request {
    let (trigger, call) = match incoming {
        Incoming::Alarm(alarm) => {
            (Trigger::Alarm { name: alarm.name, changed_at: alarm.changed_at }, ManualCall::failover())
        }
        Incoming::Manual(call) => (Trigger::Operator, call),
        Incoming::Tick | Incoming::Ignored(_) => (Trigger::Tick, ManualCall::failover()),
    };
    call.request(trigger, arrival.caller(), arrival.deadline)
}

#[cfg(test)]
mod tests;
