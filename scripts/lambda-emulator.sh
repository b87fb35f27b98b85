#!/usr/bin/env bash
# Makes AWS's runtime interface emulator ready for the tests and prints its path, as scripts/go-program.sh does.
set -euo pipefail
exec "$(dirname "$0")/go-program.sh" tests/real/lambda-emulator \
    github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie aws-lambda-rie
