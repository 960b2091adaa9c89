# Builds the fuzzers, for the scripts beside it, which source it in this folder; expects `out`, sets `programs`.
# Stable Rust: without a sanitizer, which would want nightly. What is fuzzed is safe Rust, so an address sanitizer has
# little to find; slips of arithmetic are checked. No `--cfg fuzzing`: libraries leave out checks under it.
# Comparisons are not traced: that costs half of the speed where long texts are parsed, and words come from the corpora.
cargo metadata --locked --format-version 1 --manifest-path libfuzzer/Cargo.toml >/dev/null
(cd libfuzzer && cargo fuzz build --fuzz-dir . --release --sanitizer none --no-cfg-fuzzing --no-trace-compares --target-dir "$out")
programs="$out/$(rustc --print host-tuple)/release"
