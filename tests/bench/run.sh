#!/usr/bin/env bash
# What things cost, as ratios against well-known commands, in one run on one machine. Prints a table and fails nothing.
#
# Needs a release build (`just bench` makes it), Python 3, unzip and GNU time. Each figure is the median of ROUNDS pairs that run
# in turn, so that a slow moment meets both sides.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds="${ROUNDS:-7}"
assay="$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')/release/assay"
work="$(mktemp -d /dev/shm/assay-bench.XXXXXX)"
trap 'rm -rf "$work"' EXIT

# median_ratio A B: A and B print one number each
median_ratio() {
    local i a b
    for ((i = 0; i < rounds; i++)); do
        a="$($1)"
        b="$($2)"
        python3 -c 'import sys; a, b = map(float, sys.argv[1:]); print(a / max(b, 1e-9), a, b)' "$a" "$b"
    done | sort -g | python3 -c 'import sys; rows = [l.split() for l in sys.stdin]; m = rows[len(rows) // 2]
print(f"{float(m[0]):.2f} ({float(rows[0][0]):.2f}..{float(rows[-1][0]):.2f})  {float(m[1]):.4f} s against {float(m[2]):.4f} s")'
}

# wall_of N COMMAND...: seconds of one of N runs
wall_of() {
    python3 - "$@" <<'PY'
import subprocess, sys, time
n, command = int(sys.argv[1]), sys.argv[2:]
start = time.perf_counter()
for _ in range(n):
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
print((time.perf_counter() - start) / n)
PY
}

# cpu_of COMMAND...: user and system seconds
cpu_of() {
    /usr/bin/time -f '%U %S %M' -o "$work/time" "$@" >/dev/null 2>&1
    awk '{ print $1 + $2 }' "$work/time"
}

printf 'render of one assignment against /bin/true (aim: at most 20): '
render() { wall_of 20 "$assay" render examples/wordcount; }
nothing() { wall_of 20 /bin/true; }
median_ratio render nothing

# A 200 MB zip: half of it text that compresses, half of it noise that does not.
python3 - "$work" <<'PY'
import random, sys, zipfile
work, random = sys.argv[1], random.Random(1)
words = [bytes(random.choices(b"abcdefghijklmnopqrstuvwxyz", k=random.randint(2, 9))) for _ in range(20_000)]
with zipfile.ZipFile(f"{work}/submission.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    for i in range(10):
        archive.writestr(f"noise-{i}.bin", random.randbytes(10_000_000))
        archive.writestr(f"text-{i}.txt", b" ".join(random.choices(words, k=3_700_000)))
PY
digest="$(sha256sum "$work/submission.zip" | cut -d' ' -f1)"
size="$(stat -c %s "$work/submission.zip")"
mkdir "$work/assignment"
cat >"$work/assignment/assignment.yaml" <<'YAML'
apiVersion: assay.dev/v1
id: bench/setup
title: A large submission
salt: 00000000000000000000000000000000
image: registry.example.edu/bench:1
submit: {required: [noise-0.bin], allowed: ["**"], size: 1Gi, unpacked: 4Gi}
test:
  mode: sealed
  run: "true"
  cases: [{name: nothing, stdin: "", stdout: "", points: 1}]
YAML

# Setup alone, in its own mount namespace on its own tmpfs, with the volumes as `--keep` shows them.
mkdir "$work/small"
echo small >"$work/small/noise-0.bin"
"$assay" try --assignment "$work/assignment" --keep "$work/kept" "$work/small" >/dev/null
revision="$(ls "$work/kept/assignment-configuration/bench/setup" | grep -v json)"
tool="$work/kept/submission/tool/assay-stage"
openssl genpkey -algorithm ed25519 -out "$work/key.pem" 2>/dev/null
cat >"$work/setup.sh" <<SH
set -e
# A root of its own, because the tool finds its volumes at /volumes.
mount -t tmpfs none /mnt
for entry in /bin /dev /etc /lib* /proc /sbin /usr; do
    if [ -L "\$entry" ]; then cp -P "\$entry" /mnt; else mkdir "/mnt\$entry" && mount --rbind "\$entry" "/mnt\$entry"; fi
done
mkdir /mnt/volumes
cd /mnt/volumes
mkdir student raw-submissions setup-configuration submission private-results
cp -r "$work/kept/assignment-configuration" .
mkdir -p student/.assay/outbox
cp "$work/submission.zip" student/.assay/outbox/$digest.zip
export ASSAY_SIGNING_KEY="\$(cat "$work/key.pem")"
chroot /mnt /usr/bin/time -f '%U %S %M' -o "$work/setup-time" "$tool" setup --job bench --assignment bench/setup \\
    --revision "$revision" --student bench --digest "$digest" --handed-in 2026-03-01T00:00:00Z
grep -q accepted setup-configuration/outputs/outcome
SH
setup() {
    unshare --user --map-root-user --mount bash "$work/setup.sh" >/dev/null
    awk '{ print $1 + $2 }' "$work/setup-time"
}
plain() {
    rm -rf "$work/out"
    cpu_of bash -c "sha256sum '$work/submission.zip' && unzip -q '$work/submission.zip' -d '$work/out'"
}
printf 'setup of a zip of %s bytes against sha256sum and unzip -q, user and system time (aim: at most 0.8): ' "$size"
median_ratio setup plain
printf 'setup, largest memory (aim: under 32 MiB): %s KiB\n' "$(awk '{ print $3 }' "$work/setup-time")"
printf 'assay-stage: %s bytes (aim: at most 6291456)\n' "$(stat -c %s "$tool")"

echo 'what confinement costs:'
ASSAY="$assay" tests/bench/hardening.sh

echo 'hostile zips against benign ones of the same shapes, time on a processor:'
cargo run --quiet --locked --profile stage --package assay-tests-bench --bin bench-zips
