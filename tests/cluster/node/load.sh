#!/usr/bin/env bash
# load.sh ARCHIVE: hands an image to the node, without a registry.
set -euo pipefail
# shellcheck source=tests/cluster/node/settings.sh
source "$(dirname "$0")/settings.sh"
[[ -e "$state/init.pid" ]] || fail "there is no cluster; \`just cluster-up\` brings one up"
archive="$(realpath "$1")"
nsenter --target "$(cat "$state/init.pid")" --all -- \
    "$bin/ctr" --address "$state/containerd.sock" --namespace k8s.io images import "$archive"
