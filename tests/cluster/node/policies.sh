#!/usr/bin/env bash
# The kernel's rules that let `policies` judge what pods send and receive. The order of lines is the order of rules.
set -euo pipefail
# shellcheck source=tests/cluster/node/settings.sh
source "$(dirname "$0")/settings.sh"

for chain in FORWARD INPUT; do
    rule=(iptables -w -A "$chain" -i pods)
    "${rule[@]}" -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
    # The queue is shared, so a pod that floods it must only lose its own packets.
    "${rule[@]}" -m hashlimit --hashlimit-name "pods-$chain" --hashlimit-mode srcip \
        --hashlimit-above 200/sec --hashlimit-burst 400 -j DROP
    # Without --queue-bypass: where nobody listens, packets are dropped.
    "${rule[@]}" -j NFQUEUE --queue-num "$policies_queue"
    # Pods have link-local addresses of IPv6 that no policy names, and the API server and the kubelet answer there.
    ip6tables -w -A "$chain" -i pods -j DROP
done
# To pods from elsewhere. What the node itself sends to its pods is always allowed: probes come from there.
iptables -w -A FORWARD -o pods -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
iptables -w -A FORWARD -o pods -j NFQUEUE --queue-num "$policies_queue"
ip6tables -w -A FORWARD -o pods -j DROP
