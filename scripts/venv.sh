#!/usr/bin/env bash
# Installs tests/real/requirements.txt, or the file that is named, into a virtual environment outside the tree and prints its folder.
# The folder's name is the hash of that file, so a changed file gets a new environment and an unchanged one costs nothing.
#   stdout  the folder, nothing else
#   stderr  what is done and how long it took
#   ends with 3 when there is no Python to make an environment with
set -euo pipefail
requirements="$(cd "$(dirname "$0")/.." && pwd)/${1:-tests/real/requirements.txt}"

say() { echo "venv: $*" >&2; }

if ! python3 -c 'import venv, ensurepip' 2> /dev/null; then
    say "SKIPPED: python3 with its venv module is not installed"
    exit 3
fi
python="$(python3 -c 'import sys; print(".".join(map(str, sys.version_info[:2])))')"
key="$(sha256sum < "$requirements" | cut -c1-16)-py$python"
venv="${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/venv/$key"
mkdir -p "$(dirname "$venv")"

# One installer at a time; a second one waits and then finds the work done.
exec 9> "$venv.lock"
flock 9

# An environment holds its own path in its scripts, so it is built in place; this file says that it was finished.
if [[ ! -f "$venv/finished" ]]; then
    started=$SECONDS
    say "installing $requirements into $venv"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2
    touch "$venv/finished"
    say "installed in $((SECONDS - started)) s, $(du -sh "$venv" | cut -f1)"
fi
echo "$venv"
