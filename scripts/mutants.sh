#!/usr/bin/env bash
# Changes the code of crates/core in one place at a time and expects a test to notice; what survives is listed with its
# reason in docs/PROOF.md. Arguments go to cargo-mutants, such as `--file '**/transition.rs'`.
set -euo pipefail
cd "$(dirname "$0")/.."

version=27.1.0
tools="${HOLDFAST_TOOLS:-$PWD/target/tools}"
if [[ "$("$tools/bin/cargo-mutants" mutants --version 2> /dev/null)" != *" $version" ]]; then
    cargo install cargo-mutants --version "$version" --locked --root "$tools"
fi
# The text of a log line is no promise, and fakes are tests themselves.
exec nice "$tools/bin/cargo-mutants" mutants --package holdfast-core --exclude '**/fakes/**' \
    --jobs 1 --minimum-test-timeout 60 --output "${OUTPUT:-target}" "$@" -- --lib
