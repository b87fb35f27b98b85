//! Each target for a bounded number of inputs: its seeds, and damage to them. The same inputs every time;
//! `HOLDFAST_HOSTILE=100000` runs more of them.

use std::{panic::catch_unwind, path::Path};

use holdfast_hostile::{TARGETS, Target, mutate::damaged};

/// Inputs for each target; some seconds for all of them without optimisation.
const INPUTS: usize = 1500;

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a file")).collect()
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = files(&here.join("seeds").join(target.name));
    match target.name {
        "event" => seeds.extend(files(&here.join("../../functions/aws-lambda/fixtures"))),
        "azure-event" => seeds.extend(files(&here.join("../../functions/azure-function/fixtures"))),
        _ => {}
    }
    seeds
}

/// Says which input broke the promise, so that it can become a seed.
fn run(target: &Target, input: &[u8]) {
    if catch_unwind(|| (target.run)(input)).is_err() {
        panic!("{}: b\"{}\"", target.name, input.escape_ascii());
    }
}

#[test]
fn no_reader_panics_says_too_much_or_says_nothing() {
    let inputs =
        std::env::vars().find(|(name, _)| name == "HOLDFAST_HOSTILE").and_then(|(_, value)| value.parse().ok());
    std::thread::scope(|scope| {
        for (number, target) in TARGETS.iter().enumerate() {
            scope.spawn(move || {
                let seeds = seeds(target);
                assert!(!seeds.is_empty(), "{} has no seeds", target.name);
                seeds.iter().for_each(|seed| run(target, seed));
                run(target, b"");
                let mut rng = fastrand::Rng::with_seed(number as u64);
                (0..inputs.unwrap_or(INPUTS)).for_each(|_| run(target, &damaged(&seeds, &mut rng)));
            });
        }
    });
}

#[test]
fn every_folder_of_seeds_belongs_to_a_target() {
    let folders = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds")).expect("a folder");
    for folder in folders {
        let name = folder.expect("an entry").file_name();
        assert!(TARGETS.iter().any(|target| *target.name == *name), "{name:?}");
    }
}
