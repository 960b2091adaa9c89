#!/usr/bin/env bash
# Builds what a Kubernetes node with Argo consists of, from Go modules, into the cache. Does nothing where that is there.
set -euo pipefail
# shellcheck source=tests/cluster/node/settings.sh
source "$(dirname "$0")/settings.sh"

if [[ -e "$bin/complete" ]]; then
    exit 0
fi
# An older one fetches what a module asks for by itself.
command -v go >/dev/null || fail "the cluster's parts are built from Go modules; install Go 1.21 or newer"
say "building the cluster's parts into $bin (some 20 minutes on two cores, once)"
mkdir -p "$bin"
export CGO_ENABLED=0

# build MODULE FLAGS...: with the module's own checksums, never changing them
build() {
    local module="$1"
    shift
    (cd "$parts/$module" && go build -mod=readonly -trimpath -buildvcs=false -o "$bin/" "$@")
}

version=k8s.io/component-base/version
say "  kubernetes"
build kubernetes -ldflags "-s -w -X $version.gitVersion=$kubernetes_version -X $version.gitMajor=1 -X $version.gitMinor=35" .
for program in kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl; do
    ln -sf kubernetes "$bin/$program"
done
build kubernetes -ldflags "-s -w" ./storage
say "  etcd, containerd"
build node -ldflags "-s -w" ./etcd ./pause
containerd=github.com/containerd/containerd/v2
build node -tags "no_btrfs no_devmapper no_zfs" -ldflags "-s -w -X $containerd/version.Version=$containerd_version" \
    "$containerd/cmd/containerd" "$containerd/cmd/containerd-shim-runc-v2" "$containerd/cmd/ctr"

say "  the enforcer of NetworkPolicies"
build policies -ldflags "-s -w" .

# Archives of modules hold no symbolic links and no built pages, and Argo's sources need one of each.
say "  argo"
source_tree="$(mktemp -d)"
trap 'rm -rf "$source_tree"' EXIT
cp "$parts"/argo/* "$source_tree"
argo=github.com/argoproj/argo-workflows/v4
(
    cd "$source_tree"
    # It reports the missing pages and goes on.
    go mod vendor -e 2>"$bin/vendor.log" || true
    cd "vendor/$argo"
    cp workflow/executor/osspecific/signal_darwin.go workflow/executor/osspecific/signal_linux.go
    mkdir -p ui/dist/app
    echo '<!doctype html><title>Argo Server</title><p>Built without its pages; its API is complete.' >ui/dist/app/index.html
    cd "$source_tree"
    go build -trimpath -buildvcs=false -o "$bin/" \
        -ldflags "-s -w -X $argo.version=$argo_version -X $argo.gitTag=$argo_version -X $argo.gitTreeState=clean" \
        "$argo/cmd/workflow-controller" "$argo/cmd/argoexec" "$argo/cmd/argo"
)
# The manifests that Argo is installed with, as its module has them.
rm -rf "$bin/argo-manifests"
cp -r "$(cd "$parts/argo" && go list -mod=readonly -m -f '{{.Dir}}' "$argo")/manifests" "$bin/argo-manifests"
chmod -R u+w "$bin/argo-manifests"
touch "$bin/complete"
