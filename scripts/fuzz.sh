#!/usr/bin/env bash
# Runs the targets of tests/hostile under libFuzzer for TIME seconds each (60), all of them or those that are named.
# Coverage needs no nightly compiler: the flags below are what cargo-fuzz passes, without its sanitizers. They are given
# to our own crates only (code of others that is generic is compiled into ours), so everything else is built once for
# tests and fuzzing. What is found is kept in target/fuzz/NAME; an input that broke a promise, in target/fuzz/found.
set -euo pipefail

if [[ "${HOLDFAST_FUZZ_RUSTC:-}" ]]; then # we are cargo's wrapper: $1 is rustc
    case " $* " in
    *" --crate-name holdfast_"* | *" --crate-name fuzz "*)
        exec "$@" --cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 -Copt-level=1 \
            -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
            -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
        ;;
    *) exec "$@" ;;
    esac
fi

cd "$(dirname "$0")/.."

target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
time="${TIME:-60}"
HOLDFAST_FUZZ_RUSTC=yes RUSTC_WRAPPER="$PWD/scripts/fuzz.sh" CARGO_TARGET_DIR="$target" \
    cargo build --locked --quiet --manifest-path fuzz/Cargo.toml

names=("$@")
if [[ ${#names[@]} -eq 0 ]]; then
    mapfile -t names < <(ls tests/hostile/seeds)
fi
broken=0
mkdir -p "$target/fuzz/found"
for name in "${names[@]}"; do
    corpus=("$target/fuzz/$name" "tests/hostile/seeds/$name")
    case "$name" in
    event) corpus+=(functions/aws-lambda/fixtures) ;;
    azure-event) corpus+=(functions/azure-function/fixtures) ;;
    esac
    mkdir -p "$target/fuzz/$name"
    log="$target/fuzz/$name.log"
    status=0
    HOLDFAST_FUZZ="$name" "$target/debug/fuzz" -max_total_time="$time" -max_len=16384 -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$target/fuzz/found/$name-" "${corpus[@]}" > "$log" 2>&1 || status=$?
    runs="$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    edges="$(grep -o ' cov: [0-9]*' "$log" | tail -1 | grep -o '[0-9]*' || echo 0)"
    # Crates that were built without this script are not instrumented: the fuzzer would be blind.
    ((edges > 10)) || { echo "$name: no coverage; touch crates/*/src/lib.rs and run again" && status=1; }
    echo "$name: ${runs:-0} runs, $edges places reached, $([[ $status == 0 ]] && echo "no promise broken" || echo "BROKEN, see $log")"
    [[ $status == 0 ]] || broken=1
done
exit "$broken"
