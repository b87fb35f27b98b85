#!/usr/bin/env bash
# Installs the real servers and clients of the tests where they are lacking, then runs a command that finds them:
#   scripts/with-real-servers.sh cargo test -p holdfast-tests --test real_moto
# What cannot be installed here is left out: the tests that need it say SKIPPED, and fail when CI=true.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

# install SCRIPT: prints the folder that it prints; empty when it ends with 3, "cannot be had here".
install() {
    local code=0
    "$here/$1" || code=$?
    [[ $code -eq 0 || $code -eq 3 ]]
}

HOLDFAST_CONTROL_PLANE="$(install control-plane.sh)"
HOLDFAST_VENV="$(install venv.sh)"
HOLDFAST_AZURITE="$(install azurite.sh)"
HOLDFAST_LAMBDA_EMULATOR="$(install lambda-emulator.sh)"
export HOLDFAST_CONTROL_PLANE HOLDFAST_VENV HOLDFAST_AZURITE HOLDFAST_LAMBDA_EMULATOR HOLDFAST_REAL=1
exec "$@"
