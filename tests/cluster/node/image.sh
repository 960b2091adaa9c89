#!/usr/bin/env bash
# image.sh ARCHIVE REFERENCE ROOT [ENTRYPOINT [USER]]: packs a folder as an image of one layer, in the OCI layout.
set -euo pipefail
archive="$1" reference="$2" root="$3" entrypoint="${4:-}" user="${5:-}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
blobs="$work/blobs/sha256"
mkdir -p "$blobs"

# store FILE: keeps it under its digest and prints that
store() {
    local digest
    digest="$(sha256sum "$1" | cut -d' ' -f1)"
    mv "$1" "$blobs/$digest"
    echo "$digest"
}
size() { stat -c %s "$blobs/$1"; }

tar -C "$root" --numeric-owner --owner=0 --group=0 --mtime=@0 --sort=name -cf "$work/layer" .
layer="$(store "$work/layer")"
case "$(uname -m)" in x86_64) architecture=amd64 ;; aarch64) architecture=arm64 ;; *) exit 1 ;; esac
# The search path of a run on one machine: what programs print of it is compared.
path='PATH=/usr/local/bin:/usr/bin:/bin'
cat >"$work/config" <<JSON
{"architecture":"$architecture","os":"linux","config":{"User":"$user","Env":["$path"],"Entrypoint":[${entrypoint:+\"$entrypoint\"}]},"rootfs":{"type":"layers","diff_ids":["sha256:$layer"]}}
JSON
config="$(store "$work/config")"
oci=application/vnd.oci.image
cat >"$work/manifest" <<JSON
{"schemaVersion":2,"mediaType":"$oci.manifest.v1+json","config":{"mediaType":"$oci.config.v1+json","digest":"sha256:$config","size":$(size "$config")},"layers":[{"mediaType":"$oci.layer.v1.tar","digest":"sha256:$layer","size":$(size "$layer")}]}
JSON
manifest="$(store "$work/manifest")"
cat >"$work/index.json" <<JSON
{"schemaVersion":2,"manifests":[{"mediaType":"$oci.manifest.v1+json","digest":"sha256:$manifest","size":$(size "$manifest"),"annotations":{"io.containerd.image.name":"$reference","org.opencontainers.image.ref.name":"$reference"}}]}
JSON
echo '{"imageLayoutVersion":"1.0.0"}' >"$work/oci-layout"
tar -C "$work" -cf "$archive" oci-layout index.json blobs
