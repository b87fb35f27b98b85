#!/usr/bin/env bash
# Builds the schema provider of tests/terraform/provider and prints a folder that `terraform` and `tofu` take as a filesystem mirror:
# hashicorp/aws, hashicorp/azurerm and oracle/oci, each in the version whose schema it serves. So `init` and version constraints work
# as they do for a user, without a network.
#   stdout  the mirror's folder, nothing else
#   stderr  what is done and how long it took
#   ends with 3 when it must be built and there is no Go that can
set -euo pipefail
cd "$(dirname "$0")/../tests/terraform/provider"
export GOTOOLCHAIN=local CGO_ENABLED=0

RECIPE=1 # raise it when what follows changes: it is part of the cache key
PROVIDERS=(hashicorp/aws/6.62.0 hashicorp/azurerm/5.2.0 oracle/oci/8.28.0) # as schemas/README.md says
REGISTRIES=(registry.terraform.io registry.opentofu.org)

key="$({ echo "$RECIPE"; cat go.mod go.sum ./*.go schemas/*.json; } | sha256sum | cut -c1-16)"
mirror="${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/terraform-providers/$key"
mkdir -p "$(dirname "$mirror")"

say() { echo "providers: $*" >&2; }

# One builder at a time; a second one waits and then finds the work done.
exec 9> "$mirror.lock"
flock 9

if [[ ! -d "$mirror" ]]; then
    if ! command -v go > /dev/null || ! go list -m > /dev/null 2>&1; then
        say "SKIPPED: the schema provider must be built and there is no Go that can"
        exit 3
    fi
    started=$SECONDS
    building="$(mktemp -d "$mirror.XXXXXX")"
    trap 'rm -rf "$building"' EXIT
    nice -n 10 go build -buildvcs=false -trimpath -ldflags "-s -w" -o "$building/provider" .
    for provider in "${PROVIDERS[@]}"; do
        IFS=/ read -r _ name version <<< "$provider"
        for registry in "${REGISTRIES[@]}"; do
            place="$building/$registry/$provider/$(go env GOOS)_$(go env GOARCH)"
            mkdir -p "$place"
            ln "$building/provider" "$place/terraform-provider-${name}_v$version"
        done
    done
    rm "$building/provider"
    chmod 755 "$building"
    mv "$building" "$mirror"
    say "built in $((SECONDS - started)) s"
fi
echo "$mirror"
