#!/usr/bin/env bash
# run.sh [OPTION...]: runs the cluster's tests; options are those of the test programs, as `--test-threads` or a name.
#
# ASSAY_TEST_SUITES names the programs to run, as `jobs table`; otherwise all of tests/cluster/tests run.
#
# In the cluster that KUBECONFIG names, otherwise in the one that node/up.sh brings up.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cd "$here/../.."
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
suites=()
for suite in ${ASSAY_TEST_SUITES:-}; do
    suites+=(--test "$suite")
done
ASSAY_TEST_KUBECONFIG="$KUBECONFIG" cargo test --locked --package assay-tests-cluster --no-fail-fast "${suites[@]}" -- "$@"
