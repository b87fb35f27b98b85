//! What every call passes through: the log, the injected delay, the faults.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use axum::body::Body;
use http::Response;

use crate::calls::{CallLog, OpenCall};
use crate::faults::{Fault, Faults};
use crate::host::HostSlot;
use crate::net::Cut;
use crate::timeline::{EventKind, Timeline};
use crate::way_out::WayOut;

/// The refusal that a fault asks for, to be put in the service's own shape.
pub(crate) struct Refusal {
    /// HTTP status; 500 when the rule's number is none.
    pub(crate) status: http::StatusCode,
    /// The service's error code.
    pub(crate) code: String,
}

impl Refusal {
    fn new(status: u16, code: String) -> Self {
        Self { status: http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR), code }
    }
}

/// The gate. One for all services, so that one log and one set of rules see every call.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) calls: CallLog,
    pub(crate) faults: Faults,
    pub(crate) timeline: Timeline,
    /// Who runs the function: tells whose call a call is, and kills it.
    pub(crate) host: HostSlot,
    /// The function's way to what is outside of the standby's network.
    pub(crate) way_out: WayOut,
    /// Added to every call before it is taken up.
    pub(crate) delay: Duration,
}

impl Gate {
    /// Lets a call through to its effect, or not. `session` is the session that its credentials carry, which tells the process.
    pub(crate) async fn pass(
        &self,
        name: &str,
        session: Option<&str>,
        refuse: impl FnOnce(Refusal) -> Response<Body>,
        effect: impl Future<Output = Response<Body>>,
    ) -> Result<Response<Body>, Cut> {
        let call = self.calls.begin(name, self.host.invocation_of(session));
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let lost = self.way_out.fault(name);
        let fault = match &lost {
            None => self.faults.take(name),
            Some(fault) => {
                call.fault(format!("no way out: {fault}"));
                None
            }
        };
        if let Some(fault) = &fault {
            self.note(name, fault, &call);
        }
        let fault = lost.or(fault);
        let answer = self.apply(fault, session, refuse, effect).await?;
        call.status(answer.status());
        Ok(answer)
    }

    fn note(&self, name: &str, fault: &Fault, call: &OpenCall) {
        call.fault(fault.to_string());
        self.timeline.record_event(EventKind::FaultInjected { call: name.to_owned(), fault: fault.to_string() });
    }

    async fn apply(
        &self,
        fault: Option<Fault>,
        session: Option<&str>,
        refuse: impl FnOnce(Refusal) -> Response<Body>,
        effect: impl Future<Output = Response<Body>>,
    ) -> Result<Response<Body>, Cut> {
        match fault {
            None => Ok(effect.await),
            Some(Fault::Delay(by)) => {
                tokio::time::sleep(by).await;
                Ok(effect.await)
            }
            Some(Fault::Error { status, code }) => Ok(refuse(Refusal::new(status, code))),
            Some(Fault::Hang) => match std::future::pending::<Infallible>().await {},
            Some(Fault::Cut) => Err(Cut),
            Some(Fault::LoseAnswer) => {
                drop(effect.await);
                Err(Cut)
            }
            Some(Fault::FailAfter { status, code }) => {
                drop(effect.await);
                Ok(refuse(Refusal::new(status, code)))
            }
            Some(Fault::KillFunction { after }) => {
                if after {
                    drop(effect.await);
                }
                self.host.kill_caller(session).await;
                Err(Cut)
            }
        }
    }
}
