#!/usr/bin/env bash
# Builds and packs what is deployed on each cloud, into dist/:
#   scripts/package.sh                                all of it
#   scripts/package.sh holdfast-azure-function.zip    some of it
# scripts/packaging/pack.py says what there is. The tools are installed into a cache outside the tree: scripts/packaging/*.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
python="$(scripts/venv.sh scripts/packaging/requirements.txt)/bin/python"
"$python" scripts/packaging/pack.py dist "$@"
