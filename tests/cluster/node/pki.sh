#!/usr/bin/env bash
# pki.sh FOLDER: the cluster's certificates and a kubeconfig for each of its parts.
set -euo pipefail
# shellcheck source=tests/cluster/node/settings.sh
source "$(dirname "$0")/settings.sh"
folder="$1"
mkdir -p "$folder"
cd "$folder"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=assay-cluster \
    -keyout ca.key -out ca.crt 2>/dev/null

# certificate NAME SUBJECT [EXTENSION]
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" \
        -extfile <(printf '%s\n' "${3:-extendedKeyUsage=clientAuth}") 2>/dev/null
}
certificate apiserver /CN=kube-apiserver \
    "subjectAltName=IP:$service_address,IP:$node_address,IP:127.0.0.1,DNS:kubernetes.default.svc"
certificate apiserver-kubelet /O=system:masters/CN=apiserver-kubelet
certificate admin /O=system:masters/CN=admin
certificate controller-manager /CN=system:kube-controller-manager
certificate scheduler /CN=system:kube-scheduler
certificate kubelet /O=system:nodes/CN=system:node:assay
openssl genrsa -out service-accounts.key 2048 2>/dev/null

# config NAME ADDRESS: who NAME is, reaching the API server at ADDRESS
config() {
    cat <<YAML
apiVersion: v1
kind: Config
current-context: assay-cluster
contexts: [{name: assay-cluster, context: {cluster: assay-cluster, user: $1}}]
clusters:
  - name: assay-cluster
    cluster: {server: "https://$2", certificate-authority-data: $(base64 -w0 ca.crt)}
users:
  - name: $1
    user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}
YAML
}
for part in controller-manager scheduler kubelet; do
    config "$part" 127.0.0.1 >"$part.kubeconfig"
done
config admin "$node_address" >"$kubeconfig"
