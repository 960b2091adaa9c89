# One recipe per step of CI; `just` lists them.

default:
    @just --list

# All tests: unit, property, golden, the real binary, the documentation's commands.
test:
    cargo test --workspace --locked

# The pages of results in a browser, and under a checker of HTML; wants node 20, Java 17 and Chromium.
test-page:
    tests/page/run.sh

# What must be clean before a change lands.
lint:
    cargo fmt --all --check
    cargo fmt --manifest-path tests/fuzz/libfuzzer/Cargo.toml --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo clippy --manifest-path tests/fuzz/libfuzzer/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-target}" --locked -- -D warnings
    cargo deny --locked check bans licenses sources
    cargo deny --locked --manifest-path tests/fuzz/libfuzzer/Cargo.toml --config deny.toml check bans licenses sources

# The documentation as a book in target/book.
docs:
    cargo doc --workspace --no-deps --locked
    mdbook build docs --dest-dir "$PWD/target/book"

# Writes anew what is generated from the types: the schema, the reference pages, the help texts.
generate:
    ASSAY_UPDATE=1 cargo test --workspace --locked --test generated

# All images as archives in target/images: the stage tool's, the one with `assay` itself, and the queue server's.
images:
    #!/usr/bin/env bash
    set -euo pipefail
    target="$(rustc --print host-tuple)"
    # A target of its own keeps build scripts and procedural macros, which load libraries, out of this flag.
    RUSTFLAGS=-Ctarget-feature=+crt-static cargo build --release --locked --target "$target" --package assay --package assay-queue
    out="${CARGO_TARGET_DIR:-target}"
    mkdir -p "$out/images"
    assay="$out/$target/release/assay"
    version="$("$assay" --version)"
    "$assay" image build --to "$out/images/stage.tar"
    "$assay" image build --assay --tag "assay/assay:${version#assay }" --to "$out/images/assay.tar"
    "$assay" image build --queue "$out/$target/release/assay-queue" --tag "assay/queue:${version#assay }" --to "$out/images/queue.tar"

# A Kubernetes of one node with Argo on this machine, from Go modules; prints its kubeconfig. Cold, it takes half an hour.
cluster-up:
    tests/cluster/node/up.sh

# Where its programs are: kubectl, argo and the rest.
cluster-programs:
    @bash -c 'source tests/cluster/node/settings.sh && echo "$bin"'

# The same, with every submission of every example in both isolations.
test-cluster-full *options:
    ASSAY_TEST_FULL=1 tests/cluster/run.sh {{options}}

# Hands an image archive to its node.
cluster-load archive:
    tests/cluster/node/load.sh {{archive}}

# Takes it down; nothing of it stays but the cache.
cluster-down:
    tests/cluster/node/down.sh

# The cluster's tests: in the cluster that KUBECONFIG names, otherwise in one of our own, which stays up.
test-cluster *options:
    tests/cluster/run.sh {{options}}

# Every threat, tried in the local engine and in the cluster of `just cluster-up` if that is up; a line for each.
hostile *options:
    #!/usr/bin/env bash
    set -euo pipefail
    failed=0
    cargo test --locked --package assay-tests --test hostile -- {{options}} || failed=1
    if [[ -e "$(source tests/cluster/node/settings.sh && echo "$state")/ready" ]]; then
        ASSAY_TEST_SUITES=hostile tests/cluster/run.sh {{options}} || failed=1
    fi
    cargo run --quiet --locked --package assay-tests --bin threats
    exit "$failed"

# What a job costs beside the same by hand and beside bare pods; fails nothing.
bench-cluster:
    tests/cluster/bench/run.sh

# Fuzzes a target, or all in turn, for some seconds each; wants cargo-fuzz and a C++ compiler.
fuzz target="all" seconds="600":
    tests/fuzz/run.sh {{target}} {{seconds}}

# Writes a target's kept corpus anew from what `fuzz` has learnt.
fuzz-keep target:
    tests/fuzz/keep.sh {{target}}

# What things cost, as ratios against well-known commands; fails nothing.
bench:
    cargo build --release --locked
    bash tests/bench/run.sh

ci:
    bash .ci/run
