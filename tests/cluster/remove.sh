#!/usr/bin/env bash
# remove.sh: removes what the tests installed in the cluster that KUBECONFIG names: their namespaces, policies and rights.
# Not needed for the cluster of `just cluster-up`, which goes as a whole.
set -euo pipefail
: "${KUBECONFIG:?names no cluster}"
here="$(cd "$(dirname "$0")" && pwd)"
cd "$here/../.."
PATH="$(source "$here/node/settings.sh" && echo "$bin"):$PATH"
for installed in bed faults; do
    overlay="target/cluster-test/$installed"
    [[ -d "$overlay" ]] || continue
    # The policies last: without them nothing holds what still runs.
    kubectl delete --ignore-not-found --timeout=5m -k "$overlay"
    kubectl delete --ignore-not-found --timeout=5m -f "$overlay/admission.yaml"
done
kubectl delete namespaces --selector assay.dev/tests --timeout=5m
kubectl delete customresourcedefinition requests.assay.dev --ignore-not-found --timeout=5m
