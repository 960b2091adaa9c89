#!/usr/bin/env bash
# image.sh REGISTRY TARGET: builds the stand-in, packs it beside the real tool that cargo left in its target folder TARGET,
# pushes the image to REGISTRY (`host:port`, without TLS) and prints its reference, pinned.
set -euo pipefail
registry="$1" target="$2"
here="$(cd "$(dirname "$0")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
host="$(rustc --print host-tuple)"

# Static, in a target folder of its own, so that this flag rebuilds nothing of others.
(cd "$here" && CARGO_ENCODED_RUSTFLAGS=-Ctarget-feature=+crt-static cargo build --quiet --locked --target "$host" --target-dir "$target/stand-in") >&2
mkdir -p "$work/root/real"
install --strip "$target/stand-in/$host/debug/assay-tests-stand-in" "$work/root/assay-stage"
install "$target/stage-tool/$host/stage/assay-stage" "$work/root/real/assay-stage"
"$here/../node/image.sh" "$work/image.tar" assay/stand-in:test "$work/root" /assay-stage
python3 - "$registry" "$work/image.tar" <<'PY'
import json, sys, tarfile, urllib.error, urllib.request
registry, archive = sys.argv[1:]
repository = f"http://{registry}/v2/assay/stand-in"
tar = tarfile.open(archive)
blob = lambda digest: tar.extractfile("blobs/" + digest.replace(":", "/")).read()
def send(method, url, data=None, kind="application/octet-stream"):
    return urllib.request.urlopen(urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind}))
[named] = json.load(tar.extractfile("index.json"))["manifests"]
manifest = blob(named["digest"])
for part in [json.loads(manifest)["config"], *json.loads(manifest)["layers"]]:
    try:
        send("HEAD", f"{repository}/blobs/{part['digest']}")
    except urllib.error.HTTPError:
        place = send("POST", f"{repository}/blobs/uploads/").headers["Location"]
        place = place if place.startswith("http") else f"http://{registry}{place}"
        send("PUT", f"{place}{'&' if '?' in place else '?'}digest={part['digest']}", blob(part["digest"]))
send("PUT", f"{repository}/manifests/test", manifest, named["mediaType"])
print(f"{registry}/assay/stand-in:test@{named['digest']}")
PY
