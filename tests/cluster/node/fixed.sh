# Folders outside of $state that parts write to and cannot be told not to; sourced, never run. While the cluster runs, others
# lie over them in its own mount namespace.
# shellcheck shell=bash disable=SC2034
fixed=(opt/containerd usr/libexec/kubernetes var/lib/cni var/lib/kubelet var/log/containers)
