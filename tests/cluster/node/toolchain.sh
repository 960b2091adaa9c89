#!/usr/bin/env bash
# toolchain.sh ARCHIVE REFERENCE: what the examples are built and run with, as an image, from Debian's packages.
set -euo pipefail
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
debootstrap --variant=minbase --include=gcc,libc6-dev,python3,openjdk-17-jdk-headless bookworm "$root" >&2
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale} "$root"/dev/* "$root"/var/log/*
"$(dirname "$0")/image.sh" "$1" "$2" "$root"
