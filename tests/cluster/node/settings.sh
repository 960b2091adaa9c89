# What the scripts of this folder agree on; sourced, never run.
# shellcheck shell=bash disable=SC2034

kubernetes_version=v1.35.4
containerd_version=v2.2.0
argo_version=v4.0.7

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
parts="$here/../parts"
cache="${ASSAY_CACHE:-$HOME/.cache/assay}/cluster"
# What the parts are made from decides where they are kept, so that another version never meets old binaries.
key="$(cat "$here/build.sh" "$here/settings.sh" "$parts"/*/go.{mod,sum} "$parts"/*/*.go "$parts"/*/*/*.go | sha256sum | cut -c1-16)"
bin="$cache/$key"

# All that a running cluster writes; gone when it is taken down.
state="${ASSAY_CLUSTER_STATE:-/var/lib/assay-cluster}"
kubeconfig="$state/kubeconfig"

# The cluster lives in a network of its own; this pair of addresses is the only way in.
host_device=assay-cluster
host_address=10.98.0.1
node_address=10.98.0.2
service_address=10.96.0.1
pods_subnet=10.244.0.0/24
# The number by which the kernel and the enforcer of NetworkPolicies know each other.
policies_queue=100
registry="$node_address:5000"

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "error: $*"
    exit 1
}
