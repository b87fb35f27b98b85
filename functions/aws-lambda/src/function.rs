//! Wiring, and one invocation from event to answer.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use holdfast_aws::sdk::Environment;
use holdfast_core::{
    Clock, Timestamp,
    engine::{Action, Answer, Request},
    record::Trigger,
};
use holdfast_runbooks::{
    clock::SystemClock,
    logscale::{aws::AwsConfig, aws_site::AwsSite},
    report,
};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::Value;

use crate::{
    event::{self, Filter, Incoming},
    reply, telemetry,
};

/// What one execution environment keeps between invocations.
pub struct Function {
    name: String,
    clock: Arc<SystemClock>,
    /// The site, or why there is none: every invocation then answers with all faults of the configuration.
    site: Result<AwsSite, String>,
}

impl Function {
    /// Reads the configuration and builds the clients. No network.
    #[allow(clippy::disallowed_methods, reason = "the one place where the function's configuration is read")]
    pub fn from_environment() -> Self {
        let variables: BTreeMap<String, String> = std::env::vars().collect();
        let clock = Arc::new(SystemClock::default());
        let site = build(&variables, &clock);
        let level = site.as_ref().map_or("info", |site| site.config().log_level.as_str());
        telemetry::start(level);
        if let Err(faults) = &site {
            tracing::error!("the configuration cannot be used: {faults}");
        }
        let name = variables.get("AWS_LAMBDA_FUNCTION_NAME").cloned().unwrap_or_else(|| "holdfast".to_owned());
        Self { name, clock, site }
    }

    /// Answers one event.
    ///
    /// # Errors
    /// A configuration that cannot be used, and answers that Lambda is to ask for again (see [`reply`]).
    pub async fn invoke(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let site = self.site.as_ref().map_err(|faults| reply::misconfigured(faults))?;
        let mut ignored = Vec::new();
        for incoming in event::parse(&event.payload, &filter(site.config())) {
            match incoming {
                Incoming::Ignored(reason) => {
                    tracing::info!(code = reason.code(), "ignored: {reason}");
                    ignored.push((reason.code().to_owned(), reason.to_string()));
                }
                wanted => {
                    let request = request(wanted, deadline(&event.context, self.clock.now()));
                    let answer = self.answer(site, &request, &event.context).await;
                    return reply::reply(&request.trigger, &answer);
                }
            }
        }
        Ok(reply::ignored(&ignored))
    }

    async fn answer(&self, site: &AwsSite, request: &Request, context: &Context) -> Answer {
        let started = self.clock.now();
        // One worker is one invocation: two deliveries of one event share a request id and must not share a lease.
        let holder = format!("{}/{}/{:08x}", self.name, context.request_id, fastrand::u32(..));
        let answer = site.engine(holder).handle(request).await;
        report::log(&answer);
        telemetry::emit(&telemetry::metrics(&self.name, &answer, started, self.clock.now()));
        answer
    }
}

fn build(variables: &BTreeMap<String, String>, clock: &Arc<SystemClock>) -> Result<AwsSite, String> {
    let config = AwsConfig::read(variables).map_err(|faults| faults.to_string())?;
    let environment = Environment::read(&|name| variables.get(name).cloned()).map_err(|error| error.to_string())?;
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    AwsSite::new(config, &environment, clock).map_err(|faults| faults.to_string())
}

fn filter(config: &AwsConfig) -> Filter {
    Filter {
        health_check_id: Some(config.primary_check.clone()),
        topic_arn: config.topic_arn.clone(),
        alarm_names: config.alarm_names.clone(),
    }
}

/// When Lambda will end this invocation. Without the header (a local call) it is the longest that Lambda allows.
fn deadline(context: &Context, now: Timestamp) -> Timestamp {
    let given = i64::try_from(context.deadline).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    given.filter(|deadline| *deadline > now).unwrap_or(now + Duration::from_secs(900))
}

fn request(incoming: Incoming, deadline: Timestamp) -> Request {
    let (trigger, action, reason, overrides) = match incoming {
        Incoming::Alarm(alarm) => {
            let trigger = Trigger::Alarm { name: alarm.name, changed_at: alarm.changed_at };
            (trigger, Action::FailOver, None, Vec::new())
        }
        Incoming::Manual(call) => (Trigger::Operator, call.action, call.reason, call.overrides),
        Incoming::Tick | Incoming::Ignored(_) => (Trigger::Tick, Action::FailOver, None, Vec::new()),
    };
    Request { trigger, action, reason, caller: None, overrides, deadline }
}
