#!/usr/bin/env bash
# Takes the cluster down and removes all that it left. Does nothing where there is none.
set -euo pipefail
# shellcheck source=tests/cluster/node/settings.sh
source "$(dirname "$0")/settings.sh"
# shellcheck source=tests/cluster/node/fixed.sh
source "$here/fixed.sh"
[[ -d "$state" ]] || exit 0
[[ "$(id -u)" == 0 ]] || fail "root started the cluster in $state, and must take it down"

# After a restart of the machine the number may be somebody else's; another checkout may have started it.
if [[ -e "$state/init.pid" ]] && grep -qsF "tests/cluster/node/init.sh" "/proc/$(cat "$state/init.pid")/cmdline"; then
    kill -KILL "$(cat "$state/init.pid")" 2>/dev/null || true
    # The namespaces are gone when the last process in them is.
    for _ in $(seq 100); do
        [[ -e "/proc/$(cat "$state/init.pid")" ]] || break
        sleep 0.1
    done
fi
ip link delete "$host_device" 2>/dev/null || true
# Control groups outlive their processes; the deepest go first.
for hierarchy in /sys/fs/cgroup/kubepods /sys/fs/cgroup/*/kubepods; do
    [[ -d "$hierarchy" ]] || continue
    for _ in $(seq 50); do
        find "$hierarchy" -depth -type d -exec rmdir {} + 2>/dev/null && break
        sleep 0.1
    done
done
# What the kubelet sets for the whole machine.
if [[ -e "$state/kernel-settings" ]]; then
    while read -r setting value; do
        echo "$value" >"$setting"
    done <"$state/kernel-settings"
fi
rm -rf "$state"
# Empty, unless something else on this machine has them too.
for folder in "${fixed[@]}"; do
    rmdir "/$folder" 2>/dev/null || true
done
