#!/usr/bin/env bash
# Makes a real Kubernetes control plane, and kubectl of the same version, ready for the tests and prints the folder that holds it.
#
# A binary that KUBEBUILDER_ASSETS holds (the envtest convention) is used from there; the others are taken from a
# cache folder outside the tree, and built into it from published Go modules when it lacks them. The testbed crate
# looks in the same order.
#   stdout  the cache folder, nothing else
#   stderr  what is done and how long it took
#   ends with 3 when something must be built and there is no Go that can
set -euo pipefail
cd "$(dirname "$0")/../tests/real/control-plane"
export GOTOOLCHAIN=local CGO_ENABLED=0

KUBERNETES=(kube-apiserver etcd kube-controller-manager kube-scheduler kubectl)
RECIPE=1 # raise it when the flags below change: it is part of the cache key

key="$({ echo "$RECIPE"; find . \( -name 'go.*' -o -name '*.go' \) -print0 | sort -z | xargs -0 cat; } | sha256sum | cut -c1-16)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/control-plane/$key"
mkdir -p "$cache"

say() { echo "control-plane: $*" >&2; }
# kubectl is always the pinned one: an older client lacks what the tests ask of it.
present() { [[ -e "$cache/$1" || ("$1" != kubectl && -e "${KUBEBUILDER_ASSETS:-/nowhere}/$1") ]]; }

# One builder at a time; a second one waits and then finds the work done.
exec 9> "$cache.lock"
flock 9

missing=()
for name in "${KUBERNETES[@]}"; do present "$name" || missing+=("$name"); done
kwok_missing=false
{ present kwok && present stages; } || kwok_missing=true

if [[ ${#missing[@]} -eq 0 && $kwok_missing == false ]]; then
    say "found in ${KUBEBUILDER_ASSETS:+$KUBEBUILDER_ASSETS and }$cache"
    echo "$cache"
    exit 0
fi
if ! command -v go > /dev/null; then
    say "SKIPPED: ${missing[*]} $($kwok_missing && echo kwok) must be built and Go is not installed"
    exit 3
fi
if ! reason="$(cd kubernetes && go list -m 2>&1)"; then
    say "SKIPPED: this Go cannot build it: $reason"
    exit 3
fi

# Everything is built beside its place and then moved into it, so that a broken build leaves nothing half done.
building="$(mktemp -d "$cache/building.XXXXXX")"
trap 'rm -rf "$building"' EXIT

# build MODULE_FOLDER LDFLAGS PACKAGE...: modules first, so that the two times can be told apart.
build() (
    cd "$1"
    say "downloading the modules of $1"
    go mod download
    say "building ${*:3}"
    started=$SECONDS
    nice -n 10 go build -buildvcs=false -trimpath -ldflags "-s -w $2" -o "$building/" "${@:3}"
    say "built in $((SECONDS - started)) s"
)

if [[ ${#missing[@]} -gt 0 ]]; then
    version="$(cd kubernetes && go list -m -f '{{.Version}}' k8s.io/kubernetes)" # v1.36.3
    IFS=. read -r major minor _ <<< "${version#v}"
    stamp=k8s.io/component-base/version
    build kubernetes "-X $stamp.gitVersion=$version -X $stamp.gitMajor=$major -X $stamp.gitMinor=$minor" \
        "${missing[@]/#/./cmd/}"
fi
if $kwok_missing; then
    build kwok "" sigs.k8s.io/kwok/cmd/kwok
    # What kwok does to nodes and pods is written in YAML that its module carries.
    stages="$(cd kwok && go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage"
    rm -rf "$cache/stages"
    mkdir "$building/stages"
    install -m 644 -t "$building/stages" "$stages"/node/fast/node-initialize.yaml \
        "$stages"/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml "$stages"/pod/fast/pod-{ready,complete,delete}.yaml
fi
mv "$building"/* "$cache/"
rmdir "$building"
say "$(cd "$cache" && du -shL -- * | awk '{ printf "%s%s %s", sep, $2, $1; sep = ", " }')"
echo "$cache"
