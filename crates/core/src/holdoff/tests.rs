use super::*;
use crate::evidence::Control;

const MINUTE: Duration = Duration::from_secs(60);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).expect("a time in range")
}

/// One letter a minute, oldest first: `F` failing, `0` healthy, `m` mixed, `-` no data.
fn history(letters: &str) -> History {
    let point = |(minute, letter): (usize, char)| {
        let (minimum, maximum) = match letter {
            'F' => (0.0, 0.0),
            '0' => (1.0, 1.0),
            'm' => (0.0, 1.0),
            _ => return None,
        };
        Some(Datapoint { start: at(minute as i64 * 60), minimum, maximum })
    };
    History { points: letters.chars().enumerate().filter_map(point).collect() }
}

fn judge(letters: &str) -> Health {
    judge_history(&history(letters), None, &Policy::default(), at(letters.len() as i64 * 60))
}

fn proven(letters: &str) -> u64 {
    match judge(letters) {
        Health::Failing(streak) => streak.proven.as_secs(),
        other => panic!("{letters}: {other:?}"),
    }
}

#[test]
fn three_failing_minutes_prove_180_seconds() {
    assert_eq!(proven("000FFF"), 180);
}

#[test]
fn a_minute_with_one_healthy_sample_ends_the_streak() {
    assert_eq!(proven("FFFmFF"), 120);
    assert_eq!(judge("FFFm"), Health::Healthy { at: at(240) });
}

#[test]
fn a_gap_longer_than_one_period_ends_the_streak() {
    assert_eq!(proven("FFF--FF"), 120);
}

#[test]
fn a_gap_of_one_period_is_bridged_but_proves_nothing() {
    assert_eq!(proven("FF-FF"), 240);
}

#[test]
fn missing_data_counts_as_failing_only_when_the_policy_says_so() {
    let policy = Policy { missing: MissingData::CountsAsFailing, ..Policy::default() };
    let judged = judge_history(&history("0F---F"), None, &policy, at(360));
    assert!(matches!(judged, Health::Failing(streak) if streak.proven == MINUTE * 5));
}

#[test]
fn a_stale_history_is_silent() {
    let judged = judge_history(&history("FFF"), None, &Policy::default(), at(180 + 181));
    assert!(matches!(judged, Health::Silent { .. }), "{judged:?}");
}

#[test]
fn the_minute_that_is_not_over_proves_no_failure_but_can_prove_health() {
    let policy = Policy::default();
    let now = at(5 * 60 + 30);
    assert!(
        matches!(judge_history(&history("000FFF"), None, &policy, now), Health::Failing(s) if s.proven == MINUTE * 2)
    );
    assert!(matches!(judge_history(&history("00FFF0"), None, &policy, now), Health::Healthy { .. }));
}

#[test]
fn what_was_seen_before_the_unlock_does_not_count() {
    let judged = judge_history(&history("FFFFF"), Some(at(180)), &Policy::default(), at(300));
    assert!(matches!(judged, Health::Failing(streak) if streak.proven == MINUTE * 2));
}

#[test]
fn nonsense_and_the_future_are_no_evidence() {
    let mut broken = history("00");
    broken.points.push(Datapoint { start: at(120), minimum: f64::NAN, maximum: f64::NAN });
    broken.points.push(Datapoint { start: at(120), minimum: 1.0, maximum: 0.0 });
    broken.points.push(Datapoint { start: at(6000), minimum: 0.0, maximum: 0.0 });
    let judged = judge_history(&broken, None, &Policy::default(), at(180));
    assert_eq!(judged, Health::Healthy { at: at(120) });
}

#[test]
fn an_empty_history_is_silent() {
    assert!(matches!(judge(""), Health::Silent { .. }));
}

fn probe(seconds: i64, letter: char) -> Probe {
    let result = match letter {
        'F' | 'c' => ProbeResult::Failing { why: "refused".to_owned() },
        '0' => ProbeResult::Healthy { said: "OK".to_owned() },
        _ => ProbeResult::Inconclusive { why: "no name".to_owned() },
    };
    let answered = letter != 'c';
    let control = Control { target: "control".to_owned(), answered, found: "HTTP 200".to_owned() };
    Probe { at: at(seconds), result, controls: vec![control] }
}

fn judge_letters(letters: &str, every: i64) -> Health {
    let probes: Vec<_> = letters.chars().enumerate().map(|(n, letter)| probe(n as i64 * every, letter)).collect();
    judge_probes(&probes, &Policy::default(), at((letters.len() as i64 - 1) * every))
}

#[test]
fn failing_probes_prove_the_time_between_them() {
    assert!(
        matches!(judge_letters("0FFFFF", 15), Health::Failing(s) if s.proven == MINUTE && s.source == Source::Probes)
    );
}

#[test]
fn a_probe_that_failed_while_no_control_target_answered_proves_nothing() {
    assert!(matches!(judge_letters("cccccccccccccccc", 15), Health::Silent { .. }));
    assert!(matches!(judge_letters("Fcccc", 20), Health::Silent { .. }), "cut off for longer than a period");
    assert!(
        matches!(judge_letters("FFFccF", 15), Health::Failing(s) if s.proven.as_secs() == 75),
        "a short cut is a hole"
    );
    assert_eq!(judge_letters("0ccc", 15), Health::Healthy { at: at(0) });
    let none = [Probe { controls: Vec::new(), ..probe(0, 'F') }];
    assert!(matches!(judge_probes(&none, &Policy::default(), at(0)), Health::Silent { .. }), "none is configured");
    assert_eq!(cut_off(&none), Some(&none[0]));
    assert_eq!(cut_off(&[probe(0, 'c'), probe(15, 'F')]), None, "the newest counts");
    let no_name = Probe { result: ProbeResult::Inconclusive { why: "no name".to_owned() }, ..probe(0, 'c') };
    assert!(cut_off(std::slice::from_ref(&no_name)).is_some(), "nothing outside answers either");
    assert_eq!(cut_off(&[Probe { controls: Vec::new(), ..no_name }]), None, "nothing outside was asked");
}

#[test]
fn one_healthy_probe_ends_it() {
    assert_eq!(judge_letters("FFF0", 15), Health::Healthy { at: at(45) });
}

#[test]
fn a_probe_that_cannot_tell_neither_proves_nor_ends() {
    assert!(matches!(judge_letters("FF?F", 15), Health::Failing(s) if s.proven.as_secs() == 45));
    assert!(matches!(judge_letters("??", 15), Health::Silent { .. }));
}

#[test]
fn a_gap_in_the_watching_ends_the_streak() {
    assert!(matches!(judge_letters("FFF", 90), Health::Failing(s) if s.proven.is_zero()));
}

fn failing(from: i64, to: i64, source: Source) -> Streak {
    let proven = Duration::from_secs((to - from) as u64);
    Streak { since: at(from), to: at(to), proven, source, gaps: Vec::new() }
}

#[test]
fn probes_prolong_what_the_history_proves_and_nothing_is_counted_twice() {
    let history = failing(0, 120, Source::History);
    let both = prolong(history.clone(), &failing(90, 165, Source::Probes), &Policy::default());
    assert_eq!((both.since, both.to, both.proven.as_secs(), both.source), (at(0), at(165), 165, Source::Both));
    let later = prolong(history, &failing(150, 180, Source::Probes), &Policy::default());
    assert_eq!(later.proven.as_secs(), 150, "the 30 s that nobody watched are not counted");
    assert_eq!(later.gaps, [Gap { from: at(120), to: at(150) }]);
}

#[test]
fn probes_that_began_too_late_prolong_nothing() {
    let history = failing(0, 120, Source::History);
    assert_eq!(prolong(history.clone(), &failing(200, 300, Source::Probes), &Policy::default()), history);
}

fn gaps(letters: &str) -> Vec<(i64, i64)> {
    let Health::Failing(streak) = judge(letters) else { panic!("{letters}") };
    let since = |time: Timestamp| time.as_second() - at(0).as_second();
    streak.gaps.iter().map(|gap| (since(gap.from), since(gap.to))).collect()
}

#[test]
fn every_gap_is_on_record_and_none_that_is_not_there() {
    assert_eq!(gaps("FFFF"), []);
    assert_eq!(gaps("FF-FF"), [(120, 180)]);
    assert_eq!(gaps("FF--F-F"), [(300, 360), (120, 240)], "last the one that ended it");
    let Health::Failing(probes) = judge_letters("FFF", 61) else { panic!("failing") };
    assert_eq!(probes.gaps, [Gap { from: at(61), to: at(122) }]);
}

#[test]
fn what_is_just_old_enough_still_counts() {
    let policy = Policy::default();
    let judged = judge_history(&history("FFF"), None, &policy, at(180 + 180));
    assert!(matches!(judged, Health::Failing(_)), "{judged:?}");
    let cut = judge_history(&history("FFF"), Some(at(60)), &policy, at(180));
    assert!(matches!(cut, Health::Failing(streak) if streak.since == at(60)));
    assert!(matches!(judge_letters("FFF", 60), Health::Failing(streak) if streak.proven == MINUTE * 2));
    let probes = [probe(0, 'F')];
    assert!(matches!(judge_probes(&probes, &policy, at(60)), Health::Failing(_)));
    assert!(matches!(judge_probes(&probes, &policy, at(61)), Health::Silent { .. }));
    let late = prolong(failing(0, 120, Source::History), &failing(180, 240, Source::Probes), &policy);
    assert_eq!((late.proven.as_secs(), late.to), (180, at(240)));
}

#[test]
fn a_period_that_has_just_begun_or_just_ended_is_in_the_history() {
    let policy = Policy::default();
    assert_eq!(judge_history(&history("FF0"), None, &policy, at(120)), Health::Healthy { at: at(120) });
    let ended = judge_history(&history("FF0"), None, &policy, at(180));
    assert_eq!(ended, Health::Healthy { at: at(180) });
}

#[test]
fn probes_that_end_with_the_history_prolong_nothing() {
    let history = failing(0, 120, Source::History);
    assert_eq!(prolong(history.clone(), &failing(60, 120, Source::Probes), &Policy::default()), history);
}

#[test]
fn the_longer_proof_counts_and_of_equal_ones_the_history() {
    let policy = Policy::default();
    let of = |history: Streak, probes: Streak, well| together(history, probes, well, &policy);
    let (short, long) = (failing(240, 300, Source::History), failing(0, 300, Source::Probes));
    assert_eq!(of(short.clone(), long.clone(), None), long);
    assert_eq!(of(short.clone(), long.clone(), Some(at(100))).proven.as_secs(), 200);
    assert_eq!(of(short.clone(), long.clone(), Some(at(240))), short, "as much as the history proves");
    assert_eq!(of(short.clone(), long, Some(at(290))), short);
}

#[test]
fn the_last_healthy_period_is_found_and_none_where_there_is_none() {
    let found = |letters: &str, cut| well_until(&history(letters), cut, &Policy::default(), at(600));
    assert_eq!(found("00FmFF", None), Some(at(240)));
    assert_eq!(found("00FmFF", Some(at(240))), None);
    assert_eq!(found("FFF", None), None);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    /// Written another way: the longest suffix of whole minutes, with single holes skipped.
    fn reference(letters: &str) -> Option<u64> {
        let trimmed = letters.trim_end_matches('-');
        if letters.len() - trimmed.len() > 3 || !trimmed.ends_with('F') {
            return None;
        }
        let tail = trimmed.rsplit(['0', 'm']).next().unwrap_or("");
        let tail = tail.rsplit("--").next().unwrap_or("");
        Some(tail.matches('F').count() as u64 * 60)
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_reference_written_another_way(letters in "[F0m-]{0,14}") {
            let ours = match judge(&letters) {
                Health::Failing(streak) => Some(streak.proven.as_secs()),
                _ => None,
            };
            prop_assert_eq!(ours, reference(&letters), "{}", letters);
        }

        #[test]
        fn order_and_duplicates_change_nothing(letters in "[F0m-]{1,14}", seed in any::<u64>()) {
            let sorted = history(&letters);
            let mut shuffled = sorted.clone();
            shuffled.points.extend(sorted.points.iter().copied());
            let count = shuffled.points.len().max(1) as u64;
            shuffled.points.sort_by_key(|point| (point.start.as_second() as u64).wrapping_mul(seed | 1) % (count * 7));
            let now = at(letters.len() as i64 * 60);
            let policy = Policy::default();
            prop_assert_eq!(judge_history(&sorted, None, &policy, now), judge_history(&shuffled, None, &policy, now));
        }

        #[test]
        fn turning_one_healthy_minute_bad_never_shortens_the_streak(letters in "[F0m-]{1,14}", index in 0usize..14) {
            let length = |judged: Health| match judged { Health::Failing(s) => s.proven, _ => Duration::ZERO };
            let before = length(judge(&letters));
            let mut worse: Vec<char> = letters.chars().collect();
            if let Some(letter) = worse.get_mut(index).filter(|letter| **letter != '-') {
                *letter = 'F';
            }
            prop_assert!(length(judge(&worse.into_iter().collect::<String>())) >= before);
        }
    }
}

fn streak(since: i64, to: i64, source: Source) -> Streak {
    Streak { since: at(since), to: at(to), proven: until(at(since), at(to)), source, gaps: Vec::new() }
}

#[test]
fn between_a_point_and_a_probe_that_follow_each_other_at_once_there_is_no_gap() {
    let history = streak(0, 60, Source::History);
    let prolonged = |since| prolong(history.clone(), &streak(since, 120, Source::Probes), &Policy::default());
    assert_eq!((prolonged(60).gaps.len(), prolonged(60).proven), (0, MINUTE * 2));
    assert_eq!(prolonged(61).gaps, [Gap { from: at(60), to: at(61) }]);
    assert_eq!(prolonged(61).proven, Duration::from_secs(119));
}

#[test]
fn probes_that_prove_alone_prove_from_when_the_primary_was_last_seen_well() {
    let alone =
        together(streak(240, 300, Source::History), streak(0, 300, Source::Probes), Some(at(100)), &Policy::default());
    assert_eq!((alone.since, alone.proven, alone.source), (at(100), Duration::from_secs(200), Source::Probes));
}
