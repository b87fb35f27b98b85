//! `decide` written another way: all questions are answered at once, then the first rule that applies is taken.

use super::*;
use crate::holdoff::prolong;

/// The verdict without its time.
pub(super) fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::FailOver => "fail over",
        Verdict::Finish => "finish",
        Verdict::Begin { .. } => "begin",
        Verdict::Close => "close",
        Verdict::AwaitPerson => "await person",
        Verdict::AlreadyDone => "already done",
        Verdict::StandDown => "stand down",
        Verdict::Refuse => "refuse",
        Verdict::Wait { .. } => "wait",
        Verdict::NoteUnlock => "note unlock",
        Verdict::Relock => "lock again",
        Verdict::NoteFailback => "note failback",
        Verdict::Ask => "ask",
        Verdict::AwaitApproval => "await approval",
        Verdict::WouldBegin { .. } => "would begin",
    }
}

/// What each source says, once it may speak.
fn sources(case: &Case, state: &State) -> (Health, Health) {
    let evidence = &case.evidence;
    let mute = evidence.locked == Some(true) || (evidence.locked.is_none() && state.lock_may_stand());
    let history = match &evidence.history {
        Some(Ok(history)) if !mute => judge_history(history, state.unlocked, &case.policy, now()),
        _ => Health::Silent { why: String::new() },
    };
    (history, judge_probes(&evidence.probes, &case.policy, now()))
}

/// True while a failover that began `last` keeps another one from beginning.
fn is_cooling(case: &Case, state: &State) -> bool {
    let noted = case.evidence.last_failover.clone().and_then(Result::ok).flatten();
    let began = state.current.as_ref().map(|execution| execution.started_at);
    let Some(last) = [noted, began].into_iter().flatten().max() else { return false };
    let age = now().as_second() - last.as_second().min(now().as_second());
    let waived = state.acknowledged.is_some_and(|at| now().as_second() - at.as_second() <= age);
    age < case.policy.cooldown.as_secs().cast_signed() && !waived
}

/// What the probes prove by themselves, second by second, since the last point that is not failing.
fn alone(case: &Case, state: &State, probes: &Streak) -> Duration {
    let Some(Ok(history)) = &case.evidence.history else { return probes.proven };
    let counts = |point: &&Datapoint| point.maximum > 0.0 && state.unlocked.is_none_or(|cut| point.start >= cut);
    let well: Vec<_> = history.points.iter().filter(counts).map(|point| point.start + case.policy.period).collect();
    let seconds = probes.since.as_second()..probes.to.as_second();
    let proven = seconds.filter(|second| well.iter().all(|end| end.as_second() <= *second)).count();
    Duration::from_secs(proven as u64)
}

/// True when the primary was seen well by anything, or an operator knows better.
fn is_armed(case: &Case, state: &State) -> bool {
    let evidence = &case.evidence;
    let after =
        |at: Timestamp| state.unlocked.is_none_or(|cut| at >= cut) && state.unarmed_since.is_none_or(|cut| at >= cut);
    let counts = |point: &&Datapoint| point.maximum > 0.0 && after(point.start);
    let in_window = matches!(&evidence.history, Some(Ok(history)) if history.points.iter().any(|point| counts(&point)));
    let since = |probe: &&Probe| after(probe.at);
    let by_us = evidence.probes.iter().filter(since).any(|probe| matches!(probe.result, ProbeResult::Healthy { .. }));
    let long_ago = matches!(evidence.last_well, Some(Ok(Some(_))));
    state.armed.is_some() || in_window || by_us || long_ago || case.overrides.contains(&Gate::Armed)
}

/// True when the lock cannot be seen and the step that others wait for does not hold.
fn is_doubtful(evidence: &Evidence) -> bool {
    let unread = evidence.steps.iter().find(|step| step.locks).is_some_and(|lock| lock.seen.is_err());
    let holds = |step: &StepSeen| step.seen.as_ref().map_or(true, |seen| seen.state == StepState::Done);
    unread && !evidence.steps.iter().all(|step| step.step != "step" || holds(step))
}

/// True when failure is proven for the holdoff by what is known since the lock was seen gone, or waived.
fn is_proven_since_the_lock_went(case: &Case, state: &State) -> bool {
    let gone = crate::clock::later(state.lock_gone.unwrap_or(now()), case.policy.period);
    let state = State { unlocked: Some(gone), ..state.clone() };
    let (waived, silent) =
        (|gate| case.overrides.contains(&gate), |health: &Health| matches!(health, Health::Silent { .. }));
    let (history, probes) = sources(case, &state);
    let proven = match (&history, &probes) {
        (Health::Failing(history), Health::Failing(probes)) => {
            prolong(history.clone(), probes, &case.policy).proven.max(alone(case, &state, probes))
        }
        (Health::Failing(one), _) | (_, Health::Failing(one)) => one.proven,
        _ => return waived(Gate::PrimaryFailing),
    };
    let names_primary = matches!(&case.evidence.traffic, Some(Ok(answer)) if answer.names == NamedSite::Primary);
    let vetoed = names_primary && silent(&history) && !waived(Gate::PrimaryFailing);
    (proven >= case.policy.holdoff || waived(Gate::Holdoff)) && !vetoed
}

/// The failing time that both witnesses together prove, where neither says otherwise.
fn proven(case: &Case, state: &State, history: &Health, probes: &Health) -> Option<Duration> {
    match (history, probes) {
        (Health::Failing(history), Health::Failing(probes)) => {
            Some(prolong(history.clone(), probes, &case.policy).proven.max(alone(case, state, probes)))
        }
        (Health::Failing(one), Health::Silent { .. }) | (Health::Silent { .. }, Health::Failing(one)) => {
            Some(one.proven)
        }
        _ => None,
    }
}

fn reference(case: &Case) -> &'static str {
    let Ok(state) = &case.state else { return "wait" };
    let (evidence, waived) = (&case.evidence, |gate| case.overrides.contains(&gate));
    let status = state.current.as_ref().map(|execution| execution.status);
    let (unlocked, no_lock) = (state.unlocked.is_some(), evidence.locked == Some(false));
    let all_done = !evidence.steps.is_empty()
        && !evidence.steps.iter().any(|step| step.seen.as_ref().map_or(true, |seen| seen.state != StepState::Done));
    let (history, probes) = sources(case, state);
    let proven = proven(case, state, &history, &probes);
    let disagree = match (&history, &probes) {
        (Health::Healthy { at }, Health::Failing(ours)) => *at <= ours.since + case.policy.period,
        _ => false,
    };
    let well = |health: &Health| matches!(health, Health::Healthy { .. });
    let (healthy, unknown) = (well(&history) || well(&probes), proven.is_none());
    let (cooldown, failing, holdoff, fit) = (Gate::Cooldown, Gate::PrimaryFailing, Gate::Holdoff, Gate::StandbyFit);
    let unfit = matches!(&evidence.fitness, Some(Ok(fitness)) if fitness.checks.iter().any(|check| check.level == Level::Error));
    let open = matches!(status, Some(Status::Running | Status::Owed));
    let began = state.current.as_ref().map_or(0, |run| now().as_second() - run.started_at.as_second());
    let still = began > 300 && !waived(failing);
    let locked_by_it = state.current.as_ref().is_some_and(|run| run.steps[1].is_done());
    let lock_gone = no_lock && locked_by_it && evidence.steps.iter().any(|step| step.locks);
    let silent = |health: &Health| matches!(health, Health::Silent { .. });
    let outweighed = well(&history) && matches!(&probes, Health::Failing(_)) && !disagree;
    let well_now = well(&probes) || well(&history) && silent(&probes) || outweighed;
    let disputed = disagree && !waived(failing);
    let stands = status == Some(Status::Completed) && !unlocked;
    let names_primary = matches!(&evidence.traffic, Some(Ok(answer)) if answer.names == NamedSite::Primary);
    let vetoed = names_primary && evidence.locked != Some(true) && proven.is_some() && silent(&history);
    let never_well = !is_armed(case, state);
    let rules = [
        (state.pause.is_some(), "refuse"),
        ((open || stands) && evidence.foreign.is_some(), "refuse"),
        (open && lock_gone && well_now, "note failback"),
        (open && still && well_now, "refuse"),
        (open && (still || lock_gone) && disputed, "wait"),
        (open, "finish"),
        (stands && no_lock && well_now, "note unlock"),
        (stands && no_lock && disputed, "wait"),
        (stands && no_lock && began > 300 && !disagree && !is_proven_since_the_lock_went(case, state), "wait"),
        (stands && no_lock, "lock again"),
        (stands && is_doubtful(evidence), "wait"),
        (stands, "already done"),
        ((status == Some(Status::Aborted) && !unlocked || state.lock_seen.is_some()) && no_lock, "note unlock"),
        (all_done, "already done"),
        (disagree && !waived(failing), "wait"),
        (healthy && !waived(failing), "stand down"),
        (unknown && !waived(failing), "wait"),
        (never_well && matches!(evidence.last_well, Some(Ok(_))), "refuse"),
        (never_well, "wait"),
        (is_cooling(case, state) && !waived(cooldown), "refuse"),
        (proven.is_some_and(|proven| proven < case.policy.holdoff) && !waived(holdoff), "wait"),
        (vetoed && !waived(failing), "wait"),
        (unfit && !waived(fit), "refuse"),
        (matches!(evidence.fitness, Some(Err(_))) && !waived(fit), "wait"),
    ];
    rules.iter().find(|(applies, _)| *applies).map_or("fail over", |(_, verdict)| verdict)
}

proptest! {
    #[test]
    fn it_agrees_with_a_reference_written_another_way(case in case()) {
        prop_assert_eq!(name(case.decide().verdict), reference(&case), "{:?}", case.decide());
    }

    #[test]
    fn it_agrees_where_only_the_evidence_matters(case in free_case()) {
        prop_assert_eq!(name(case.decide().verdict), reference(&case), "{:?}", case.decide());
    }
}
