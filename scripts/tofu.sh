#!/usr/bin/env bash
# Makes OpenTofu ready for the tests of terraform/ and prints its path, as scripts/go-program.sh does. The build takes up to 13 minutes
# of one core, once. With ONLY_CACHED=1 it ends with 3 where it is not built yet.
set -euo pipefail
exec "$(dirname "$0")/go-program.sh" tests/terraform/tofu \
    github.com/opentofu/opentofu/cmd/tofu tofu "-X github.com/opentofu/opentofu/version.dev=no"
