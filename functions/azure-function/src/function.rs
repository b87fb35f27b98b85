//! Wiring, and one invocation from event to outcome.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use holdfast_core::{
    Clock, Timestamp,
    engine::{Action, Answer, Outcome, Request},
    record::Trigger,
};
use holdfast_runbooks::{
    clock::SystemClock,
    logscale::{azure::AzureConfig, azure_site::AzureSite},
    manual::ManualCall,
    report,
};
use serde_json::Value;

use crate::{
    event::{self, Filter, Function, IgnoredReason, Incoming, Invocation, Mode, Work},
    later::{self, Next},
    reply::{self, Ending},
    telemetry,
};

/// The front end in front of the host cuts an answer over HTTP off after this long, whatever the plan.
const HTTP_LIMIT: Duration = Duration::from_secs(230);

/// What one process keeps between invocations.
pub struct App {
    name: String,
    clock: Arc<SystemClock>,
    /// The site, or why there is none: every invocation then answers with all faults of the configuration.
    site: Result<AzureSite, String>,
}

impl App {
    /// Builds everything from `variables`. No network.
    pub fn new(variables: &BTreeMap<String, String>) -> Self {
        let clock = Arc::new(SystemClock::default());
        let site = build(variables, &clock);
        telemetry::start(site.as_ref().map_or("info", |site| site.config().log_level.as_str()));
        if let Err(faults) = &site {
            tracing::error!("the configuration cannot be used: {faults}");
        }
        let name = variables.get("WEBSITE_SITE_NAME").cloned().unwrap_or_else(|| "holdfast".to_owned());
        Self { name, clock, site }
    }

    /// Answers one call of the host.
    pub async fn invoke(&self, path: &str, body: &[u8], id: &str) -> Response {
        let site = match &self.site {
            Ok(site) => site,
            Err(faults) => return misconfigured(path, body, faults),
        };
        let Some(Invocation { function, mode, incoming }) = event::parse(path, body, &filter(site.config())) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let ending = match incoming {
            Incoming::Ignored(reason) => ignore(function, &reason),
            Incoming::Work(work) if function == Function::Alarm => self.enqueue(site, mode, work).await,
            Incoming::Work(work) => self.work(site, work, id).await,
            Incoming::Tick => self.tick(site, id).await,
            Incoming::Manual(call) => self.manual(site, call, id).await,
        };
        reply::reply(function, mode, ending)
    }

    /// Puts an alert into the queue: by the output binding, or ourselves where a forwarded request has none.
    async fn enqueue(&self, site: &AzureSite, mode: Mode, work: Work) -> Ending {
        let now = self.clock.now();
        let work = Work { first_seen: Some(now), ..work };
        tracing::info!(alarm = work.alarm, alert_id = work.alert_id, "an alert of ours has fired");
        if mode == Mode::Forwarded && !self.put_back(site, &work, Duration::ZERO).await {
            let document = reply::misconfigured("the work could not be put into the queue HOLDFAST_QUEUE_URL");
            return Ending::Say(StatusCode::SERVICE_UNAVAILABLE, document);
        }
        Ending::Enqueue(text(&work))
    }

    /// Does the work, and puts back what is not finished.
    async fn work(&self, site: &AzureSite, work: Work, id: &str) -> Ending {
        let trigger = Trigger::Alarm { name: work.alarm.clone(), changed_at: work.changed_at };
        let answer = self.answer(site, request(trigger, self.deadline(site, None)), id).await;
        let document = document(&answer);
        match later::next(&answer, &work, site.config().policy.poll, self.clock.now()) {
            Next::Finished => Ending::Say(StatusCode::OK, document),
            Next::TooOld => {
                tracing::warn!(alarm = work.alarm, "this alert has been worked on for a day; the timer goes on alone");
                Ending::Say(StatusCode::OK, document)
            }
            Next::Later(pause, again) => match self.put_back(site, &again, pause).await {
                true => Ending::Say(StatusCode::OK, document),
                // Without the queue the host itself delivers again, after its `visibilityTimeout`.
                false => Ending::Again(document),
            },
        }
    }

    /// A tick comes again by itself; it fails only where a step did, so that the host's failure count shows it.
    async fn tick(&self, site: &AzureSite, id: &str) -> Ending {
        let answer = self.answer(site, request(Trigger::Tick, self.deadline(site, None)), id).await;
        match answer.outcome {
            Outcome::Failed { .. } => Ending::Again(document(&answer)),
            _ => Ending::Say(StatusCode::OK, document(&answer)),
        }
    }

    /// A person reads the answer, whatever it says.
    async fn manual(&self, site: &AzureSite, call: ManualCall, id: &str) -> Ending {
        let deadline = self.deadline(site, Some(HTTP_LIMIT));
        let ManualCall { action, reason, overrides } = call;
        let request = Request { trigger: Trigger::Operator, action, reason, caller: None, overrides, deadline };
        Ending::Say(StatusCode::OK, document(&self.answer(site, request, id).await))
    }

    async fn answer(&self, site: &AzureSite, request: Request, id: &str) -> Answer {
        // One worker is one invocation: two deliveries of one event must not share a lease.
        let holder = format!("{}/{id}/{:08x}", self.name, fastrand::u32(..));
        let answer = site.engine(holder).handle(&request).await;
        report::log(&answer);
        answer
    }

    /// When the host ends this invocation, less what is needed to put the work back and to answer.
    fn deadline(&self, site: &AzureSite, limit: Option<Duration>) -> Timestamp {
        let config = site.config();
        let allowed = limit.map_or(config.function_timeout, |limit| limit.min(config.function_timeout));
        let reserve = (config.limits.retry.attempt_timeout * 2).min(allowed / 10);
        self.clock.now() + (allowed - reserve)
    }

    async fn put_back(&self, site: &AzureSite, work: &Work, pause: Duration) -> bool {
        let Some(queue) = site.queue() else { return false };
        let call = site.call(self.clock.now() + site.config().limits.retry.attempt_timeout);
        match queue.put(&call, &text(work), pause).await {
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

fn build(variables: &BTreeMap<String, String>, clock: &Arc<SystemClock>) -> Result<AzureSite, String> {
    let config = AzureConfig::read(variables).map_err(|faults| faults.to_string())?;
    AzureSite::new(config, Arc::clone(clock) as Arc<dyn Clock>).map_err(|faults| faults.to_string())
}

fn filter(config: &AzureConfig) -> Filter {
    let primary = &config.primary;
    Filter { profile: primary.profile.clone(), endpoint: primary.name.clone(), alarm_names: config.alarm_names.clone() }
}

fn request(trigger: Trigger, deadline: Timestamp) -> Request {
    Request { trigger, action: Action::FailOver, reason: None, caller: None, overrides: Vec::new(), deadline }
}

/// The action group tries again on 503, and on a plain 500 it does not; the queue delivers again on any failure.
fn misconfigured(path: &str, body: &[u8], faults: &str) -> Response {
    let document = reply::misconfigured(faults);
    match event::called(path, body) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some((function @ (Function::Work | Function::Tick), mode)) => {
            reply::reply(function, mode, Ending::Again(document))
        }
        Some((function, mode)) => reply::reply(function, mode, Ending::Say(StatusCode::SERVICE_UNAVAILABLE, document)),
    }
}

/// A person is told that the call makes no sense; to everybody else it is a success, or it would come again.
fn ignore(function: Function, reason: &IgnoredReason) -> Ending {
    tracing::info!(function = function.name(), code = reason.code(), "ignored: {reason}");
    let status = if function == Function::Operator { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ending::Say(status, reply::ignored(reason))
}

fn document(answer: &Answer) -> Value {
    serde_json::to_value(answer).unwrap_or_else(|_| serde_json::json!({"outcome": answer.outcome.label()}))
}

fn text(work: &Work) -> String {
    serde_json::to_string(work).unwrap_or_default()
}
