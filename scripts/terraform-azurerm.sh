#!/usr/bin/env bash
# Validates the Azure modules and examples against the real provider hashicorp/azurerm, offline: no account, nothing is planned.
# The provider is built from its published Go modules, pinned by tests/terraform/azurerm, into a cache folder outside the tree: 8 minutes of
# two cores, once. The tests of `make test-terraform` use a provider of our own, which serves the same schema and knows nothing of what the
# real one refuses beyond it.
#   ends with 3 when it cannot be built here, or there is neither terraform nor tofu
set -euo pipefail
cd "$(dirname "$0")/.."
root="$PWD"
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0

VERSION=5.2.0 # of the commit that go.mod names; tests/terraform/provider/schemas/README.md

say() { echo "azurerm: $*" >&2; }

tool="$(command -v terraform || command -v tofu || true)"
if [[ -z "$tool" ]]; then
    say "SKIPPED: it takes terraform or tofu"
    exit 3
fi
say "the provider, built once in 8 minutes of two cores"
provider="$(scripts/go-program.sh tests/terraform/azurerm github.com/hashicorp/terraform-provider-azurerm provider)"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# The mirror of the tests, with the real provider in the place of ours.
cp -r "$(scripts/terraform-providers.sh)" "$work/mirror"
for registry in registry.terraform.io registry.opentofu.org; do
    place="$work/mirror/$registry/hashicorp/azurerm/$VERSION/$(go env GOOS)_$(go env GOARCH)"
    rm "$place"/*
    cp "$provider" "$place/terraform-provider-azurerm_v$VERSION"
done
printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$work/mirror" > "$work/cli.tfrc"
export TF_CLI_CONFIG_FILE="$work/cli.tfrc"
cp -r "$root/terraform" "$root/infra" "$work/"
# The tests of the modules name folders outside; nothing is tested here.
rm -rf "$work"/terraform/modules/*/tests "$work"/terraform/examples/*/tests
for folder in modules/azure-failover modules/azure-global-dns examples/azure-pair; do
    "$tool" -chdir="$work/terraform/$folder" init -no-color > "$work/log" || { cat "$work/log" >&2; exit 1; }
    say "$folder: $("$tool" -chdir="$work/terraform/$folder" validate -no-color | tr '\n' ' ')"
done
