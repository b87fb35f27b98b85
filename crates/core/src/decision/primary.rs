//! What is known of the primary: is it failing, was it ever well, and does a second witness agree.

use jiff::Timestamp;

use super::{Gate, Judge, Reason, Verdict};
use crate::{
    clock::until,
    evidence::{NamedSite, Probe, ProbeResult},
    holdoff::{Health, Source, Streak, cut_off, judge_history, judge_probes, together, well_until},
    record::State,
};

impl Judge<'_> {
    /// Is the primary failing now? Leaves the streak.
    pub(super) fn primary(&mut self) -> Option<Verdict> {
        let history = self.history();
        let probes = judge_probes(&self.evidence.probes, self.policy, self.now);
        let cut_off = cut_off(&self.evidence.probes).map(told_cut_off);
        let gate = Gate::PrimaryFailing;
        match (history, probes) {
            (_, Health::Healthy { at }) => {
                self.gate(gate, Reason::PrimaryHealthy { at, source: Source::Probes }, Verdict::StandDown)
            }
            (Health::Failing(history), Health::Failing(probes)) => {
                let streak = together(history, probes, self.well_until(self.not_before()), self.policy);
                self.failing(streak)
            }
            (Health::Failing(streak), _) | (Health::Silent { .. }, Health::Failing(streak)) => self.failing(streak),
            // The metrics lag behind: only health seen after our own failing probe outweighs it.
            (Health::Healthy { at }, Health::Failing(ours)) if until(ours.since, at) <= self.policy.period => {
                let again = self.again();
                self.gate(gate, Reason::SourcesDisagree { healthy_at: at, failing_since: ours.since }, again)
            }
            (Health::Healthy { at }, _) => {
                self.gate(gate, Reason::PrimaryHealthy { at, source: Source::History }, Verdict::StandDown)
            }
            (Health::Silent { .. }, Health::Silent { why }) => {
                let again = self.again();
                let fault = self.evidence.history.as_ref().and_then(|history| history.as_ref().err().cloned());
                self.gate(gate, cut_off.unwrap_or(Reason::NoEvidence { why, fault }), again)
            }
        }
    }

    fn failing(&mut self, streak: Streak) -> Option<Verdict> {
        self.reasons.push(Reason::PrimaryFailing { streak: streak.clone() });
        self.streak = Some(streak);
        None
    }

    /// When the history last saw the primary well, by what is no older than `not_before`.
    pub(super) fn well_until(&self, not_before: Option<Timestamp>) -> Option<Timestamp> {
        let history = self.evidence.history.as_ref()?.as_ref().ok()?;
        well_until(history, not_before, self.policy, self.now)
    }

    /// What is older than this is about the lock of an earlier failover.
    fn not_before(&self) -> Option<Timestamp> {
        let unlocked = self.state.as_ref().ok().and_then(|state| state.unlocked);
        unlocked.filter(|at| *at <= self.latest()).max(self.cut)
    }

    /// What the history says; its silence is a reason.
    pub(super) fn history(&mut self) -> Health {
        let health = self.history_says();
        if let Health::Silent { why } = &health {
            self.reasons.push(Reason::HistorySilent { why: why.clone() });
        }
        health
    }

    /// What the history says, if it can say anything about the primary at all.
    pub(super) fn history_says(&self) -> Health {
        match &self.evidence.history {
            _ if self.evidence.locked == Some(true) => {
                Health::Silent { why: "the health check is locked: it watches the lock, not the primary".to_owned() }
            }
            _ if self.evidence.locked.is_none() && self.state.as_ref().is_ok_and(State::lock_may_stand) => {
                Health::Silent { why: "the lock of a failover that is over may stand still".to_owned() }
            }
            None => Health::Silent { why: "no history is configured".to_owned() },
            Some(Err(fault)) => Health::Silent { why: fault.to_string() },
            Some(Ok(history)) => match self.evidence.clock_is_wrong() {
                None => judge_history(history, self.not_before(), self.policy, self.now),
                // What was asked for, and what of it is fresh, went by a clock that is not to be believed.
                Some(right) => {
                    Health::Silent { why: format!("our clock shows {:.0} and the API server's {right:.0}", self.now) }
                }
            },
        }
    }

    /// Has the primary ever been seen well since the site was set up or unlocked? One that is being built fails too.
    pub(super) fn armed(&mut self) -> Option<Verdict> {
        if self.state.as_ref().is_ok_and(|state| state.armed.is_some()) {
            return None;
        }
        // A call may have watched since before the unlock: what it saw then is not "well once more". A failover that a
        // person began since then has taken the unlock back, and does not arm the site.
        let from = self.state.as_ref().ok().and_then(|state| state.arms_from(self.latest())).max(self.cut);
        let counts = |at: &Timestamp| from.is_none_or(|from| *at >= from);
        let seen = |probe: &Probe| {
            let healthy = matches!(probe.result, ProbeResult::Healthy { .. });
            healthy.then_some(probe.at).filter(counts)
        };
        let ours = self.evidence.probes.iter().filter_map(seen).max();
        let coarse = self.evidence.last_well.clone();
        let long_ago = coarse.clone().and_then(Result::ok).flatten();
        if let Some(at) = ours.max(self.well_until(from)).max(long_ago) {
            self.reasons.push(Reason::SeenWell { at });
            return None;
        }
        let (why, fault, verdict) = match coarse {
            Some(Ok(_)) => ("the history, as far back as it reaches, never saw it".to_owned(), None, Verdict::Refuse),
            Some(Err(fault)) => (format!("the history cannot be asked: {fault}"), Some(fault), self.again()),
            None => ("no history was asked".to_owned(), None, self.again()),
        };
        self.gate(Gate::Armed, Reason::NotArmed { why, fault }, verdict)
    }

    /// Where only our own probes prove the outage, a DNS answer that still names the primary vetoes it: the checkers
    /// behind it have had the whole holdoff to notice.
    pub(super) fn second_witness(&mut self) -> Option<Verdict> {
        let only_probes = self.streak.is_some() && !matches!(self.history_says(), Health::Failing(_));
        if !only_probes || self.evidence.locked == Some(true) {
            return None;
        }
        let answer = self.evidence.traffic.as_ref()?.as_ref().ok()?;
        if answer.names != NamedSite::Primary {
            return None;
        }
        let (found, again) = (answer.found.clone(), self.again());
        self.gate(Gate::PrimaryFailing, Reason::DnsNamesPrimary { found }, again)
    }
}

fn told_cut_off(probe: &Probe) -> Reason {
    let (ProbeResult::Healthy { said } | ProbeResult::Failing { why: said } | ProbeResult::Inconclusive { why: said }) =
        &probe.result;
    Reason::CutOff { at: probe.at, probe: said.clone(), controls: probe.controls.clone() }
}
