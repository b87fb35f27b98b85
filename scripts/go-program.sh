#!/usr/bin/env bash
# Makes a program that is published as a Go module ready and prints its path:
#   scripts/go-program.sh tests/terraform/tofu github.com/opentofu/opentofu/cmd/tofu tofu ["MORE LDFLAGS"]
#   $1  the folder whose go.mod and go.sum pin it, $2  the package, $3  the name of the executable
# It is built once, into a cache folder outside the tree.
#   stdout  the path, nothing else
#   stderr  what is done and how long it took
#   ends with 3 when it must be built and there is no Go that can, or ONLY_CACHED says that it must not
set -euo pipefail
cd "$(dirname "$0")/../$1"
package="$2" name="$3" flags="${4:-}"
export GOTOOLCHAIN=local CGO_ENABLED=0

RECIPE=1 # raise it when the flags below change: it is part of the cache key

key="$({ echo "$RECIPE"; cat go.mod go.sum; } | sha256sum | cut -c1-16)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/$(basename "$1")/$key"
mkdir -p "$cache"

say() { echo "$name: $*" >&2; }

# One builder at a time; a second one waits and then finds the work done.
exec 9> "$cache.lock"
flock 9

if [[ ! -x "$cache/$name" ]]; then
    if [[ -n "${ONLY_CACHED:-}" ]]; then
        say "not built yet, and left so"
        exit 3
    fi
    if ! command -v go > /dev/null; then
        say "SKIPPED: it must be built and Go is not installed"
        exit 3
    fi
    if ! reason="$(go list -m 2>&1)"; then
        say "SKIPPED: this Go cannot build it: $reason"
        exit 3
    fi
    started=$SECONDS
    say "downloading its modules, and building"
    go mod download
    nice -n 10 go build -buildvcs=false -trimpath -ldflags "-s -w $flags" -o "$cache/building" "$package"
    mv "$cache/building" "$cache/$name"
    say "built in $((SECONDS - started)) s"
fi
echo "$cache/$name"
