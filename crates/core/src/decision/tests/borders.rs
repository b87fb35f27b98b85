//! Exact borders and words, where a drawn case rarely falls on the one that matters.

use super::*;

fn nothing() -> Evidence {
    Evidence::nothing(now())
}

fn point(start: i64, maximum: f64) -> Datapoint {
    Datapoint { start: ago(start), minimum: 0.0, maximum }
}

fn judged(state: State, evidence: Evidence) -> Decision {
    let state = State { armed: Some(ago(100_000)), ..state };
    decide(&Ok(state), &evidence, &Policy::default(), now(), Said::default())
}

fn ended(status: Status, began: i64) -> State {
    State { current: Some(execution(status, began)), ..State::default() }
}

#[test]
fn a_step_that_was_changed_since_is_named_and_one_that_holds_is_not() {
    let seen = |step: &str, seen| StepSeen {
        step: step.to_owned(),
        seen: Ok(seen),
        locks: step == "lock",
        direction: Default::default(),
    };
    let steps = vec![seen("scale", Observation::done("1")), seen("lock", Observation::todo("open", Value::Null))];
    let drifted = |steps| {
        let decision = judged(ended(Status::Completed, 600), Evidence { steps, ..nothing() });
        assert_eq!(decision.verdict, Verdict::AlreadyDone);
        decision.reasons.into_iter().find_map(|reason| match reason {
            Reason::Drifted { steps } => Some(steps),
            _ => None,
        })
    };
    assert_eq!(drifted(steps.clone()), Some(vec!["lock".to_owned()]));
    assert_eq!(drifted(steps[..1].to_vec()), None);
}

#[test]
fn metrics_that_are_healthy_outweigh_a_failing_probe_from_more_than_a_period_before() {
    let verdict = |first: i64| {
        let probes = [first, first / 2, 0].map(|age| probe('0', ago(age))).to_vec();
        let history = Some(Ok(History { points: vec![point(70, 1.0)] }));
        judged(State::default(), Evidence { history, probes, ..nothing() }).verdict
    };
    assert!(matches!(verdict(70), Verdict::Wait { .. }), "healthy until 60 s after the first failing probe");
    assert_eq!(verdict(71), Verdict::StandDown);
}

#[test]
fn the_wait_ends_when_the_holdoff_can_and_no_sooner_than_the_next_look() {
    let until = |minutes: i64| {
        let points = (1..=minutes).map(|minute| point(minute * 60, 0.0)).collect();
        match judged(State::default(), Evidence { history: Some(Ok(History { points })), ..nothing() }).verdict {
            Verdict::Wait { until } => crate::clock::until(now(), until).as_secs(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((until(1), until(2)), (120, 60));
    let nearly = (0..=12).rev().map(|index| probe('0', ago(index * 14))).collect();
    let decision = judged(State::default(), Evidence { probes: nearly, ..nothing() });
    assert_eq!(decision.streak.expect("a streak").proven.as_secs(), 168);
    assert_eq!(decision.verdict, Verdict::Wait { until: now() + Duration::from_secs(15) });
}

#[test]
fn the_cooldown_ends_to_the_second_and_an_acknowledgement_counts_from_the_start_of_the_failover() {
    let points = (1..=4).map(|minute| point(minute * 60, 0.0)).collect();
    let evidence = Evidence { history: Some(Ok(History { points })), ..nothing() };
    let verdict = |began, acknowledged: Option<i64>| {
        let unlocked = Some(ago(290));
        let state = State { unlocked, acknowledged: acknowledged.map(ago), ..ended(Status::Completed, began) };
        judged(state, evidence.clone())
    };
    assert_eq!(verdict(300, None).verdict, Verdict::FailOver);
    let cooling = verdict(299, None);
    assert_eq!(cooling.verdict, Verdict::Refuse);
    let until = now() + Duration::from_secs(1);
    assert_eq!(cooling.reasons.last(), Some(&Reason::CoolingDown { last: ago(299), until }));
    assert_eq!(verdict(299, Some(299)).verdict, Verdict::FailOver);
    assert_eq!(verdict(299, Some(300)).verdict, Verdict::Refuse);
}

#[test]
fn who_waives_that_the_primary_fails_has_to_wait_for_the_holdoff_of_one_that_does() {
    let points = vec![point(60, 0.0)];
    let evidence = Evidence { history: Some(Ok(History { points })), ..nothing() };
    let waived = |evidence: &Evidence| {
        let state = State { armed: Some(ago(100_000)), ..State::default() };
        decide(
            &Ok(state),
            evidence,
            &Policy::default(),
            now(),
            Said { waived: &[Gate::PrimaryFailing], ..Said::default() },
        )
        .verdict
    };
    assert!(matches!(waived(&evidence), Verdict::Wait { .. }));
    assert_eq!(waived(&nothing()), Verdict::FailOver, "nothing is known that a holdoff could be held to");
}

#[test]
fn people_are_told_whether_metrics_or_our_own_probes_saw_the_primary() {
    let said = |source| Reason::PrimaryHealthy { at: now(), source }.to_string();
    for (source, metrics, probes) in
        [(Source::History, true, false), (Source::Probes, false, true), (Source::Both, true, true)]
    {
        let said = said(source);
        assert_eq!((said.contains("metric history"), said.contains("our own probes")), (metrics, probes), "{said}");
    }
}

#[test]
fn a_probe_from_before_the_unlock_does_not_show_that_the_primary_was_well_once_more() {
    for (seen, armed) in [(400, false), (200, true)] {
        let failing = (0..=12).rev().map(|index| probe('0', ago(index * 15)));
        let probes = [probe('X', ago(seen))].into_iter().chain(failing).collect();
        let evidence = Evidence { probes, last_well: Some(Ok(None)), ..nothing() };
        let unlocked = State { unlocked: Some(ago(300)), ..State::default() };
        // A failover that a person began and ended since then has taken the unlock back.
        let taken_back = State { unarmed_since: Some(ago(300)), ..State::default() };
        for state in [unlocked, taken_back] {
            let decision = decide(&Ok(state), &evidence, &Policy::default(), now(), Said::default());
            assert_eq!(decision.verdict == Verdict::FailOver, armed, "{decision:?}");
        }
    }
}
