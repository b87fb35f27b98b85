//! What holds of every decision.

use super::*;

/// The case with more evidence of failure: what was well or silent in it has failed, and more has failed.
fn worse(case: &Case, flips: &[bool], more: &[i64]) -> Case {
    let mut worse = case.clone();
    let mut flips = flips.iter().copied().chain(std::iter::repeat(false));
    let mut flip = || flips.next().unwrap_or_default();
    if let Some(Ok(history)) = &mut worse.evidence.history {
        for point in history.points.iter_mut().filter(|_| flip()) {
            (point.minimum, point.maximum) = (0.0, 0.0);
        }
        let grid = history.points.first().map_or(0, |point| point.start.as_second() - now().as_second());
        let more = more.iter().map(|minute| now().as_second() + grid.rem_euclid(60) - minute * 60);
        let point =
            |second| Datapoint { start: Timestamp::from_second(second).expect("in range"), minimum: 0.0, maximum: 0.0 };
        history.points.extend(more.map(point));
    }
    for probe in worse.evidence.probes.iter_mut().filter(|_| flip()) {
        *probe = super::probe('0', probe.at);
    }
    worse
}

/// Any order, and some of it twice.
fn shuffled<T: Clone>(items: &[T], order: &[usize]) -> Vec<T> {
    let mut shuffled = items.to_vec();
    for at in order.iter().filter(|_| !items.is_empty()) {
        shuffled.insert(at % shuffled.len(), items[at % items.len()].clone());
        shuffled.rotate_left(at % items.len());
    }
    shuffled
}

proptest! {
    #[test]
    fn more_evidence_of_failure_never_takes_a_failover_back(
        case in free_case(),
        flips in prop::collection::vec(any::<bool>(), 0..28),
        more in prop::collection::vec(1_i64..14, 0..4),
    ) {
        let (before, after) = (case.decide(), worse(&case, &flips, &more).decide());
        if before.verdict == Verdict::FailOver {
            prop_assert_ne!(after.verdict, Verdict::StandDown, "{:?}", after);
        }
        let well = |point: &Datapoint| point.maximum > 0.0;
        let saw_it_well = matches!(&case.evidence.history, Some(Ok(history)) if history.points.iter().any(well));
        if before.verdict == Verdict::FailOver && !saw_it_well {
            prop_assert_eq!(after.verdict, Verdict::FailOver, "{:?}", after);
        }
        if before.verdict != Verdict::StandDown && case.evidence.probes.is_empty() {
            prop_assert_ne!(after.verdict, Verdict::StandDown, "{:?}", after);
        }
    }

    #[test]
    fn moving_all_times_changes_nothing_but_times(case in case(), seconds in -1_000_000_000_i64..1_000_000_000) {
        let moved = Case {
            state: shifted(&case.state, seconds),
            evidence: shifted(&case.evidence, seconds),
            ..case.clone()
        };
        prop_assert_eq!(moved.decide(), shifted(&case.decide(), seconds));
    }

    #[test]
    fn neither_order_nor_duplicates_of_points_and_probes_change_anything(
        case in case(),
        order in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let mut other = case.clone();
        if let Some(Ok(history)) = &mut other.evidence.history {
            history.points = shuffled(&history.points, &order);
        }
        other.evidence.probes = shuffled(&case.evidence.probes, &order);
        prop_assert_eq!(other.decide(), case.decide());
    }

    #[test]
    fn no_override_waives_the_kill_switch_an_open_execution_or_a_failover_that_stands(case in case()) {
        let verdict = case.decide().verdict;
        match &case.state {
            Err(_) => prop_assert!(waits_for(verdict, now()) > Duration::ZERO),
            Ok(state) if state.pause.is_some() => prop_assert_eq!(verdict, Verdict::Refuse),
            Ok(state) if state.open().is_some() => prop_assert_ne!(verdict, Verdict::FailOver),
            Ok(state) if state.failed_over() => {
                let unlocked = case.evidence.locked == Some(false);
                let as_expected = match verdict {
                    Verdict::Refuse => case.evidence.foreign.is_some(),
                    Verdict::NoteUnlock | Verdict::Relock => unlocked,
                    Verdict::AlreadyDone => !unlocked,
                    Verdict::Wait { .. } => true,
                    _ => false,
                };
                prop_assert!(as_expected, "{:?}", verdict);
            }
            Ok(_) => {}
        }
    }

    #[test]
    fn an_override_never_takes_a_failover_back_and_is_always_on_record(case in case()) {
        let plain = Case { overrides: Vec::new(), ..case.clone() }.decide();
        let decision = case.decide();
        if plain.verdict == Verdict::FailOver {
            prop_assert_eq!(&decision, &plain);
        }
        let named = |reason: &Reason| matches!(reason, Reason::Waived { .. });
        if decision.verdict != plain.verdict {
            prop_assert!(decision.reasons.iter().any(named), "{:?}", decision);
        }
    }

    #[test]
    fn a_failover_is_proven_for_the_holdoff_or_waived_by_a_person(case in case()) {
        let decision = case.decide();
        if decision.verdict == Verdict::FailOver {
            let proven = decision.streak.as_ref().is_some_and(|streak| streak.proven >= case.policy.holdoff);
            let waived = |gate| case.overrides.contains(&gate);
            let excused = waived(Gate::Holdoff) || (decision.streak.is_none() && waived(Gate::PrimaryFailing));
            prop_assert!(proven || excused, "{:?}", decision);
            let noted = decision.reasons.contains(&Reason::Waived { gate: Gate::Holdoff });
            prop_assert!(proven || noted || case.policy.holdoff.is_zero(), "{:?}", decision);
        }
    }

    #[test]
    fn every_decision_has_a_reason_with_a_name_and_words(case in case()) {
        let decision = case.decide();
        prop_assert!(!decision.reasons.is_empty());
        for reason in &decision.reasons {
            prop_assert!(!reason.code().is_empty() && !reason.to_string().is_empty(), "{:?}", reason);
        }
        let overridden = |reason: &Reason| matches!(reason, Reason::Waived { .. });
        let decisive = decision.reasons.last().filter(|reason| !overridden(reason));
        // What acts may do so because a gate was waived last.
        let acts = matches!(decision.verdict, Verdict::FailOver | Verdict::Finish);
        prop_assert!(acts || decisive.is_some(), "{:?}", decision);
    }

    #[test]
    fn who_is_to_wait_is_never_sent_into_the_past(case in case()) {
        if let Verdict::Wait { until } = case.decide().verdict {
            prop_assert!(until > now());
            prop_assert_eq!(waits_for(Verdict::Wait { until }, now()), crate::clock::until(now(), until));
        }
        prop_assert_eq!(waits_for(Verdict::Refuse, now()), Duration::ZERO);
    }

    #[test]
    fn a_decision_can_be_written_down_and_judged_again(case in case()) {
        let again = Case { state: shifted(&case.state, 0), evidence: shifted(&case.evidence, 0), ..case.clone() };
        prop_assert_eq!(shifted(&case.decide(), 0), case.decide());
        prop_assert_eq!(again.decide(), case.decide());
    }
}

/// Our own probes have failed for five minutes, every 15 s.
fn failing_probes() -> Vec<Probe> {
    (0..=20).rev().map(|index| probe('0', ago(index * 15))).collect()
}

fn judged(points: Vec<Datapoint>) -> Decision {
    let evidence =
        Evidence { history: Some(Ok(History { points })), probes: failing_probes(), ..Evidence::nothing(now()) };
    let state = State { armed: Some(ago(100_000)), ..State::default() };
    decide(&Ok(state), &evidence, &Policy::default(), now(), Said::default())
}

fn point(start: i64, maximum: f64) -> Datapoint {
    Datapoint { start: ago(start), minimum: 0.0, maximum }
}

#[test]
fn metrics_that_begin_anew_in_an_outage_take_nothing_back_of_what_probes_prove() {
    assert_eq!(judged(Vec::new()).verdict, Verdict::FailOver);
    let decision = judged(vec![point(60, 0.0)]);
    assert_eq!(decision.verdict, Verdict::FailOver, "{decision:?}");
    let streak = decision.streak.expect("a streak");
    assert_eq!((streak.since, streak.proven, streak.source), (ago(300), Duration::from_secs(300), Source::Probes));
}

#[test]
fn probes_from_before_the_metrics_saw_the_primary_well_prove_nothing() {
    let decision = judged(vec![point(180, 1.0), point(120, 0.0), point(60, 0.0)]);
    assert!(matches!(decision.verdict, Verdict::Wait { .. }), "{decision:?}");
    assert_eq!(decision.streak.expect("a streak").proven, Duration::from_secs(120));
}
