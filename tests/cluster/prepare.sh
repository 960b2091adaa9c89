#!/usr/bin/env bash
# Installs Assay for the tests in the cluster that KUBECONFIG names, as an operator would, and prints the file that tells the
# tests what is there. Does again what may have changed: run it as often as you like.
#
# The tests want curl too, and Argo's own command line on the PATH, where `just cluster-up` puts it. For another cluster than
# that one, say where things are:
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
say() { printf '%s\n' "$*" >&2; }
secrets="$(mktemp -d)"
trap 'rm -rf "$secrets"' EXIT

# What is installed here would lie over what somebody runs.
for namespace in assay-jobs assay-faults assay-system; do
    labels="$(kubectl get namespace "$namespace" --ignore-not-found -o jsonpath='{.metadata.name} {.metadata.labels}')"
    if [[ -n "$labels" && "$labels" != *assay.dev/tests* ]]; then
        say "error: this cluster has a namespace $namespace that is not of these tests, which would change the installation in it;" \
            "remove that (kubectl delete -k its overlay), or name another cluster in KUBECONFIG"
        exit 1
    fi
done

cd "$repository"
say "building assay (twice, and the second time all of it, when this runs first)"
cargo build --quiet --locked
target="$(cargo metadata --format-version 1 --no-deps --locked | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')"
assay="$target/debug/assay"

# digest_of REPOSITORY TAG: as the registry knows it
digest_of() {
    python3 - "$registry" "$1" "$2" <<'PY'
import sys, urllib.request
registry, repository, tag = sys.argv[1:]
request = urllib.request.Request(f"http://{registry}/v2/{repository}/manifests/{tag}", method="HEAD",
    headers={"Accept": ", ".join("application/vnd." + kind for kind in (
        "oci.image.manifest.v1+json", "oci.image.index.v1+json",
        "docker.distribution.manifest.v2+json", "docker.distribution.manifest.list.v2+json"))})
print(urllib.request.urlopen(request).headers["Docker-Content-Digest"])
PY
}
toolchain="${ASSAY_TEST_TOOLCHAIN:-$registry/hub/singleuser@$(digest_of hub/singleuser 2026.1)}"
# pushed ASSAY TAG OPTION...: builds an image by that program and pushes it; its reference by digest
pushed() {
    "$1" image build --push --tag "$registry/$2" --plain-http "$registry" --output json "${@:3}" |
        python3 -c 'import json,sys; print(json.load(sys.stdin)["reference"])'
}
stage_image="$(pushed "$assay" assay/stage:test)"

# `assay` in an image, as the sweeper runs it, and the queue server: static, so built apart. Without symbols it is a third as large.
host="$(rustc --print host-tuple)"
RUSTFLAGS="-Ctarget-feature=+crt-static -Cstrip=symbols" CARGO_PROFILE_DEV_DEBUG=none cargo build --quiet --locked --target "$host" \
    --package assay --package assay-queue
assay_image="$(pushed "$target/$host/debug/assay" assay/assay:test --assay)"
queue_image="$(pushed "$assay" assay/queue:test --queue "$target/$host/debug/assay-queue")"
api_server="$(
    {
        kubectl get service kubernetes --namespace default -o jsonpath='{.spec.clusterIP}{"\n"}'
        kubectl get endpointslices --namespace default --selector kubernetes.io/service-name=kubernetes \
            -o jsonpath='{range .items[*].endpoints[*].addresses[*]}{@}{"\n"}{end}'
    } | sed 's|.*|{ipBlock: {cidr: &/32}}|' | paste --serial --delimiters=,
)"

# install NAME NAMESPACE SETTINGS COURSES: an installation of its own from an overlay of the base, as an operator keeps it.
# NAME `bed` is as shipped. Another one has policies of its own, made from its own settings; by the label `assay.dev/jobs`
# of its namespace they know it.
install() {
    local name="$1" namespace="$2" settings="$3" courses="$4" label=true key course base
    # Beneath the repository, since kustomize reads nothing by an absolute path.
    local overlay="$repository/target/cluster-test/$name"
    mkdir -p "$overlay/courses"
    printf 'namespace: %s\n%s\n' "$namespace" "$settings" >"$overlay/operator.yaml"
    "$assay" admission --operator "$overlay/operator.yaml" >"$overlay/admission.yaml"
    if [[ "$name" != bed ]]; then
        label="$name"
        sed -i -E -e "s/(metadata: \{name: |policyName: )assay-/\1assay-$label-/" \
            -e "s|(assay.dev/jobs: )\"true\"|\1\"$label\"|" "$overlay/admission.yaml"
    fi
    base="$(realpath --relative-to="$overlay" "$repository/deploy")"
    for course in $courses; do
        mkdir "$overlay/courses/$course"
        cat >"$overlay/courses/$course/kustomization.yaml" <<YAML
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../$base/components/course]
namespace: $namespace
namePrefix: $course-
patches:
  - target: {kind: PersistentVolumeClaim}
    patch: |-
      - {op: replace, path: /spec/storageClassName, value: $courses_class}
YAML
    done
    cat >"$overlay/kustomization.yaml" <<YAML
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [$base/base]
namespace: $namespace
patches:
  # Two cores: more jobs at once only make each slower.
  - target: {kind: ConfigMap, name: assay-limits}
    patch: |-
      - {op: replace, path: /data/jobs, value: "4"}
  - target: {kind: Namespace}
    patch: |-
      - {op: replace, path: /metadata/labels/assay.dev~1jobs, value: "$label"}
      - {op: add, path: /metadata/labels/assay.dev~1tests, value: "true"}
  # Where the API server is here.
  - target: {kind: NetworkPolicy, name: assay-executor}
    patch: |-
      - {op: replace, path: /spec/egress/0/to, value: [$api_server]}
  # The base's policies are made from the default settings; ours are not.
  - target: {kind: ValidatingAdmissionPolicy}
    patch: |-
      apiVersion: admissionregistration.k8s.io/v1
      kind: ValidatingAdmissionPolicy
      metadata: {name: any}
      \$patch: delete
  - target: {kind: ValidatingAdmissionPolicyBinding}
    patch: |-
      apiVersion: admissionregistration.k8s.io/v1
      kind: ValidatingAdmissionPolicyBinding
      metadata: {name: any}
      \$patch: delete
configMapGenerator:
  # Found by the namespace that it has in the base.
  - name: assay-operator
    namespace: assay-jobs
    behavior: replace
    files: [operator.yaml]
YAML
    kubectl apply --server-side --force-conflicts -f "$overlay/admission.yaml" >/dev/null
    kubectl apply --server-side --force-conflicts -k "$overlay" >/dev/null
    # Those of an earlier run carry its settings, and are never changed.
    kubectl delete workflowtemplates --all --namespace "$namespace" >/dev/null
    for course in "$overlay"/courses/*; do
        kubectl apply --server-side -k "$course" >/dev/null
    done
    if ! kubectl get secret assay-signing-key --namespace "$namespace" >/dev/null 2>&1; then
        key="$secrets/$name"
        "$assay" receipt key "$key" >"$overlay/public-key.pem"
        kubectl create secret generic assay-signing-key --namespace "$namespace" --from-file=private-key="$key" >/dev/null
    fi
    cat >"$overlay.json" <<JSON
{"assay": "$assay", "namespace": "$namespace", "operator": "$overlay/operator.yaml", "stage-image": "$(sed -n 's/^stage-image: //p' "$overlay/operator.yaml")", "assay-image": "$assay_image", "queue-image": "$queue_image", "toolchain": "$toolchain", "registry": "$registry", "homes": "$homes_class", "courses": "$courses_class", "sized": $([[ -n "$sized_class" ]] && echo "\"$sized_class\"" || echo null)}
JSON
}

say "installing"
rm -rf "$repository/target/cluster-test"
# For the tests of the sweeper and the queue server, which install those themselves.
kubectl apply --server-side -f deploy/components/system/namespace.yaml >/dev/null
kubectl label namespace assay-system assay.dev/tests=true --overwrite >/dev/null
# Short, so that a pod that cannot start ends a test soon.
install bed assay-jobs "stage-image: $stage_image
job-storage: {class: $jobs_class, size: 512Mi}" "assay comp10001 comp10002 info20003 math20013"

# Where things break: trusted stages run the stand-in, volumes are as small as they say, what has ended goes soon, and pods
# ask for so little that several jobs find room.
say "installing a second time, to break it"
stand_in="$("$here/stand-in/image.sh" "$registry" "$target")"
install faults assay-faults "stage-image: $stand_in
job-storage: {class: ${sized_class:-$jobs_class}, size: 64Mi}
slack: {start-seconds: 120}
trusted-pods: {deadline-seconds: 120, cpu-milli: 100, memory: 128Mi}
ceilings: {ephemeral-storage: 256Mi, cpu-milli: 200}
keep: {pods-seconds: 30}" "faults"
echo "$repository/target/cluster-test/bed.json"
