//! Stories drawn from seeds, and those that once broke a promise.

#![allow(clippy::print_stdout, reason = "a test tells its figures")]

use std::time::Duration;

use holdfast_proof::sim::{Sabotage, Tally, run, run_broken};

/// Stories in which a promise was broken once, with what was wrong. They stay, so that it does not come back.
const REGRESSIONS: [(u64, &str); 10] = [
    (
        354,
        "a look read the lock before another worker set it and the record after: an unlock was noted that nobody made",
    ),
    (
        255,
        "after an abort the lock could not be read, and the history that was about the lock was held against the primary",
    ),
    (
        1456,
        "an execution whose effects a person took back while it was open waits for that person (a limit, not a defect)",
    ),
    (2032, "the same, with a forced failover"),
    (1803, "the same, with the operator scaled down before the standby was up"),
    (2225, "the same"),
    (
        339334,
        "an acknowledgement by a clock that was fast waived the cooldown of the failover that came after it as well",
    ),
    (310366, "a person scaled down while the worker looked that then found it scaled (a limit, not a defect)"),
    (577545, "a person scaled down while the worker looked, and what it had seen before counted as verified"),
    (386047, "without metrics the holdoff is watched after the cooldown, as a refused call does not stay (a limit)"),
];

/// Seeds of the fixed budget; none of the regressions is among them.
const BUDGET: std::ops::Range<u64> = 100_000..101_000;

/// The budget in real time: on a slow machine fewer stories are played, and the test says how many.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn no_story_of_the_fixed_budget_breaks_a_promise() {
    let began = now();
    let mut tally = Tally::default();
    for seed in BUDGET.take_while(|_| began.elapsed() < PATIENCE) {
        tally.add(&run(seed, false));
    }
    println!("{}", tally.words());
    assert!(
        tally.failures.is_empty(),
        "broken promises, one line each to play them again:\n{}",
        tally.failures.join("\n")
    );
    // A simulation in which nothing happens proves nothing.
    let counts = &tally.counts;
    assert!(tally.runs >= 200, "only {} stories within {PATIENCE:?}", tally.runs);
    let per_hundred = |count: u64| count * 100 / tally.runs;
    assert!(per_hundred(counts.begun) > 50 && per_hundred(counts.takeovers) > 50, "{}", tally.words());
    assert!(per_hundred(counts.liveness) > 20 && counts.fenced > 0 && counts.crashes > 0, "{}", tally.words());
}

#[test]
fn a_story_that_broke_a_promise_once_does_so_no_more() {
    for (seed, why) in REGRESSIONS {
        let report = run(seed, false);
        assert!(report.broken.is_empty(), "{why}: {}", report.replay());
    }
}

#[test]
fn a_world_that_is_broken_on_purpose_is_noticed() {
    for sabotage in Sabotage::ALL {
        let mut broken = (0..400).map(|seed| run_broken(seed, sabotage)).filter(|report| !report.broken.is_empty());
        let first = broken.next().unwrap_or_else(|| panic!("400 stories, and nobody noticed: {sabotage:?}"));
        println!("{sabotage:?}: noticed in story {}: {}", first.seed, first.broken[0]);
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in [3, 255] {
        let (one, other) = (run(seed, true), run(seed, true));
        assert_eq!(one.told, other.told, "seed {seed}");
        assert!(!one.told.is_empty());
    }
}

#[expect(clippy::disallowed_methods, reason = "bounds the time that the test takes")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
