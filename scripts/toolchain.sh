#!/usr/bin/env bash
# Prints the Rust toolchain to use, for RUSTUP_TOOLCHAIN: the pinned one, installed first when it can be had, else the
# installed stable one, with a warning. A machine without rustup has only one toolchain, and ignores the answer.
set -euo pipefail
cd "$(dirname "$0")/.."

pinned="$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)"
usable() { rustup run "$1" cargo --version > /dev/null 2>&1; }

if [[ -n "${RUSTUP_TOOLCHAIN:-}" ]]; then
    echo "$RUSTUP_TOOLCHAIN"
elif ! command -v rustup > /dev/null || usable "$pinned" \
    || { [[ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ]] && timeout 300 rustup toolchain install "$pinned" \
        --profile minimal --component rustfmt --component clippy > /dev/null 2>&1; }; then
    echo "$pinned"
else
    echo "toolchain: warning: Rust $pinned is not installed and cannot be fetched; using stable" >&2
    echo stable
fi
