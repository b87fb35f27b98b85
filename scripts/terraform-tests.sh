#!/usr/bin/env bash
# Tests terraform/ offline: format, `init`, `validate` and `test` of every module and example, with the schema provider in the place of the
# clouds' providers, then checkov.
#   scripts/terraform-tests.sh                      all of it, with each tool that is there
#   scripts/terraform-tests.sh modules/aws-failover one folder of terraform/, without checkov
#   TOFU=build                                      OpenTofu is built where it is not yet (minutes); else it is built only where
#                                                   there is no `terraform`
#   FILTER=tests/lock.tftest.hcl                    one test file
# It works on a copy, so no lock file and no .terraform is left behind.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
here="$root/scripts"

say() { echo "terraform-tests: $*" >&2; }
# Where CI is set, what cannot be had is a failure.
skip() {
    say "SKIPPED: $*"
    [[ -n "${CI:-}" ]] && exit 1
    exit 0
}

mirror="$("$here/terraform-providers.sh")" || skip "no schema provider"
tools=()
# The modules ask for 1.9; an older one that the machine has is not used.
if command -v terraform > /dev/null; then
    version="$(terraform version -json 2> /dev/null | python3 -c 'import json, sys; print(json.load(sys.stdin)["terraform_version"])')"
    if [[ "$(printf '%s\n' 1.9.0 "$version" | sort -V | head -n 1)" == 1.9.0 ]]; then
        tools+=("$(command -v terraform)")
    else
        say "Terraform $version is older than 1.9 and not used"
    fi
fi
cached="$(ONLY_CACHED=$([[ ${#tools[@]} -gt 0 && "${TOFU:-}" != build ]] && echo 1 || echo "") "$here/tofu.sh")" && tools+=("$cached")
[[ ${#tools[@]} -gt 0 ]] || skip "neither terraform nor tofu"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export TF_CLI_CONFIG_FILE="$work/cli.tfrc" CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0
# Nothing of the caller's own credentials or variables takes part.
for name in $(compgen -e | grep -E '^(AWS_|ARM_|OCI_|TF_VAR_|TF_CLI_ARGS|TF_DATA_DIR|TF_WORKSPACE|TF_LOG)' || true); do unset "$name"; done
cat > "$TF_CLI_CONFIG_FILE" <<CONFIG
provider_installation {
  filesystem_mirror {
    path = "$mirror"
  }
}
CONFIG

# run TOOL FOLDER ARGUMENTS...: quiet when it goes well.
run() {
    local log="$work/log"
    if ! (cd "$2" && "$1" "${@:3}" -no-color) > "$log" 2>&1; then
        sed -n '1,120p' "$log" | cut -c1-4000 >&2
        say "FAILED: $(basename "$1") ${*:3} in ${2#"$work"/*/}"
        return 1
    fi
    # `init` warns that the lock file holds one platform only; it is thrown away.
    if [[ "$3" != init ]] && grep -q '^Warning' "$log"; then
        sed -n '1,60p' "$log" | cut -c1-4000 >&2
        say "FAILED: a warning of $(basename "$1") ${*:3} in ${2#"$work"/*/}"
        return 1
    fi
}

failed=0
if [[ $# -gt 0 ]]; then folders=("$@"); else
    mapfile -t folders < <(cd "$root/terraform" && ls -d modules/*/ examples/*/ | sed 's#/$##')
fi
for tool in "${tools[@]}"; do
    tree="$work/$(basename "$tool")"
    mkdir -p "$tree/tests"
    cp -r "$root/terraform" "$root/infra" "$tree/"
    cp -r "$root/tests/terraform" "$tree/tests/"
    say "with $("$tool" version | head -1)"
    "$tool" fmt -check -recursive -diff "$tree/terraform" "$tree/tests/terraform" >&2 || failed=1
    if [[ $# -eq 0 ]]; then
        faults="$(python3 "$root/tests/terraform/faulty.py" "$tool" "$tree/tests/terraform/faulty")" || { say "FAILED: the schema provider"; failed=1; }
        say "$faults"
        migration="$(python3 "$root/tests/terraform/migration.py" "$tool" "$tree")" || { say "FAILED: the migration"; failed=1; }
        say "$migration"
        imports="$(python3 "$root/tests/terraform/imports.py" "$tool" "$tree")" || { say "FAILED: the imports"; failed=1; }
        say "$imports"
    fi
    for folder in "${folders[@]}"; do
        started=$SECONDS refusals=""
        at="$tree/terraform/$folder"
        # What the schema provider keeps of this folder's resources; a test changes it there.
        export HOLDFAST_WORLD="$work/world-$(basename "$tool")-${folder//\//-}"
        mkdir -p "$HOLDFAST_WORLD"
        # Terraform cannot validate a module on its own that is handed providers: `test` hands them over, and so does an example.
        validate=(run "$tool" "$at" validate)
        grep -qs configuration_aliases "$at"/*.tf && validate=(true)
        { run "$tool" "$at" init && "${validate[@]}" &&
            run "$tool" "$at" test ${FILTER:+-filter="$FILTER"}; } || { failed=1; continue; }
        result="$(grep -E '^(Success|Failure)!' "$work/log" | tail -1)"
        if [[ -f "$at/tests/refusals.tftest.hcl" && -z "${FILTER:-}" ]]; then
            refusals="$(python3 "$root/tests/terraform/refusals.py" "$tool" "$at")" || { say "FAILED: refusals of $folder"; failed=1; }
        fi
        say "$(printf '%-28s %s %s, %d s' "$folder" "$result" "${refusals:-}" $((SECONDS - started)))"
    done
done

if [[ $# -eq 0 && -f "$root/tests/terraform/checkov.yaml" ]]; then
    venv="$("$here/venv.sh" tests/terraform/requirements.txt)" || skip "no checkov"
    started=$SECONDS
    "$venv/bin/checkov" --config-file "$root/tests/terraform/checkov.yaml" --directory "$root/terraform" >&2 || failed=1
    say "checkov, $((SECONDS - started)) s"
fi
exit "$failed"
