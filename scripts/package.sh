#!/usr/bin/env bash
# Packs the functions that `make package` has built:
#   scripts/package.sh target/release/bootstrap target/x86_64-unknown-linux-musl/release/handler
# The same executables give the same archives: a fixed date, no owner.
# Fails when an executable needs a newer C library than the runtime has that it is for.
set -euo pipefail
bootstrap="$(realpath "$1")"
handler="$(realpath "$2")"
cd "$(dirname "$0")/.."

# needed EXECUTABLE: the newest C library it asks for; nothing when it is static. The names of the symbol versions stand
# as text in the dynamic string table.
needed() { { grep -aoE 'GLIBC_[0-9]+\.[0-9]+' "$1" || true; } | sort -Vu | tail -n 1; }

# fits EXECUTABLE GLIBC RUNTIME
fits() {
    local needed newest
    needed="$(needed "$1")"
    newest="$(printf '%s\n' "$needed" "GLIBC_$2" | sort -V | tail -n 1)"
    [[ "$newest" == "GLIBC_$2" ]] && return
    echo "package: ${1##*/} needs $needed and $3 has GLIBC_$2; build it on an older system" >&2
    exit 1
}

# pack NAME EXECUTABLE [FOLDER]: the executable, and what is in the folder, at the root of dist/NAME.zip.
pack() {
    local zip="$PWD/dist/$1.zip" staged
    staged="$(mktemp -d)"
    [[ -z "${3:-}" ]] || cp -r "$3/." "$staged"
    find "$staged" -mindepth 1 -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
    install -m 755 "$2" "$staged/"
    find "$staged" -mindepth 1 -exec env TZ=UTC touch -t 198001010000 {} +
    rm -f "$zip"
    (cd "$staged" && find . -mindepth 1 -type f -printf '%P\n' | LC_ALL=C sort | TZ=UTC zip -9 -X -q "$zip" -@)
    rm -r "$staged"
    local libc
    libc="$(needed "$2")"
    echo "package: dist/$1.zip for $(uname -m): $(stat -c %s "$zip" | numfmt --to=iec --suffix=B) zipped," \
        "$(stat -c %s "$2" | numfmt --to=iec --suffix=B) unpacked, needs ${libc:-no C library}"
}

mkdir -p dist
fits "$bootstrap" 2.34 "Amazon Linux 2023" # docs/reference/aws.md#lambda-runtime
fits "$handler" 2.28 "the oldest Functions host" # docs/reference/azure.md#binaries; ours is static
pack holdfast-aws-lambda "$bootstrap"
pack holdfast-azure-function "$handler" infra/azure/function
echo "package: the image for OCI is built by hand, see infra/oci/README.md"
