#!/usr/bin/env bash
# Builds and packs what is deployed on each cloud:
#   scripts/package.sh                 into dist/
#   scripts/package.sh --twice         the same, and the commit once more in another folder: the bytes must be the same
# scripts/packaging/pack.py says what is made. Tools are installed into a cache outside the tree: scripts/packaging/*.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
root="$PWD"

# pack TREE: packs a tree into its dist/.
pack() (cd "$1" && "$(scripts/venv.sh scripts/packaging/requirements.txt)/bin/python" scripts/packaging/pack.py dist)

if [[ "${1:-}" == --twice && -n "$(git status --porcelain --untracked-files=no)" ]]; then
    echo "package: a commit is built twice, and here are changes that are in none" >&2
    exit 1
fi
pack "$root"
[[ "${1:-}" == --twice ]] || exit 0

elsewhere="$(mktemp -d)"
trap 'rm -rf "$elsewhere"' EXIT
other="$elsewhere/another-folder-with-a-longer-name"
mkdir "$other"
git archive HEAD | tar -x -C "$other"
pack "$other"
if ! diff "$root/dist/SHA256SUMS" "$other/dist/SHA256SUMS" >&2; then
    echo "package: FAILED: the same sources gave other bytes" >&2
    exit 1
fi
echo "package: built twice, the same bytes: $(wc -l < dist/SHA256SUMS) files"
