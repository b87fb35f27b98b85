#!/usr/bin/env bash
# Changes the core and the logic of the steps in one place at a time and expects a test to notice; what survives is listed
# with its reason in docs/PROOF.md. Arguments go to cargo-mutants, such as `--file '**/transition.rs'`.
set -euo pipefail
cd "$(dirname "$0")/.."

version=27.1.0
tools="${HOLDFAST_TOOLS:-$PWD/target/tools}"
if [[ "$("$tools/bin/cargo-mutants" mutants --version 2> /dev/null)" != *" $version" ]]; then
    cargo install cargo-mutants --version "$version" --locked --root "$tools"
fi
if [[ $# -eq 0 ]]; then
    set -- --file 'crates/core/**' --file 'crates/kubernetes/src/scale.rs' \
        --file 'crates/logscale/src/steps/*.rs' --file 'crates/logscale/src/tls/judge.rs'
fi
# The text of a log line is no promise, and fakes are tests themselves.
exec nice "$tools/bin/cargo-mutants" mutants --package holdfast-core --package holdfast-kubernetes --package holdfast-logscale \
    --exclude '**/fakes/**' \
    --jobs 1 --minimum-test-timeout 60 --output "${OUTPUT:-target}" "$@" -- --lib
