//! Tells people, beside the work: nothing is waited for before the end of a call, and no failure of a message changes
//! what is done.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    StreamExt,
    future::{BoxFuture, Either, join_all, select},
    stream::FuturesUnordered,
};
use jiff::Timestamp;

use super::{
    Engine,
    answer::{Answer, Outcome},
    observe::Observed,
    request::Request,
    working_copy::{Basis, WorkingCopy},
};
use crate::{
    clock::Call,
    decision::{Decision, Reason, Verdict},
    fault::{Fault, FaultClass},
    news::{self, News},
    record::{State, Told, Waiter, heard_by},
    transition::Event,
};

/// What one call tells, and what came of it.
pub(super) struct Teller<'a> {
    engine: &'a Engine,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The incident, once one was told of in this call; until then that of the record.
    incident: Option<String>,
    /// What the record says was told.
    told: Option<Told>,
    /// What this call has told.
    sent: BTreeSet<String>,
    /// What is told once it is known that nobody else tells it.
    held: Option<News>,
    /// Messages on their way.
    pending: Vec<Pending>,
}

struct Pending {
    to: &'static str,
    news: News,
    sending: BoxFuture<'static, Result<(), Fault>>,
}

/// A receiver, what it was sent, and what came of that.
type Ended = (&'static str, News, Result<(), Fault>);

impl<'a> Teller<'a> {
    pub(super) fn new(engine: &'a Engine) -> Self {
        Self { engine, inner: Mutex::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when nobody is to be told anything.
    fn is_mute(&self) -> bool {
        self.engine.ports.announcers.is_empty()
    }

    /// The record was read, and this was decided. What a person asks for is no news before it begins.
    pub(super) fn saw(&self, seen: &Observed, decision: &Decision, request: &Request) {
        let Ok(versioned) = &seen.state else { return };
        self.looked(&versioned.state);
        if request.action.kind().is_none() {
            self.decided(decision, &versioned.state, seen.evidence.at);
        }
    }

    /// What was told, and of which incident. The incident stays the same for the whole call.
    fn looked(&self, state: &State) {
        let mut inner = self.inner();
        inner.told = state.told().cloned();
        inner.incident.get_or_insert_with(|| news::incident(state));
    }

    /// What is news in a decision about a failover. That the holdoff runs is kept until [`Teller::waits`]: of several calls
    /// that see it the one tells it that watches.
    pub(super) fn decided(&self, decision: &Decision, state: &State, at: Timestamp) {
        let others = |mark: &Waiter| mark.holder != self.engine.holder && at < mark.until;
        let watched = matches!(decision.verdict, Verdict::Wait { .. }) && state.waiter.as_ref().is_some_and(others);
        let (incident, told) = {
            let inner = self.inner();
            (inner.incident.clone(), inner.told.is_some() || !inner.sent.is_empty())
        };
        let Some(incident) = incident.filter(|_| !self.is_mute() && !watched) else { return };
        let paused_long = self.engine.limits.paused_long;
        let news = news::of_decision(decision, state, &incident, at, paused_long, told);
        if matches!(decision.verdict, Verdict::Wait { .. }) {
            self.inner().held = news;
        } else if let Some(news) = news {
            self.tell(&news);
        }
    }

    /// Nobody else watches: what was kept is told.
    pub(super) fn waits(&self) {
        let held = self.inner().held.take();
        if let Some(news) = held {
            self.tell(&news);
        }
    }

    /// An execution is ours to drive.
    pub(super) fn begun(&self, record: &WorkingCopy, reasons: &[Reason]) {
        self.about(|incident, at| Some(news::of_beginning(record.execution()?, incident, reasons, at)));
    }

    /// A step was driven.
    pub(super) fn stepped(&self, record: &WorkingCopy, step: &str) {
        self.about(|incident, at| {
            let run = record.execution()?;
            news::of_step(run, run.steps.iter().find(|driven| driven.step == step)?, incident, at)
        });
    }

    /// The call is answered.
    pub(super) fn answered(&self, answer: &Answer) {
        let driven = !matches!(answer.outcome, Outcome::Deferred { .. } | Outcome::StoodDown);
        if let Some(run) = answer.execution.as_deref().filter(|_| driven) {
            self.about(|incident, at| Some(news::of_ending(run, incident, at)));
        }
    }

    fn about(&self, news: impl FnOnce(&str, Timestamp) -> Option<News>) {
        let incident = self.inner().incident.clone();
        let Some(incident) = incident.filter(|_| !self.is_mute()) else { return };
        if let Some(news) = news(&incident, self.engine.ports.clock.now()) {
            self.tell(&news);
        }
    }

    /// Sends to everybody who was not told. Returns at once.
    fn tell(&self, news: &News) {
        let mut inner = self.inner();
        for announcer in &self.engine.ports.announcers {
            let to = announcer.name();
            let known = inner.told.as_ref().filter(|told| told.incident == news.incident);
            let knows = known.is_some_and(|told| told.knows(to, &news.mark));
            if knows || !inner.sent.insert(heard_by(to, &news.mark)) {
                continue;
            }
            let sending = announcer.announce(news.clone());
            inner.pending.push(Pending { to, news: news.clone(), sending });
        }
    }

    /// Waits for what is on its way, for one call at most, and writes down what was told.
    pub(super) async fn settle(&self, call: &Call) {
        let pending = std::mem::take(&mut self.inner().pending);
        if pending.is_empty() {
            return;
        }
        let ended = ended(pending, call).await;
        for (to, news, result) in &ended {
            if let Err(fault) = result {
                tracing::warn!(to, occasion = news.occasion.name(), "not told: {}", fault.message);
            }
        }
        if let Err(fault) = self.write(&ended, call).await {
            tracing::warn!(call = fault.call, "what was told could not be noted: {}", fault.message);
        }
    }

    async fn write(&self, ended: &[Ended], call: &Call) -> Result<(), Fault> {
        let ports = &self.engine.ports;
        let stored = call.once("record", ports.store.load(call)).await?;
        let before = stored.state.told().cloned();
        let told = ended.iter().fold(before, |told, (to, news, result)| {
            Some(told.unwrap_or_else(|| Told::of(&news.incident)).after(to, news, result))
        });
        let receivers = || ports.announcers.iter().map(|announcer| announcer.name());
        let told = told.filter(|told| !told.is_over(receivers()));
        let mut record = WorkingCopy::new(stored);
        record.add(Event::Announced(told)).map_err(|error| Basis::AsRead.refused(&error))?;
        record.commit(self.engine, Basis::AsRead, call).await
    }
}

impl Engine {
    /// Sends a message that says that it is a test, and tells how that went.
    pub(super) async fn test_announcers(&self, call: &Call) -> Answer {
        let announcers = &self.ports.announcers;
        if announcers.is_empty() {
            return failed("nobody is to be told: no receiver is configured".to_owned());
        }
        let news = News::test(self.ports.clock.now());
        let sent = join_all(announcers.iter().map(|announcer| {
            let sending = announcer.announce(news.clone());
            async move { (announcer.name(), call.once("notify", sending).await) }
        }))
        .await;
        let faults = sent.iter().filter_map(|(to, result)| Some(format!("{to}: {}", result.as_ref().err()?)));
        let faults: Vec<_> = faults.collect();
        if faults.is_empty() {
            return Answer::new(Outcome::Reported, Vec::new());
        }
        failed(faults.join("; "))
    }
}

/// Waits for all of them together, for the time of one call. What has not ended by then was not told.
async fn ended(pending: Vec<Pending>, call: &Call) -> Vec<Ended> {
    let bound = call.retry.attempt_timeout.min(call.remaining());
    let mut results: Vec<Option<Result<(), Fault>>> = pending.iter().map(|_| None).collect();
    let (mut sending, mut about) = (FuturesUnordered::new(), Vec::new());
    for (position, Pending { to, news, sending: future }) in pending.into_iter().enumerate() {
        about.push((to, news));
        sending.push(async move { (position, future.await) });
    }
    let mut patience = std::pin::pin!(call.clock.sleep(bound));
    while let Either::Left((Some((position, result)), _)) = select(sending.next(), patience.as_mut()).await {
        if let Some(slot) = results.get_mut(position) {
            *slot = Some(result);
        }
    }
    let silent = || {
        let message = format!("no answer within {:.3} s", bound.as_secs_f64());
        Err(Fault::new(FaultClass::Timeout, "notify", message))
    };
    let told = about.into_iter().zip(results);
    told.map(|((to, news), result)| (to, news, result.unwrap_or_else(silent))).collect()
}

fn failed(why: String) -> Answer {
    Answer::new(Outcome::Failed { step: "notify-test".to_owned(), why }, Vec::new())
}
