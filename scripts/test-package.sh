#!/usr/bin/env bash
# Runs what `make package` has put into dist/: the functions of AWS under AWS's own emulator of Lambda, that for arm64 on an emulated
# processor, and a failover on the simulated clouds by each function for x86_64.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ "$(uname -m)" == x86_64 ]] || { echo "test-package: SKIPPED: the packages for x86_64 do not run here" >&2; exit 3; }
unpacked="$(mktemp -d)"
trap 'rm -rf "$unpacked"' EXIT
(cd dist && sha256sum --check --quiet SHA256SUMS)
"$(scripts/venv.sh scripts/packaging/requirements.txt)/bin/python" scripts/packaging/unpack.py dist "$unpacked"

arm64="$(scripts/qemu.sh)"
printf '#!/bin/sh\nexec "%s" "%s"\n' "$arm64" "$unpacked/holdfast-aws-lambda-arm64/bootstrap" > "$unpacked/bootstrap-arm64"
chmod +x "$unpacked/bootstrap-arm64"

HOLDFAST_LAMBDA_EMULATOR="$(scripts/lambda-emulator.sh)"
export HOLDFAST_LAMBDA_EMULATOR HOLDFAST_REAL=1 CI=true
for bootstrap in "$unpacked/holdfast-aws-lambda-x86_64/bootstrap" "$unpacked/bootstrap-arm64"; do
    echo "test-package: ${bootstrap#"$unpacked/"} under AWS's emulator"
    HOLDFAST_BOOTSTRAP="$bootstrap" cargo test --locked -p holdfast-tests --test real_lambda
done

# The scenario that is run when none is named.
for program in aws:holdfast-aws-lambda-x86_64/bootstrap azure:holdfast-azure-function/handler oci:holdfast-oci-function/function; do
    echo "test-package: ${program#*:} in a drill"
    cargo run --quiet --locked -p holdfast -- drill --cloud "${program%%:*}" --bootstrap "$unpacked/${program#*:}"
done
