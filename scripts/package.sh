#!/usr/bin/env bash
# Packs the AWS Lambda function: scripts/package.sh target/release/bootstrap
# Fails when the binary needs a newer C library than the provided.al2023 runtime has.
set -euo pipefail
bootstrap="$(realpath "$1")"
cd "$(dirname "$0")/.."

NEWEST_GLIBC=2.34 # Amazon Linux 2023
zip="$PWD/dist/holdfast-aws-lambda.zip"

# The names of the symbol versions stand as text in the dynamic string table; a static binary has none.
needed="$({ grep -aoE 'GLIBC_[0-9]+\.[0-9]+' "$bootstrap" || true; } | sort -Vu | tail -n 1)"
newest="$(printf '%s\n' "$needed" "GLIBC_$NEWEST_GLIBC" | sort -V | tail -n 1)"
if [[ "$newest" != "GLIBC_$NEWEST_GLIBC" ]]; then
    echo "package: the binary needs $needed and the runtime has GLIBC_$NEWEST_GLIBC; build it on an older system" >&2
    exit 1
fi

mkdir -p dist
rm -f "$zip"
# The same binary gives the same archive: a fixed date, no owner.
staged="$(mktemp -d)"
trap 'rm -rf "$staged"' EXIT
install -m 755 "$bootstrap" "$staged/bootstrap"
TZ=UTC touch -t 198001010000 "$staged/bootstrap"
(cd "$staged" && TZ=UTC zip -9 -X -q "$zip" bootstrap)

echo "package: dist/${zip##*/} for $(uname -m): $(stat -c %s "$zip" | numfmt --to=iec --suffix=B) zipped," \
    "$(stat -c %s "$bootstrap" | numfmt --to=iec --suffix=B) unpacked, needs ${needed:-no C library}"
echo "package: the Azure and OCI functions are not built yet"
