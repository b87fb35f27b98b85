//! One target of `tests/hostile` under libFuzzer: the one that `HOLDFAST_FUZZ` names.

#![no_main]

use std::sync::LazyLock;

use holdfast_hostile::Target;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("HOLDFAST_FUZZ").unwrap_or_default();
    holdfast_hostile::TARGETS
        .iter()
        .find(|target| target.name == name)
        .expect("HOLDFAST_FUZZ names a target of tests/hostile")
});

fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));
