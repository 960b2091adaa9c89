#!/usr/bin/env bash
# images.sh INSIDE...: packs what pods of the cluster run, once, and hands it to the node's containerd. INSIDE is the
# command that enters the node's namespaces.
set -euo pipefail
# shellcheck source=tests/cluster/node/settings.sh
source "$(dirname "$0")/settings.sh"
toolchain="$cache/toolchain-$(cat "$here/toolchain.sh" "$here/image.sh" | sha256sum | cut -c1-16).tar"

# pack NAME REFERENCE PROGRAM USER: an image of one static program
pack() {
    local archive="$bin/$1.tar" root
    [[ ! -e "$archive" ]] || return 0
    root="$(mktemp -d)"
    mkdir -p "$root/bin" "$root/tmp" "$root/etc"
    chmod 1777 "$root/tmp"
    cp "$bin/$3" "$root/bin/"
    "$here/image.sh" "$archive.part" "$2" "$root" "/bin/$3" "$4"
    rm -rf "$root"
    mv "$archive.part" "$archive"
}
pack pause assay.test/pause:1 pause 65535
for program in workflow-controller argoexec argo; do
    pack "$program" "assay.test/argo/$program:$argo_version" "$program" 8737
done
if [[ ! -e "$toolchain" ]]; then
    say "packing the examples' toolchain (some 3 minutes, once)"
    "$here/toolchain.sh" "$toolchain.part" "$registry/hub/singleuser:2026.1"
    mv "$toolchain.part" "$toolchain"
fi
# quietly COMMAND...: what it says is of use only where it fails
quietly() { "$@" >"$state/log/images" 2>&1 || fail "$(cat "$state/log/images")"; }
ctr=("$@" "$bin/ctr" --address "$state/containerd.sock" --namespace k8s.io)
for archive in "$bin"/{pause,workflow-controller,argoexec,argo}.tar "$toolchain"; do
    quietly "${ctr[@]}" images import "$archive"
done
# The examples' image is also in the registry: publishing pins what a registry says.
quietly "${ctr[@]}" images push --plain-http "$registry/hub/singleuser:2026.1"
