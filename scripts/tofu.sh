#!/usr/bin/env bash
# Makes OpenTofu ready for the tests of terraform/ and prints the folder that holds `tofu`.
#
# It is built from published Go modules, pinned by tests/terraform/tofu, into a cache folder outside the tree. The build takes up to
# 13 minutes of one core, once.
#   stdout  the cache folder, nothing else
#   stderr  what is done and how long it took
#   ends with 3 when it must be built and there is no Go that can, or TOFU_ONLY_CACHED says that it must not
set -euo pipefail
cd "$(dirname "$0")/../tests/terraform/tofu"
export GOTOOLCHAIN=local CGO_ENABLED=0

RECIPE=1 # raise it when the flags below change: it is part of the cache key

key="$({ echo "$RECIPE"; cat go.mod go.sum; } | sha256sum | cut -c1-16)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/tofu/$key"
mkdir -p "$cache"

say() { echo "tofu: $*" >&2; }

# One builder at a time; a second one waits and then finds the work done.
exec 9> "$cache.lock"
flock 9

if [[ ! -x "$cache/tofu" ]]; then
    if [[ -n "${TOFU_ONLY_CACHED:-}" ]]; then
        say "not built yet, and left so"
        exit 3
    fi
    if ! command -v go > /dev/null; then
        say "SKIPPED: tofu must be built and Go is not installed"
        exit 3
    fi
    if ! reason="$(go list -m 2>&1)"; then
        say "SKIPPED: this Go cannot build it: $reason"
        exit 3
    fi
    say "downloading its modules"
    go mod download
    say "building (up to 13 minutes of one core)"
    started=$SECONDS
    nice -n 10 go build -buildvcs=false -trimpath -ldflags "-s -w -X github.com/opentofu/opentofu/version.dev=no" \
        -o "$cache/tofu.new" github.com/opentofu/opentofu/cmd/tofu
    mv "$cache/tofu.new" "$cache/tofu"
    say "built in $((SECONDS - started)) s"
fi
echo "$cache"
