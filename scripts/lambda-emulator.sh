#!/usr/bin/env bash
# Makes AWS's runtime interface emulator ready for the tests and prints its path.
#
# It is built from its published Go module, pinned by tests/real/lambda-emulator, into a cache folder outside the tree.
#   stdout  the path, nothing else
#   stderr  what is done and how long it took
#   ends with 3 when it must be built and there is no Go that can
set -euo pipefail
cd "$(dirname "$0")/../tests/real/lambda-emulator"
export GOTOOLCHAIN=local CGO_ENABLED=0

RECIPE=1 # raise it when the flags below change: it is part of the cache key

key="$({ echo "$RECIPE"; cat go.mod go.sum; } | sha256sum | cut -c1-16)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/lambda-emulator/$key"
mkdir -p "$cache"

say() { echo "lambda-emulator: $*" >&2; }

# One builder at a time; a second one waits and then finds the work done.
exec 9> "$cache.lock"
flock 9

if [[ ! -x "$cache/aws-lambda-rie" ]]; then
    if ! command -v go > /dev/null; then
        say "SKIPPED: it must be built and Go is not installed"
        exit 3
    fi
    if ! reason="$(go list -m 2>&1)"; then
        say "SKIPPED: this Go cannot build it: $reason"
        exit 3
    fi
    started=$SECONDS
    nice -n 10 go build -buildvcs=false -trimpath -ldflags "-s -w" -o "$cache/building" \
        github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie
    mv "$cache/building" "$cache/aws-lambda-rie"
    say "built in $((SECONDS - started)) s"
fi
echo "$cache/aws-lambda-rie"
