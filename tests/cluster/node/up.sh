#!/usr/bin/env bash
# Brings up a Kubernetes of one node with Argo Workflows and a registry, and prints how to reach it.
#
# Everything runs in namespaces of its own (network, mounts, processes) and keeps its files in one folder, so that taking it
# down leaves nothing. It needs root, because kubelets do. Does nothing where it runs already.
set -euo pipefail
# shellcheck source=tests/cluster/node/settings.sh
source "$(dirname "$0")/settings.sh"
# shellcheck source=tests/cluster/node/fixed.sh
source "$here/fixed.sh"
[[ "$(id -u)" == 0 ]] || fail "a kubelet needs root; run this as root, or name another cluster in KUBECONFIG"

declare -A package_of=([runc]=runc [/usr/lib/cni/bridge]=containernetworking-plugins [docker-registry]=docker-registry
    [iptables]=iptables [ip]=iproute2 [openssl]=openssl [debootstrap]=debootstrap [unshare]=util-linux)
missing=()
for program in "${!package_of[@]}"; do
    command -v "$program" >/dev/null || missing+=("${package_of[$program]}")
done
if ((${#missing[@]})); then
    say "installing ${missing[*]}"
    apt-get update -q >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
    # Debian starts a registry of its own with the package, on a port that somebody may need.
    [[ " ${missing[*]} " != *" docker-registry "* ]] || systemctl disable --now docker-registry >/dev/null 2>&1 || true
fi
# Otherwise what goes from pod to pod passes NetworkPolicies by, where the kernel has this as a module.
modprobe br_netfilter 2>/dev/null || true

# One at a time; whoever comes second finds it ready. The cluster's own processes must not inherit the lock.
mkdir -p "$cache"
exec 9>"$cache/up.lock"
flock 9
"$here/build.sh"
export PATH="$bin:$PATH"
export KUBECONFIG="$kubeconfig"
# What it was made of, beside its parts: another checkout's tests would meet other settings.
made_of="$key $(cat "$here"/*.sh "$here"/{argo,config}/* "$here"/../../../argo/{controller,links}/* | sha256sum | cut -c1-16)"
if [[ -e "$state/ready" ]] && kubectl get --raw /readyz >/dev/null 2>&1; then
    [[ "$(cat "$state/ready")" == "$made_of" ]] ||
        fail "the cluster that runs was made with other settings than these; take it down first: just cluster-down"
    echo "$kubeconfig"
    exit 0
fi
"$here/down.sh"

mkdir -p "$state"
# Images, claims and what pods write; a kubelet without room evicts pods, and no test would say why.
free="$(df --output=avail --block-size=1M "$state" | tail -1)"
((free >= 5000)) || fail "the cluster's files take up to 5 GB, and ${free// /} MB are free at $state; make room there, or name another folder in ASSAY_CLUSTER_STATE"
mkdir -p "$state"/{cni,claims,fixed,log,pod-logs,registries/"$registry"}
chmod 711 "$state"
for folder in "${fixed[@]}"; do
    mkdir -p "/$folder" "$state/fixed/${folder//\//+}"
done
for file in kubelet.yaml containerd.toml registry.yaml; do
    sed -e "s,STATE,$state,g" -e "s,REGISTRY,$registry,g" "$here/config/$file" >"$state/$file"
done
sed -e "s,STATE,$state,g" -e "s,PODS,$pods_subnet,g" "$here/config/cni.conflist" >"$state/cni/10-pods.conflist"
echo "server = \"http://$registry\"" >"$state/registries/$registry/hosts.toml"
"$here/pki.sh" "$state/pki"
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
    echo "/proc/sys/$setting $(cat "/proc/sys/$setting")"
done >"$state/kernel-settings"

say "starting the cluster"
setsid unshare --net --mount --propagation private --pid --fork --kill-child --mount-proc \
    bash "$here/init.sh" >"$state/log/init" 2>&1 </dev/null 9>&- &
unshare_pid=$!
for _ in $(seq 100); do
    init="$(cat "/proc/$unshare_pid/task/$unshare_pid/children" 2>/dev/null || true)"
    [[ -z "$init" ]] || break
    sleep 0.05
done
[[ -n "$init" ]] || fail "no namespaces; see $state/log/init"
echo "${init// /}" >"$state/init.pid"
ip link add "$host_device" type veth peer name node netns "${init// /}"
ip address add "$host_address/30" dev "$host_device"
ip link set "$host_device" up

# patiently COMMAND...: until it succeeds, for two minutes; then shows why it does not
patiently() {
    for _ in $(seq 240); do
        if "$@" >/dev/null 2>&1; then return; fi
        [[ -e "/proc/${init// /}" ]] || fail "the cluster ended; see $state/log"
        sleep 0.5
    done
    "$@" >&2 || fail "not within two minutes: $*; see $state/log"
}

patiently kubectl get --raw /readyz
"$here/images.sh" nsenter --target "${init// /}" --all --
patiently kubectl wait --for=condition=Ready node/assay --timeout=1s
kubectl apply -f "$here/config/storage.yaml" >/dev/null
say "installing Argo Workflows $argo_version"
cp -r "$here/argo" "$bin/argo-manifests" "$state/"
mv "$state/argo-manifests" "$state/argo/"
cp -r "$here"/../../../argo/{controller,links} "$state/argo/"
sed -i "s/VERSION/$argo_version/" "$state/argo/kustomization.yaml"
kubectl apply --server-side -k "$bin/argo-manifests/base/crds/full" >/dev/null
kubectl apply --server-side -k "$state/argo" >/dev/null
patiently kubectl --namespace argo rollout status deployment/workflow-controller deployment/argo-server --timeout=1s
echo "$made_of" >"$state/ready"
say "ready"
echo "$kubeconfig"
