#!/usr/bin/env bash
# What a job costs whose stages have nothing to do, in the cluster of `just cluster-up`: by Assay, by hand on an Argo with
# its own defaults, and as five bare pods one after another. They run in turn, ROUNDS times, so that a slow moment meets all;
# medians and ratios are printed. Fails nothing.
set -euo pipefail
bench="$(cd "$(dirname "$0")" && pwd)"
# shellcheck source=tests/cluster/node/settings.sh
source "$bench/../node/settings.sh"
KUBECONFIG="$("$bench/../node/up.sh")"
export PATH="$bin:$PATH" KUBECONFIG
rounds="${ROUNDS:-5}"
bed="$("$bench/../prepare.sh")"
field() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$bed" "$1"; }
assay="$(field assay)" image="$(field toolchain)" namespace="$(field namespace)"
work="$(mktemp -d)"
# What cannot be removed is said, and the rest is removed all the same.
tidy() {
    kubectl delete --wait=false --ignore-not-found -f "$work/plain.yaml" >/dev/null || true
    kubectl delete --wait=false --ignore-not-found --namespace "$namespace" persistentvolumeclaim/claim-bench >/dev/null || true
    kubectl delete --namespace "$namespace" workflowtemplates --selector assay.dev/assignment=empty >/dev/null || true
    rm -rf "$work"
}
trap tidy EXIT

sed "s/VERSION/$argo_version/" "$bench/plain.yaml" >"$work/plain.yaml"
kubectl apply -f "$work/plain.yaml" >/dev/null
kubectl rollout status --namespace argo deployment/plain-controller --timeout=120s >/dev/null
cp -r "$bench/empty" "$work/"
sed -i "s,registry.example.edu/hub/singleuser:2026.1,$image," "$work/empty/assignment.yaml"
"$assay" publish "$work/empty" --yes >/dev/null
kubectl apply --namespace "$namespace" -f - >/dev/null <<YAML
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim-bench}
spec: {storageClassName: $(field homes), accessModes: [ReadWriteMany], resources: {requests: {storage: 64Mi}}}
YAML

between() { python3 -c 'import sys; print(f"{float(sys.argv[2]) - float(sys.argv[1]):.2f}")' "$1" "$2"; }
now() { date +%s.%N; }
since() { between "$1" "$(now)"; }
done_is() { kubectl wait --timeout=300s --for=jsonpath='{.status.phase}'=Succeeded --namespace "$1" "$2" >/dev/null; }

# Each prints seconds from the creation of the Workflow or first pod to the moment its end is seen here.
by_assay() {
    local job ended
    # The hand-in itself is no part of it, and `submit` returns when the job already runs. The API server notes whole seconds
    # alone, so when the Workflow is there is seen here. The watch ends with its next line, which nobody reads.
    timeout 600 kubectl get workflows --namespace "$namespace" --watch-only --output name | { read -r _ && now; } >"$work/created" &
    sleep 1
    job="$("$assay" submit "$work/empty" "$work/empty/submission" --student bench --output json |
        python3 -c 'import json,sys; print(json.load(sys.stdin)["job"])')"
    done_is "$namespace" "workflow/$job"
    ended="$(now)"
    between "$(cat "$work/created")" "$ended"
    kubectl get --namespace "$namespace" "workflow/$job" -o json >"$work/assay-$1.json"
}
by_hand() {
    local start name="by-hand-$1"
    sed -e "s/NAME/$name/" -e "s,IMAGE,$image," "$bench/by-hand.yaml" >"$work/by-hand.yaml"
    start="$(now)"
    kubectl create --namespace assay-bench -f "$work/by-hand.yaml" >/dev/null
    done_is assay-bench "workflow/$name"
    since "$start"
    kubectl get --namespace assay-bench "workflow/$name" -o json >"$work/hand-$1.json"
}
bare() {
    local start stage
    start="$(now)"
    for stage in 1 2 3 4 5; do
        sed -e "s/NAME/bare-$1-$stage/" -e "s,IMAGE,$image," "$bench/bare.yaml" | kubectl create --namespace assay-bench -f - >/dev/null
        done_is assay-bench "pod/bare-$1-$stage"
    done
    since "$start"
}
kubectl delete workflow,pod --all --namespace assay-bench --force >/dev/null 2>&1 || true
for ((round = 0; round < rounds; round++)); do
    echo "$(by_assay "$round") $(by_hand "$round") $(bare "$round")"
done | tee "$work/rounds" >&2
python3 - "$work/rounds" <<'PY'
import statistics, sys
rows = [tuple(map(float, line.split())) for line in open(sys.argv[1])]
assay, hand, bare = (statistics.median(column) for column in zip(*rows))
print(f"five empty stages, medians of {len(rows)} rounds: Assay {assay:.1f} s, by hand on Argo's defaults {hand:.1f} s, bare pods {bare:.1f} s")
print(f"Assay is {statistics.median(a / b for a, _, b in rows):.2f} of the bare pods, {statistics.median(a / h for a, h, _ in rows):.2f} of the one by hand")
PY
python3 "$bench/stages.py" "$work"
