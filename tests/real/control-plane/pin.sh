#!/usr/bin/env bash
# Writes the two go.mod files anew from the versions below, then go.sum by `go mod tidy`.
# Run by a person who moves a version; the build never runs it.
#
# Kubernetes' own go.mod names its staging modules at v0.0.0 and replaces them by folders of its repository, which
# a published module cannot carry. Hence one replace line for each, read from there, at the v0 release of the same day.
set -euo pipefail
cd "$(dirname "$0")"

KUBERNETES=1.36.3
ETCD=3.6.8
KWOK=0.8.0
STAGING="v0.${KUBERNETES#1.}"

main_mod="$(go mod download -json "k8s.io/kubernetes@v$KUBERNETES" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')"
go_version="$(awk '$1 == "go" { print $2; exit }' "$main_mod")"

cat > kubernetes/go.mod <<MOD
// Written by pin.sh.
module holdfast/tests/control-plane/kubernetes

go $go_version

require (
	go.etcd.io/etcd/server/v3 v$ETCD
	k8s.io/component-base $STAGING
	k8s.io/kubectl $STAGING
	k8s.io/kubernetes v$KUBERNETES
)

replace (
$(awk -v v="$STAGING" '$2 == "v0.0.0" { print "\t" $1 " => " $1 " " v }' "$main_mod" | sort -u)
)
MOD

# A module of its own: kwok asks for other releases of the same Kubernetes libraries.
cat > kwok/go.mod <<MOD
// Written by pin.sh.
module holdfast/tests/control-plane/kwok

go $go_version

require sigs.k8s.io/kwok v$KWOK

tool sigs.k8s.io/kwok/cmd/kwok
MOD

(cd kubernetes && go mod tidy)
(cd kwok && go mod tidy)
