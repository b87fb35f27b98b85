#!/usr/bin/env bash
# Prints the target of static executables, and sees to it that it can be built: its standard library is fetched where it
# is lacking, a C compiler for it (aws-lc, the cryptography, is C) has to be there.
set -euo pipefail
target="$(uname -m)-unknown-linux-musl"
libraries="$(rustc --print target-libdir --target "$target")"
[[ -d "$libraries" ]] || rustup target add "$target" >&2
if ! command -v musl-gcc > /dev/null; then
    echo "musl-gcc is missing: the Azure handler is a static executable. On Debian: apt-get install musl-tools" >&2
    exit 1
fi
echo "$target"
