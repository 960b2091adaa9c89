#!/usr/bin/env bash
# The first process of the cluster's own namespaces: starts everything and ends when anything ends. When it is killed, the
# kernel removes processes, mounts and networks with it.
set -euo pipefail
# shellcheck source=tests/cluster/node/settings.sh
source "$(dirname "$0")/settings.sh"
export PATH="$bin:$PATH"

# Mounts of containers travel between the kubelet and containerd, and no further.
mount --make-rshared /
# Sockets and network namespaces of containerd have fixed places there, which must not outlive it.
mount -t tmpfs run /run
# So have some things of containerd, the kubelet and the network plugins; up.sh made the folders, down.sh removes them.
for folder in "$state"/fixed/*; do
    mount --bind "$folder" "/$(basename "$folder" | tr + /)"
done
ip link set lo up
ip address add "$service_address/32" dev lo
# The other end of the pair is put here from outside, when this process is there to be named.
until ip link show node >/dev/null 2>&1; do sleep 0.05; done
ip address add "$node_address/30" dev node
ip link set node up
ip route add default via "$host_address"
echo 1 >/proc/sys/net/ipv4/ip_forward
for setting in /proc/sys/net/bridge/bridge-nf-call-{iptables,ip6tables}; do
    [[ ! -e "$setting" ]] || echo 1 >"$setting"
done
"$here/policies.sh"

# start NAME COMMAND...
start() {
    local name="$1"
    shift
    "$@" >>"$state/log/$name" 2>&1 &
}
# until_true COMMAND...: for a minute
until_true() {
    for _ in $(seq 600); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    fail "not ready within a minute: $*"
}

# A quarter of the API server's time went into collecting garbage, of which there is room for more: Go collects less often.
export GOGC=400
pki="$state/pki"
start registry docker-registry serve "$state/registry.yaml"
start containerd containerd --config "$state/containerd.toml"
start etcd etcd --data-dir "$state/etcd" --listen-client-urls http://127.0.0.1:2379 \
    --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 --unsafe-no-fsync
start apiserver kube-apiserver \
    --etcd-servers=http://127.0.0.1:2379 \
    --secure-port=443 --bind-address=0.0.0.0 --advertise-address="$service_address" --endpoint-reconciler-type=none \
    --service-cluster-ip-range=10.96.0.0/16 --allow-privileged --anonymous-auth=false \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
    --kubelet-preferred-address-types=InternalIP --kubelet-client-certificate="$pki/apiserver-kubelet.crt" --kubelet-client-key="$pki/apiserver-kubelet.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$pki/service-accounts.key" \
    --service-account-signing-key-file="$pki/service-accounts.key" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction
until_true kubectl --kubeconfig "$kubeconfig" get --raw /readyz
start controller-manager kube-controller-manager --kubeconfig="$pki/controller-manager.kubeconfig" \
    --service-account-private-key-file="$pki/service-accounts.key" --root-ca-file="$pki/ca.crt" \
    --use-service-account-credentials --leader-elect=false
start scheduler kube-scheduler --kubeconfig="$pki/scheduler.kubeconfig" --leader-elect=false
start storage storage --kubeconfig "$kubeconfig" --root "$state/claims"
until_true ctr --address "$state/containerd.sock" version
# Before the first pod: it learns addresses from containerd as pods get them.
start policies policies --kubeconfig "$kubeconfig" --node assay --pods "$pods_subnet" --queue "$policies_queue"
start kubelet kubelet --config="$state/kubelet.yaml" --kubeconfig="$pki/kubelet.kubeconfig" --root-dir="$state/kubelet" \
    --cert-dir="$state/kubelet-pki" --hostname-override=assay --node-ip="$node_address"

# Orphans of containers become children of this process too, so only the parts count.
parts=$(jobs -p)
while sleep 1; do
    for part in $parts; do
        kill -0 "$part" 2>/dev/null || fail "a part of the cluster ended; see $state/log"
    done
done
