//! Wiring, and one invocation from event to answer.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use holdfast_aws::settings::{AlarmFilter, Aws};
use holdfast_core::{
    Clock, Timestamp,
    engine::{Answer, Request},
    fault::quoted,
    record::Trigger,
};
use holdfast_settings::ConfigurationFaults;
use holdfast_site::{
    Site,
    clock::SystemClock,
    doors::{Doors, Errand},
    ignored::Passed,
    json::Unreadable,
    log,
    manual::ManualCall,
    report,
};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::Value;
use tracing::Instrument;

use crate::{
    caller,
    event::{self, Filter, IgnoredReason, Incoming},
    reply, telemetry,
};

/// The longest that Lambda lets a call run.
const LONGEST_CALL: Duration = Duration::from_secs(900);

/// What one execution environment keeps between invocations.
pub struct Function {
    name: String,
    clock: Arc<SystemClock>,
    /// The site, or why there is none: every invocation then answers with all faults of the configuration.
    site: Result<(Site, AlarmFilter), ConfigurationFaults>,
}

impl Function {
    /// Reads the configuration from the process and builds the clients. No network.
    #[allow(clippy::disallowed_methods, reason = "the one place where the function's configuration is read")]
    pub fn from_environment() -> Self {
        Self::new(&std::env::vars().collect())
    }

    /// Builds everything from `variables`. No network.
    pub fn new(variables: &BTreeMap<String, String>) -> Self {
        let clock = Arc::new(SystemClock::default());
        let site = build(variables, &clock);
        log::start(site.as_ref().map_or("info", |(site, _)| site.log_level()));
        match &site {
            Err(faults) => tracing::error!("the configuration cannot be used: {faults}"),
            Ok((site, _)) => warn_of_doors(site.doors()),
        }
        let name = variables.get("AWS_LAMBDA_FUNCTION_NAME").cloned().unwrap_or_else(|| "holdfast".to_owned());
        Self { name, clock, site }
    }

    /// Answers one event, given as text; `None` when it was no text.
    ///
    /// # Errors
    /// A configuration that cannot be used, and answers that Lambda is to ask for again (see [`reply`]).
    pub async fn invoke(&self, event: LambdaEvent<Option<String>>) -> Result<Value, Diagnostic> {
        let span = log::invocation(&event.context.request_id, &self.name);
        self.answered(event).instrument(span).await
    }

    async fn answered(&self, event: LambdaEvent<Option<String>>) -> Result<Value, Diagnostic> {
        let (site, alarms) = self.site.as_ref().map_err(reply::misconfigured)?;
        let (payload, context) = event.into_parts();
        let batch = match payload {
            Some(text) => event::parse(text.as_bytes(), &filter(alarms)),
            None => vec![Incoming::Ignored(IgnoredReason::Unreadable(Unreadable::NotText))],
        };
        let (wanted, others) = sorted(batch, site.doors(), caller::door(&context));
        for other in &others {
            other.log();
        }
        telemetry::ignored(&self.name, &others, self.clock.now()).iter().for_each(|line| telemetry::emit(line));
        let Some(wanted) = wanted else { return Ok(reply::ignored(&others)) };
        let request = request(wanted, caller::caller(&context), deadline(&context, self.clock.now()));
        log::triggered(request.trigger.label());
        let answer = self.answer(site, &request, &context).await;
        reply::reply(&request.trigger, &answer).map(|value| reply::beside(value, &others))
    }

    async fn answer(&self, site: &Site, request: &Request, context: &Context) -> Answer {
        let started = self.clock.now();
        // One worker is one invocation: two deliveries of one event share a request id and must not share a lease.
        let holder = format!("{}/{}/{:08x}", self.name, quoted(&context.request_id), fastrand::u32(..));
        let answer = site.engine(holder).handle(request).await;
        report::log(request, &answer);
        let heard = if request.trigger == Trigger::Tick { site.tick_ended(&answer).await } else { None };
        telemetry::emit(&telemetry::metrics(&self.name, &answer, heard, started, self.clock.now()));
        answer
    }
}

/// The first record that is to be acted upon, and what becomes of each of the others: one call answers one request, and
/// the others of a batch would ask for the same.
fn sorted(batch: Vec<Incoming>, doors: &Doors, door: &str) -> (Option<Incoming>, Vec<Passed>) {
    let (mut wanted, mut others) = (None, Vec::new());
    for incoming in batch {
        match admitted(incoming, doors, door) {
            Incoming::Ignored(reason) => others.push(Passed::ignored(&reason)),
            incoming if wanted.is_none() => wanted = Some(incoming),
            incoming => others.push(Passed::together(together(&incoming))),
        }
    }
    (wanted, others)
}

fn together(incoming: &Incoming) -> String {
    let name = match incoming {
        Incoming::Alarm(alarm) => alarm.name.as_str(),
        _ => "a record",
    };
    format!("{name} is answered together with the first record of the event that was acted upon")
}

/// The same, or why it may not come in through this door.
fn admitted(incoming: Incoming, doors: &Doors, door: &str) -> Incoming {
    let errand = match &incoming {
        Incoming::Alarm(_) => Errand::Alarm,
        Incoming::Tick => Errand::Tick,
        Incoming::Manual(call) => Errand::Operator(call.action),
        Incoming::Ignored(_) => return incoming,
    };
    if doors.admits(&[door], errand) {
        return incoming;
    }
    Incoming::Ignored(IgnoredReason::NotAdmitted { why: doors.refusal(&[door], errand) })
}

fn warn_of_doors(doors: &Doors) {
    let shut_out = doors.shut_out();
    if !shut_out.is_empty() {
        tracing::warn!("HOLDFAST_ADMITS: no door of this function admits {}", shut_out.join(", "));
    }
}

fn build(
    variables: &BTreeMap<String, String>,
    clock: &Arc<SystemClock>,
) -> Result<(Site, AlarmFilter), ConfigurationFaults> {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Site::from_variables(&Aws, variables, clock, |read, _| AlarmFilter::read(read))
}

fn filter(alarms: &AlarmFilter) -> Filter {
    let AlarmFilter { health_check_id, topic_arn, alarm_names } = alarms.clone();
    Filter { health_check_id, topic_arn, alarm_names }
}

/// When Lambda will end this invocation. Without the header (a local call) it is the longest that Lambda allows, and
/// later than that it never is.
fn deadline(context: &Context, now: Timestamp) -> Timestamp {
    let longest = now.checked_add(LONGEST_CALL).unwrap_or(Timestamp::MAX);
    let given = i64::try_from(context.deadline).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    given.filter(|deadline| *deadline > now).unwrap_or(longest).min(longest)
}

fn request(incoming: Incoming, caller: String, deadline: Timestamp) -> Request {
    let (trigger, call) = match incoming {
        Incoming::Alarm(alarm) => {
            let trigger = Trigger::Alarm { name: alarm.name, changed_at: alarm.changed_at };
            (trigger, ManualCall::failover())
        }
        Incoming::Manual(call) => (Trigger::Operator, call),
        Incoming::Tick | Incoming::Ignored(_) => (Trigger::Tick, ManualCall::failover()),
    };
    call.request(trigger, caller, deadline)
}

#[cfg(test)]
mod tests;
