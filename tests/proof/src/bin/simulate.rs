//! `make simulate RUNS=100000`, or `make simulate SEED=17` to play one story again and see what happens in it.

use std::{io::Write, process::ExitCode, thread};

use holdfast_proof::sim::{Tally, run, world::stamp};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (mut runs, mut first, mut one) = (1000_u64, 0_u64, None);
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        match (name.as_str(), value.parse()) {
            ("--runs", Ok(value)) => runs = value,
            ("--from", Ok(value)) => first = value,
            ("--seed", Ok(value)) => one = Some(value),
            _ => return say("simulate [--runs N] [--from SEED] | --seed SEED", false),
        }
    }
    match one {
        Some(seed) => replay(seed),
        None => many(first, runs),
    }
}

fn say(text: &str, well: bool) -> ExitCode {
    // A closed pipe is no reason to fail.
    let _ = writeln!(std::io::stdout(), "{text}");
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn replay(seed: u64) -> ExitCode {
    let report = run(seed, true);
    for (at, worker, what) in &report.told {
        say(&format!("{:.3}  {worker:>4}  {what}", stamp(*at, 0)), true);
    }
    if report.broken.is_empty() {
        return say("every promise was kept", true);
    }
    say(&report.replay(), false)
}

#[expect(clippy::disallowed_methods, reason = "the time that many runs take is the figure that is wanted")]
fn many(first: u64, runs: u64) -> ExitCode {
    let began = std::time::Instant::now();
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let work = |offset: u64| {
        let mut tally = Tally::default();
        for seed in (first + offset..first + runs).step_by(threads as usize) {
            let report = run(seed, false);
            // At once: a long run may be ended before its time.
            if !report.broken.is_empty() {
                say(&report.replay(), false);
            }
            tally.add(&report);
        }
        tally
    };
    let tally = thread::scope(|scope| {
        let hands: Vec<_> = (0..threads).map(|offset| scope.spawn(move || work(offset))).collect();
        hands.into_iter().fold(Tally::default(), |mut all, hand| {
            all.merge(hand.join().expect("a story that panics is a defect of the simulation"));
            all
        })
    });
    let took = began.elapsed().as_secs_f64();
    let figures = format!("{}; {took:.1} s, {:.0} runs a second", tally.words(), runs as f64 / took);
    say(&figures, tally.failures.is_empty())
}
