#!/usr/bin/env bash
# Fuzzes one target, or all one after the other: run.sh [TARGET|all] [SECONDS]. Ends with an error at the first finding.
# What a run learns goes to target/fuzz/TARGET/corpus and is begun with next time; the kept corpus is only read.
set -euo pipefail
cd "$(dirname "$0")"
which="${1:-all}"
seconds="${2:-600}"
out="${CARGO_TARGET_DIR:-$PWD/../../target}/fuzz"
source ./build.sh

targets=("$which")
if [[ "$which" == all ]]; then
    targets=($(basename -s .rs libfuzzer/fuzz_targets/*.rs))
fi
for target in "${targets[@]}"; do
    echo "fuzzing $target for $seconds s"
    mkdir -p "$out/$target/corpus" "$out/$target/found"
    dictionary=()
    [[ ! -e "libfuzzer/$target.dict" ]] || dictionary=("-dict=libfuzzer/$target.dict")
    # One input may take 10 s and the process 1 GiB: more is a finding, as a crash is.
    "$programs/$target" "$out/$target/corpus" "corpus/$target" "${dictionary[@]}" \
        -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="$out/$target/found/" -print_final_stats=1 -verbosity=1 ${ASSAY_FUZZ_OPTIONS:-} \
        >"$out/$target/log" 2>&1 || { tail -60 "$out/$target/log"; echo "see $out/$target"; exit 1; }
    grep -aE 'cov: ' "$out/$target/log" | tail -1
    grep -aE '^stat::(number|average|peak)' "$out/$target/log"
done
