#!/usr/bin/env bash
# run.sh [OPTION...]: runs the cluster's tests; options are those of the test programs, as `--test-threads` or a name.
#
# In the cluster that KUBECONFIG names, otherwise in the one that node/up.sh brings up.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cd "$here/../.."
if [[ -z "${KUBECONFIG:-}" ]]; then
    KUBECONFIG="$("$here/node/up.sh")"
    # Its kubectl, and Argo's own command line, are where it was built.
    bin="$(source "$here/node/settings.sh" && echo "$bin")"
    export PATH="$bin:$PATH"
    # First, since what the tests install would lie over it.
    if [[ -z "${ASSAY_TEST_SKIP_QUICKSTART:-}" ]]; then
        "$here/quickstart.sh"
    fi
fi
export KUBECONFIG
ASSAY_TEST_BED="$("$here/prepare.sh")"
export ASSAY_TEST_BED
ASSAY_TEST_KUBECONFIG="$KUBECONFIG" cargo test --locked --package assay-tests-cluster --no-fail-fast -- "$@"
