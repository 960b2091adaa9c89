#!/usr/bin/env bash
# Installs Assay for the tests in the cluster that KUBECONFIG names, as an operator would, and prints the file that tells the
# tests what is there. Does again what may have changed: run it as often as you like.
#
# For another cluster than `just cluster-up` makes, say where things are:
#   ASSAY_TEST_REGISTRY   a registry that this machine and the nodes reach, by one name; `host:port` without TLS
#   ASSAY_TEST_TOOLCHAIN  an image with gcc, Python 3 and a JDK 17, by digest
#   ASSAY_TEST_JOBS       the storage class of jobs; ReadWriteMany, and writable to users other than root
#   ASSAY_TEST_COURSES    the storage class of courses
#   ASSAY_TEST_HOMES      the storage class of homes
#   ASSAY_TEST_SIZED      a class whose claims hold no more than they asked for; tests of full claims need it
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
repository="$(cd "$here/../.." && pwd)"
# shellcheck source=tests/cluster/node/settings.sh
registry="$(source "$here/node/settings.sh" && echo "$registry")"
registry="${ASSAY_TEST_REGISTRY:-$registry}"
jobs_class="${ASSAY_TEST_JOBS:-assay-jobs}"
courses_class="${ASSAY_TEST_COURSES:-assay-courses}"
homes_class="${ASSAY_TEST_HOMES:-assay-homes}"
sized_class="${ASSAY_TEST_SIZED-assay-sized}"
namespace=assay-jobs
say() { printf '%s\n' "$*" >&2; }

cd "$repository"
say "building assay"
cargo build --quiet --locked
assay="$(cargo metadata --format-version 1 --no-deps --locked | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')/debug/assay"

# digest_of REPOSITORY TAG: as the registry knows it
digest_of() {
    python3 - "$registry" "$1" "$2" <<'PY'
import sys, urllib.request
registry, repository, tag = sys.argv[1:]
request = urllib.request.Request(f"http://{registry}/v2/{repository}/manifests/{tag}", method="HEAD",
    headers={"Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"})
print(urllib.request.urlopen(request).headers["Docker-Content-Digest"])
PY
}
toolchain="${ASSAY_TEST_TOOLCHAIN:-$registry/hub/singleuser@$(digest_of hub/singleuser 2026.1)}"
stage_image="$("$assay" image build --push --tag "$registry/assay/stage:test" --plain-http "$registry" --output json |
    python3 -c 'import json,sys; print(json.load(sys.stdin)["reference"])')"

# What an operator keeps in an overlay. Beneath the repository, since kustomize reads nothing by an absolute path.
overlay="$repository/target/cluster-test"
rm -rf "$overlay"
mkdir -p "$overlay/courses"
cat >"$overlay/operator.yaml" <<YAML
namespace: $namespace
stage-image: $stage_image
job-storage: {class: $jobs_class, size: 512Mi}
# Short, so that a pod that cannot start ends a test soon.
slack: {start-seconds: 60}
YAML
"$assay" admission --operator "$overlay/operator.yaml" >"$overlay/admission.yaml"
base="$(realpath --relative-to="$overlay" "$repository/deploy")"
for course in assay comp10001 comp10002 info20003 math20013; do
    mkdir "$overlay/courses/$course"
    cat >"$overlay/courses/$course/kustomization.yaml" <<YAML
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../$base/components/course]
namePrefix: $course-
patches:
  - target: {kind: PersistentVolumeClaim}
    patch: |-
      - {op: replace, path: /spec/storageClassName, value: $courses_class}
      - {op: replace, path: /spec/resources/requests/storage, value: 1Gi}
YAML
done
cat >"$overlay/kustomization.yaml" <<YAML
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [$base/base]
patches:
  # Two cores: more jobs at once only make each slower.
  - target: {kind: ConfigMap, name: assay-limits}
    patch: |-
      - {op: replace, path: /data/jobs, value: "4"}
configMapGenerator:
  - name: assay-operator
    namespace: $namespace
    behavior: replace
    files: [operator.yaml]
YAML

say "installing"
kubectl apply --server-side --force-conflicts -k "$overlay" >/dev/null
# The base's policies are made from the default settings; these are made from ours.
kubectl apply --server-side --force-conflicts -f "$overlay/admission.yaml" >/dev/null
for course in "$overlay"/courses/*; do
    kubectl apply --server-side -k "$course" >/dev/null
done
if ! kubectl get secret assay-signing-key --namespace "$namespace" >/dev/null 2>&1; then
    key="$(mktemp -u)"
    "$assay" receipt key "$key" >"$overlay/public-key.pem"
    kubectl create secret generic assay-signing-key --namespace "$namespace" --from-file=private-key="$key" >/dev/null
    rm -f "$key"
fi
cat >"$overlay/bed.json" <<JSON
{"assay": "$assay", "namespace": "$namespace", "toolchain": "$toolchain", "registry": "$registry", "homes": "$homes_class", "sized": $([[ -n "$sized_class" ]] && echo "\"$sized_class\"" || echo null)}
JSON
echo "$overlay/bed.json"
