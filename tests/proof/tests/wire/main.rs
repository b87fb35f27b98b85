//! Every effect of the shipped function in every way, over the wire of the simulated AWS.
//!
//! The executable must be there: `cargo build -p holdfast-aws-lambda` (`make test` does it).

#![allow(clippy::print_stdout, reason = "a test tells its figures")]

mod stand;

use std::{path::PathBuf, sync::Arc};

use holdfast_proof::ways::{Way, prove, undisturbed};
use stand::Wire;
use tokio::{sync::Semaphore, task::JoinSet};

/// Worlds at once: each is mostly waiting.
const AT_ONCE: usize = 5;

/// Ways that a wire can show. `FailsAfter` is not among them: the simulator has no call that takes effect and answers
/// 5xx, and to the client it is the same as an answer that is lost.
const WAYS: [Way; 8] = [
    Way::FailsBefore,
    Way::KilledBefore,
    Way::KilledAfter,
    Way::AnswerLost,
    Way::RunsTwice,
    Way::Conflict,
    Way::Refused,
    Way::Hangs,
];

/// Beside this test's own executable, one folder up.
fn bootstrap() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let path =
        test.parent().and_then(|folder| folder.parent()).expect("a test lies in target/PROFILE/deps").join("bootstrap");
    assert!(path.exists(), "{} is missing: cargo build -p holdfast-aws-lambda", path.display());
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn every_effect_of_the_shipped_function_may_meet_every_way() {
    let bootstrap = bootstrap();
    let expected = undisturbed(&Wire::fresh(&bootstrap, 0).await).await.expect("undisturbed it succeeds");
    assert!(!expected.effects.is_empty());
    let (expected, gate) = (Arc::new(expected), Arc::new(Semaphore::new(AT_ONCE)));
    let mut cases = JoinSet::new();
    for (number, step) in expected.effects.iter().cloned().enumerate() {
        for (index, way) in WAYS.into_iter().enumerate() {
            let (bootstrap, expected, gate, step) = (bootstrap.clone(), expected.clone(), gate.clone(), step.clone());
            cases.spawn(async move {
                let _turn = gate.acquire().await.expect("nobody closes it");
                let wire = Wire::fresh(&bootstrap, (number * 100 + index) as u64).await;
                let proven = prove(&wire, &step, way, &expected).await;
                proven.map_err(|why| format!("{step}, {way:?}: {why}; {}", wire.story()))
            });
        }
    }
    let results = cases.join_all().await;
    let broken: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    println!("{} effects x {} ways = {} cases", expected.effects.len(), WAYS.len(), results.len());
    assert!(broken.is_empty(), "{broken:#?}");
}
