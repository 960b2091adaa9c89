#!/usr/bin/env bash
# Keeps of what a target has learnt the smallest inputs that reach everything together: keep.sh TARGET. The kept corpus
# is written anew, up to inputs that a person has named; look at what changed before committing it.
set -euo pipefail
cd "$(dirname "$0")"
target="$1"
most=100
out="${CARGO_TARGET_DIR:-$PWD/../../target}/fuzz"
source ./build.sh

fresh="$(mktemp -d)"
trap 'rm -rf "$fresh"' EXIT
mkdir -p "$fresh/all" "$out/$target/corpus"
# What is reached counts, and not how often: otherwise thousands of inputs would differ.
"$programs/$target" -set_cover_merge=1 -use_counters=0 -max_len=8192 -timeout=10 \
    "$fresh/all" "corpus/$target" "$out/$target/corpus" >"$out/$target/log" 2>&1
# The fuzzer's own names are digests. All that have another stay; of the rest, what is too much is thinned out evenly over
# the sizes.
find "corpus/$target" -regextype posix-extended -regex '.*/[0-9a-f]{40}' -delete
room=$((most - $(ls "corpus/$target" | wc -l)))
total="$(ls "$fresh/all" | wc -l)"
ls -S "$fresh/all" |
    awk -v total="$total" -v room="$room" 'total <= room || int(NR * room / total) > int((NR - 1) * room / total)' |
    while read -r name; do mv "$fresh/all/$name" "corpus/$target/$name"; done
du -bs "corpus/$target"
ls "corpus/$target" | wc -l
