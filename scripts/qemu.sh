#!/usr/bin/env bash
# Makes qemu's user emulation of arm64 ready, with Debian's C library for it, and prints a program that runs an arm64 executable:
#   "$(scripts/qemu.sh)" dist/bootstrap
# Both are taken from the machine's Debian packages into a cache folder, without installing them. They are of the machine's release and
# not pinned: they are no part of what is shipped.
#   stdout  the program, nothing else
#   stderr  what is done
#   ends with 3 when it cannot be had here
set -euo pipefail
folder="${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/qemu"
mkdir -p "$folder"

say() { echo "qemu: $*" >&2; }

# One installer at a time; a second one waits and then finds the work done.
exec 9> "$folder.lock"
flock 9

if [[ ! -x "$folder/run-arm64" ]]; then
    if ! command -v apt-get > /dev/null || ! command -v dpkg > /dev/null; then
        say "SKIPPED: it is taken from Debian's packages, and this is no Debian"
        exit 3
    fi
    building="$(mktemp -d "$folder.XXXXXX")"
    trap 'rm -rf "$building"' EXIT
    say "fetching qemu-user-static and libc6-arm64-cross"
    if ! (cd "$building" && apt-get download qemu-user-static libc6-arm64-cross > log 2>&1); then
        cat "$building/log" >&2
        say "SKIPPED: apt-get cannot fetch them; apt-get update may help"
        exit 3
    fi
    for package in "$building"/*.deb; do dpkg -x "$package" "$building/root"; done
    rm -rf "$folder/root"
    mv "$building/root" "$folder/root"
    printf '#!/bin/sh\nexec "%s" -L "%s" "$@"\n' "$folder/root/usr/bin/qemu-aarch64-static" "$folder/root/usr/aarch64-linux-gnu" \
        > "$building/run-arm64"
    chmod +x "$building/run-arm64"
    mv "$building/run-arm64" "$folder/run-arm64"
fi
echo "$folder/run-arm64"
