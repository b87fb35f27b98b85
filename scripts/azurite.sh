#!/usr/bin/env bash
# Installs what tests/real/azurite pins into a folder outside the tree and prints that folder.
# The folder's name is the hash of the lock file, so a changed file gets a new folder and an unchanged one costs nothing.
#   stdout  the folder, nothing else
#   stderr  what is done and how long it took
#   ends with 3 when there is no Node.js that can run it
set -euo pipefail
pins="$(cd "$(dirname "$0")/.." && pwd)/tests/real/azurite"

say() { echo "azurite: $*" >&2; }

# Azurite 3.37 asks for Node.js 22; that it runs on 20 was seen.
node="$(node -p 'process.versions.node.split(".")[0]' 2> /dev/null || echo 0)"
if [[ $node -lt 20 ]] || ! command -v npm > /dev/null; then
    say "SKIPPED: Node.js 20 or newer with npm is not installed"
    exit 3
fi
folder="${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/azurite/$(sha256sum < "$pins/package-lock.json" | cut -c1-16)-node$node"
mkdir -p "$(dirname "$folder")"

# One installer at a time; a second one waits and then finds the work done.
exec 9> "$folder.lock"
flock 9

# Installed beside its place and then moved into it, so that a broken install leaves nothing half done.
if [[ ! -d "$folder" ]]; then
    started=$SECONDS
    say "installing $pins into $folder"
    building="$(mktemp -d "$folder.XXXXXX")"
    trap 'rm -rf "$building"' EXIT
    cp "$pins"/{package.json,package-lock.json,.npmrc} "$building/"
    (cd "$building" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
    mv "$building" "$folder"
    say "installed in $((SECONDS - started)) s, $(du -sh "$folder" | cut -f1)"
fi
echo "$folder"
