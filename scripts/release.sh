#!/usr/bin/env bash
# Makes all artefacts of a tag: builds it in two folders, which must give the same bytes, and puts the artefacts into dist/.
#   scripts/release.sh v0.1.0
#   scripts/release.sh HEAD holdfast-azure-function.zip    a trial: any commit, some of the artefacts
# Nothing of the working tree takes part, nor of what was built in it before.
set -euo pipefail
cd "$(dirname "$0")/.."
commit="${1:?a tag}"
folders="$(mktemp -d)"
trap 'rm -rf "$folders"' EXIT

say() { echo "release: $*"; }

for folder in "$folders/one" "$folders/another-folder-with-a-longer-name"; do
    mkdir "$folder"
    git archive "$commit" | tar -x -C "$folder"
    version="$(sed -n 's/^version = "\(.*\)"/\1/p' "$folder/Cargo.toml")"
    if [[ "$commit" == v* && "$commit" != "v$version" ]]; then
        say "the tag is $commit and Cargo.toml says $version" >&2
        exit 1
    fi
    "$folder/scripts/package.sh" "${@:2}"
    rm -rf "$folder/target"
done
if ! diff "$folders"/*/dist/SHA256SUMS >&2; then
    say "FAILED: the same sources gave other bytes" >&2
    exit 1
fi
rm -rf dist
mv "$folders/one/dist" dist
say "$commit is in dist/, built twice with the same bytes: $(wc -l < dist/SHA256SUMS) files"
