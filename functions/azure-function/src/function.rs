//! Wiring, and one invocation from event to outcome.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use holdfast_azure::{
    queue::Queue,
    settings::{AlarmFilter, AzureCloud, HostSettings},
};
use holdfast_core::{
    Clock, Timestamp,
    engine::{Answer, Limits},
    fault::quoted,
    record::Trigger,
};
use holdfast_settings::ConfigurationFaults;
use holdfast_site::{
    Site,
    clock::SystemClock,
    doors::{Doors, Errand},
    ignored::IGNORED,
    log,
    manual::ManualCall,
    report,
};
use serde_json::Value;
use tracing::Instrument;

use crate::{
    ending,
    event::{self, Filter, Function, IgnoredReason, Incoming, Invocation, Mode, Sender, Work},
    later::{self, Next},
    reply::{self, Ending},
};

/// The front end in front of the host cuts an answer over HTTP off after this long, whatever the plan.
const HTTP_LIMIT: Duration = Duration::from_secs(230);

/// One call of the host, as it came.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// Where to.
    pub path: String,
    /// With what.
    pub body: Bytes,
    /// What identifies it.
    pub id: String,
    /// Its headers: of a request that the host forwards, those of the caller.
    pub headers: HeaderMap,
}

/// What one process keeps between invocations.
pub struct App {
    name: String,
    clock: Arc<SystemClock>,
    /// The platform signs callers in, and takes headers that say who they are from nobody else.
    signs_in: bool,
    /// Messages of the queue that could not be read, since the start.
    unreadable: AtomicU64,
    /// The site, or why there is none: every invocation then answers with all faults of the configuration.
    site: Result<Built, ConfigurationFaults>,
}

impl App {
    /// Builds everything from `variables`. No network.
    pub fn new(variables: &BTreeMap<String, String>) -> Self {
        let clock = Arc::new(SystemClock::default());
        let site = build(variables, &clock);
        log::start(site.as_ref().map_or("info", |built| built.site.log_level()));
        match &site {
            Err(faults) => tracing::error!("the configuration cannot be used: {faults}"),
            Ok(built) => warn_of_doors(built.site.doors()),
        }
        let name = variables.get("WEBSITE_SITE_NAME").cloned().unwrap_or_else(|| "holdfast".to_owned());
        let signs_in = variables.get("WEBSITE_AUTH_ENABLED").is_some_and(|on| on.trim().eq_ignore_ascii_case("true"));
        Self { name, clock, signs_in, unreadable: AtomicU64::new(0), site }
    }

    /// Answers one call of the host.
    pub async fn invoke(&self, call: Arrival) -> Response {
        let span = log::invocation(&call.id, &self.name);
        self.answered(call).instrument(span).await
    }

    async fn answered(&self, call: Arrival) -> Response {
        let built = match &self.site {
            Ok(built) => built,
            Err(faults) => return unanswerable(&call.path, &call.body, reply::misconfigured(faults)),
        };
        let filter = filter(&built.host.alarms);
        let Some(Invocation { function, mode, incoming, sender }) = event::parse(&call.path, &call.body, &filter)
        else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let sender = if mode == Mode::Forwarded { sender.or_headers(&call.headers) } else { sender };
        log::triggered(function.trigger());
        let asked = Asked { built, function, id: &call.id, caller: sender.told(&call.id, self.signs_in) };
        let ending = match admitted(incoming, built.site.doors(), function, &sender) {
            Incoming::Ignored(reason) => self.ignore(&asked, &reason, call.body.len()),
            Incoming::Work(work) if function == Function::Alarm => self.enqueue(&asked, mode, work).await,
            Incoming::Work(work) => self.work(&asked, work).await,
            Incoming::Tick => {
                let answer = self.answer(&asked, Trigger::Tick, ManualCall::failover()).await;
                built.site.tick_ended(&answer).await;
                ending::of_tick(&answer)
            }
            Incoming::Manual(call) => ending::of_operator(&self.answer(&asked, Trigger::Operator, call).await),
        };
        reply::reply(function, mode, ending)
    }

    /// Puts an alert into the queue: by the output binding, or ourselves where a forwarded request has none.
    async fn enqueue(&self, asked: &Asked<'_>, mode: Mode, work: Work) -> Ending {
        let now = self.clock.now();
        let work = Work { first_seen: Some(now), ..work };
        tracing::info!(alarm = work.alarm, alert_id = work.alert_id, "an alert of ours has fired");
        if mode == Mode::Forwarded && !self.put_back(asked.built, &work, Duration::ZERO).await {
            let document = reply::not_queued();
            return Ending::Say(StatusCode::SERVICE_UNAVAILABLE, document);
        }
        Ending::Enqueue(text(&work))
    }

    /// Does the work, and puts back what is not finished.
    async fn work(&self, asked: &Asked<'_>, work: Work) -> Ending {
        let trigger = Trigger::Alarm { name: work.alarm.clone(), changed_at: work.changed_at };
        let answer = self.answer(asked, trigger, ManualCall::failover()).await;
        let next = later::next(&answer, &work, asked.built.site.policy().poll, self.clock.now());
        let kept = match &next {
            Next::Later(pause, again) => self.put_back(asked.built, again, *pause).await,
            Next::Finished => false,
            Next::TooOld => {
                tracing::warn!(alarm = work.alarm, "this alert has been worked on for a day; the timer goes on alone");
                false
            }
        };
        ending::of_work(&answer, &next, kept)
    }

    async fn answer(&self, asked: &Asked<'_>, trigger: Trigger, call: ManualCall) -> Answer {
        let deadline = deadline(self.clock.now(), asked.function, &asked.built.host, asked.built.site.limits());
        let request = call.request(trigger, asked.caller.clone(), deadline);
        // One worker is one invocation: two deliveries of one event must not share a lease.
        let holder = format!("{}/{}/{:08x}", self.name, quoted(asked.id), fastrand::u32(..));
        let answer = asked.built.site.engine(holder).handle(&request).await;
        report::log(&request, &answer);
        answer
    }

    /// What is not for us, told in the log. A message of the queue that cannot be read is counted beside it.
    fn ignore(&self, asked: &Asked<'_>, reason: &IgnoredReason, length: usize) -> Ending {
        let function = asked.function;
        if function == Function::Work {
            let unreadable = self.unreadable.fetch_add(1, Ordering::Relaxed) + 1;
            // Its length and not its text: it is none of ours.
            tracing::warn!(
                outcome = IGNORED,
                code = reason.code(),
                length,
                unreadable,
                invocation = quoted(asked.id),
                "a message of the queue is not worked on: {reason}; the host delivers it again, and puts it into the \
                 poison queue in the end"
            );
        } else {
            tracing::info!(function = function.name(), outcome = IGNORED, code = reason.code(), "ignored: {reason}");
        }
        ending::of_ignored(function, reason)
    }

    async fn put_back(&self, built: &Built, work: &Work, pause: Duration) -> bool {
        let Some(queue) = &built.queue else { return false };
        let bound = later(self.clock.now(), built.site.limits().retry.attempt_timeout);
        match queue.put(&built.site.call(bound), &text(work), pause).await {
            Ok(()) => {
                tracing::info!(
                    alarm = work.alarm,
                    attempt = work.attempt,
                    pause_s = pause.as_secs_f64(),
                    "put into the queue"
                );
                true
            }
            Err(fault) => {
                tracing::warn!(
                    call = fault.call,
                    class = fault.class.label(),
                    "not put into the queue: {}",
                    fault.message
                );
                false
            }
        }
    }
}

/// One call that is answered by the engine, or not.
struct Asked<'a> {
    built: &'a Built,
    function: Function,
    id: &'a str,
    caller: String,
}

/// The same, or why it may not come in through this door.
fn admitted(incoming: Incoming, doors_of_app: &Doors, function: Function, sender: &Sender) -> Incoming {
    let errand = match &incoming {
        Incoming::Work(_) => Errand::Alarm,
        Incoming::Tick => Errand::Tick,
        Incoming::Manual(call) => Errand::Operator(call.action),
        Incoming::Ignored(_) => return incoming,
    };
    let with_key = sender.key.as_deref().map(|key| format!("{}:{key}", function.name()));
    let doors: Vec<&str> = with_key.as_deref().into_iter().chain([function.name()]).collect();
    if doors_of_app.admits(&doors, errand) {
        return incoming;
    }
    Incoming::Ignored(IgnoredReason::NotAdmitted { why: doors_of_app.refusal(&doors, errand) })
}

fn warn_of_doors(doors: &Doors) {
    let shut_out = doors.shut_out();
    if !shut_out.is_empty() {
        tracing::warn!("HOLDFAST_ADMITS: no door of this app admits {}", shut_out.join(", "));
    }
}

/// What is built once from the configuration.
struct Built {
    site: Site,
    host: HostSettings,
    /// The queue that work can be put back into with a delay, where it is configured.
    queue: Option<Queue>,
}

fn build(variables: &BTreeMap<String, String>, clock: &Arc<SystemClock>) -> Result<Built, ConfigurationFaults> {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let (site, host) =
        Site::from_variables(&AzureCloud, variables, clock, |read, limits| HostSettings::read(read, limits.margin))?;
    let queue = host.queue(site.proxies())?;
    Ok(Built { site, host, queue })
}

fn filter(alarms: &AlarmFilter) -> Filter {
    let (profile, endpoint) = match &alarms.primary {
        Some(primary) => (primary.profile.clone(), primary.name.clone()),
        // Traffic Manager does not look at the primary: no alert of it is ours.
        None => Default::default(),
    };
    Filter { profile, endpoint, alarm_names: alarms.alarm_names.clone() }
}

/// When an invocation of `function` is ended, by the host or by the front end before it, less what is needed to put
/// the work back and to answer.
fn deadline(now: Timestamp, function: Function, host: &HostSettings, limits: &Limits) -> Timestamp {
    let allowed = match function {
        Function::Alarm | Function::Operator => HTTP_LIMIT.min(host.function_timeout),
        Function::Work | Function::Tick | Function::Preflight => host.function_timeout,
    };
    let reserve = limits.retry.attempt_timeout.saturating_mul(2).min(allowed / 10);
    later(now, allowed.saturating_sub(reserve))
}

fn later(now: Timestamp, pause: Duration) -> Timestamp {
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

/// A call that nobody can answer. The action group tries again on 503, and on a plain 500 it does not; the queue
/// delivers again on any failure.
pub(crate) fn unanswerable(path: &str, body: &[u8], document: Value) -> Response {
    match event::called(path, body) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some((function @ (Function::Work | Function::Tick | Function::Preflight), mode)) => {
            reply::reply(function, mode, Ending::Again(document))
        }
        Some((function, mode)) => reply::reply(function, mode, Ending::Say(StatusCode::SERVICE_UNAVAILABLE, document)),
    }
}

fn text(work: &Work) -> String {
    serde_json::to_string(work).unwrap_or_default()
}

#[cfg(test)]
mod tests;
