#!/usr/bin/env bash
# What confinement costs: the stage tool as it is against one that was built without it, each stage by hand in a root of its
# own, both tools in turn. Prints a table and fails nothing.
#
# The tool without hardening is never part of `assay`: it is built here, by the same flags, and nothing else knows where it lies.
# Needs a release build (`just bench` makes it), Python 3, openssl. Where two processors are, Setup reads one thing while
# another process of it reads the zip, so times by the clock and on processors differ.
set -euo pipefail
cd "$(dirname "$0")/../.."
target="$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')"
assay="${ASSAY:-$target/release/assay}"
host="$(rustc --print host-tuple)"
work="$(mktemp -d /dev/shm/assay-bench.XXXXXX)"
trap 'rm -rf "$work"' EXIT

# tool NAME OPTIONS...: as the bundle builds it
tool() {
    local name="$1"
    shift
    CARGO_ENCODED_RUSTFLAGS=-Ctarget-feature=+crt-static cargo build --quiet --locked --package assay-stage --profile stage \
        --target "$host" --target-dir "$target/stage-tool-bench" "$@"
    cp "$target/stage-tool-bench/$host/stage/assay-stage" "$work/$name"
}
tool hardened
tool bare --features without-hardening
mark='built without hardening: it confines nothing'
grep -q "$mark" "$work/bare" && ! grep -q "$mark" "$work/hardened" || { echo 'the tools are not what they should be' >&2; exit 1; }

cases="${CASES:-40}"
mkdir "$work/assignment" "$work/small"
cat >"$work/assignment/assignment.yaml" <<YAML
apiVersion: assay.dev/v1
id: bench/hardening
title: Cases that do nothing
salt: 00000000000000000000000000000000
image: registry.example.edu/bench:1
submit: {required: [main.c], allowed: ["**"], size: 1Gi, unpacked: 4Gi}
test:
  mode: sealed
  run: /bin/true
  cases:
$(for ((i = 0; i < cases; i++)); do echo "    - {name: case $i, stdin: \"\", stdout: \"\", points: 1}"; done)
YAML
echo 'int main(void) { return 0; }' >"$work/small/main.c"
"$assay" try --assignment "$work/assignment" --keep "$work/kept" "$work/small" >/dev/null

# Submissions: one file, 100 files of source code's size, and 20 MB of text and noise.
mkdir "$work/zips"
python3 - "$work/zips" <<'PY'
import random, sys, zipfile
folder, random = sys.argv[1], random.Random(1)
words = [bytes(random.choices(b"abcdefghijklmnopqrstuvwxyz", k=random.randint(2, 9))) for _ in range(20_000)]
text = lambda count: b" ".join(random.choices(words, k=count))
def archive(name, files):
    with zipfile.ZipFile(f"{folder}/{name}.zip", "w", zipfile.ZIP_DEFLATED) as zip:
        for path, content in [("main.c", b"int main(void) { return 0; }\n")] + files:
            zip.writestr(path, content)
archive("1 file", [])
archive("100 files of 4 kB", [(f"src/{n}.c", text(620)) for n in range(100)])
archive("20 MB", [("noise", random.randbytes(10_000_000)), ("text", text(1_540_000))])
PY
openssl genpkey -algorithm ed25519 -out "$work/key.pem" 2>/dev/null
cp tests/bench/hardening.py "$work"
cat >"$work/root.sh" <<SH
set -e
# A root of its own, because the tool finds its volumes at /volumes; and process ids of its own, because it refuses to share any.
mount -t tmpfs none /mnt
for entry in /bin /dev /etc /lib* /sbin /usr; do
    if [ -L "\$entry" ]; then cp -P "\$entry" /mnt; else mkdir "/mnt\$entry" && mount --rbind "\$entry" "/mnt\$entry"; fi
done
mkdir /mnt/proc /mnt/volumes /mnt/given /mnt/tmp
mount -t proc none /mnt/proc
cp -r "$work/." /mnt/given
exec chroot /mnt /usr/bin/env python3 /given/hardening.py "${PAIRS:-15}" "$cases"
SH
# Before everything else on the machine, where that may be asked for: what is measured takes two milliseconds.
first=()
chrt -f 10 true 2>/dev/null && first=(chrt -f 10)
"${first[@]}" unshare --user --map-root-user --mount --pid --fork bash "$work/root.sh"
