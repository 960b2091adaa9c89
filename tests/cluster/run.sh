#!/usr/bin/env bash
# run.sh [OPTION...]: runs the cluster's tests; options are those of the test programs, as the name of a test.
#
# ASSAY_TEST_SUITES names the programs to run, as `jobs table`; otherwise all of them run.
#
# ASSAY_TEST_FAULTS=standard leaves out the faults that are tried in strict isolation too, and ASSAY_TEST_FAULTS=none all.
#
# In the cluster that KUBECONFIG names, otherwise in the one that node/up.sh brings up.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
repository="$(cd "$here/../.." && pwd)"
cd "$repository"
for suite in ${ASSAY_TEST_SUITES:-}; do
    [[ -e "$here/tests/$suite.rs" ]] || {
        printf 'error: ASSAY_TEST_SUITES names %s, which is none of tests/cluster/tests\n' "$suite" >&2
        exit 1
    }
done
[[ "${ASSAY_TEST_FAULTS:-all}" =~ ^(all|standard|none)$ ]] || {
    printf 'error: ASSAY_TEST_FAULTS is %s, and none of all, standard and none\n' "$ASSAY_TEST_FAULTS" >&2
    exit 1
}
# kubectl and Argo's own command line, if they were built here.
bin="$(source "$here/node/settings.sh" && echo "$bin")"
PATH="$bin:$PATH"
if [[ -z "${KUBECONFIG:-}" ]]; then
    KUBECONFIG="$("$here/node/up.sh")"
    # In a cluster that nobody has installed anything in yet: what the tests install would lie over it.
    if ! KUBECONFIG="$KUBECONFIG" "$bin/kubectl" get namespace assay-jobs >/dev/null 2>&1; then
        (unset KUBECONFIG && "$here/quickstart.sh")
    fi
fi
export KUBECONFIG
ASSAY_TEST_BED="$("$here/prepare.sh")"
export ASSAY_TEST_BED
export ASSAY_TEST_KUBECONFIG="$KUBECONFIG"
cargo test --locked --package assay-tests-cluster --no-run

# suites NAME...: those of these programs that are wanted, one after another; fails if one did
suites() {
    local suite skipped failed=0
    for suite in "$@"; do
        [[ " ${ASSAY_TEST_SUITES:-$suite} " == *" $suite "* ]] || continue
        skipped=()
        case "$suite/${ASSAY_TEST_FAULTS:-all}" in
            faults/standard) skipped=(--skip strict-) ;;
            faults/none) continue ;;
        esac
        cargo test --locked --package assay-tests-cluster --test "$suite" -- "${options[@]}" "${skipped[@]}" || failed=1
    done
    return "$failed"
}
# What breaks things waits for deadlines and has an installation of its own, so it runs beside what computes; so does what waits in
# a queue. More at a time would only make limits and deadlines meet a busier machine.
log="$repository/target/cluster-test/faults.log"
# In a group of its own, so that it hears of Ctrl-C and can be ended as a whole.
set -m
(options=(--test-threads 7 "$@") && suites faults tidy sweeper table queue) >"$log" 2>&1 &
set +m
breaking=$!
trap 'kill -TERM -- "-$breaking" 2>/dev/null || true' EXIT
failed=0
options=(--test-threads 3 "$@") && suites doctor admission overlays argo jobs hostile || failed=1
wait "$breaking" || failed=1
cat "$log"
exit "$failed"
